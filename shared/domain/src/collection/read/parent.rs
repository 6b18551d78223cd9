//! Reads what is above a collection: `parent` and `keeps`.

use super::problems::Problems;
use super::tree::Section;
use super::values::{attributes, collection_name, named, named_if_any, one_of};
use super::words;
use crate::collection::model::key_schema::KeySchema;
use crate::collection::model::parent::{
    ChildLookup, Keeps, OnDelete, Parent, Promotion, Referenced,
};
use crate::collection::model::tenant::TenantRule;

pub(super) fn parent<'a>(
    section: &Section<'a>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> Option<Parent> {
    let collection = collection_name(section, "collection", problems);
    let by = section
        .required("by", problems)
        .and_then(|entry| attributes(&entry, problems));
    let words = [
        ("cascade", OnDelete::Cascade),
        ("restrict", OnDelete::Restrict),
        ("detach", OnDelete::Detach),
        ("promote", OnDelete::Promote),
    ];
    let on_delete = one_of(section.required("on_delete", problems), &words, problems);
    let gsi = named_if_any(section, "gsi", words::gsi, problems);
    let required = section
        .get("required")
        .and_then(|entry| entry.value.as_bool())
        .unwrap_or(false);
    let promote = section
        .get("promote")
        .and_then(|entry| promotion(&entry.section()?, problems));
    let (by, on_delete) = (by?, on_delete?);
    promote_is_asked_for(section, on_delete, problems);
    detach_can_be_done(section, on_delete, &by, required, key, problems);
    let lookup = lookup(section, &by, gsi, key?, problems)?;
    Some(Parent {
        collection: collection?,
        by,
        of: unknown(),
        on_delete,
        lookup,
        required,
        promote,
    })
}

pub(super) fn keeps<'a>(
    section: &Section<'a>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> Option<Keeps> {
    let collection = collection_name(section, "collection", problems);
    let by = section
        .required("by", problems)
        .and_then(|entry| attributes(&entry, problems));
    let gsi = named_if_any(section, "gsi", words::gsi, problems);
    let by = by?;
    let lookup = lookup(section, &by, gsi, key?, problems)?;
    Some(Keeps {
        collection: collection?,
        by,
        of: unknown(),
        lookup,
    })
}

/// What a child must name, so that the table finds it.
fn of_partition(key: &KeySchema) -> String {
    let parts = key.forms[0].parts(&key.partition);
    if parts == [key.partition.as_str()] {
        return format!("`{}`, the partition attribute", key.partition);
    }
    let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
    format!(
        "{}, of which the partition attribute is made",
        parts.join(" and ")
    )
}

/// What is not known before all collections are read.
fn unknown() -> Referenced {
    Referenced {
        key: KeySchema::plain("", None),
        is_rowless: false,
        tenant: TenantRule::Parent,
    }
}

fn promotion<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<Promotion> {
    let owner = named(section, "owner", words::attribute, problems);
    let by = named(section, "by", words::attribute, problems);
    let gsi = named(section, "gsi", words::gsi, problems);
    Some(Promotion {
        owner: owner?,
        by: by?,
        gsi: gsi?,
    })
}

fn promote_is_asked_for<'a>(
    section: &Section<'a>,
    on_delete: OnDelete,
    problems: &mut Problems<'a>,
) {
    match (on_delete, section.get("promote")) {
        (OnDelete::Promote, None) => {
            let _ = section.required("promote", problems);
        }
        (OnDelete::Promote, Some(_)) | (_, None) => {}
        (_, Some(entry)) => problems.add(
            entry.place,
            "says who becomes the owner, but `on_delete` is not \"promote\"; write that, or take this out",
        ),
    }
}

/// Detaching removes the attributes of `by` from the row, and leaves the row live.
fn detach_can_be_done<'a>(
    section: &Section<'a>,
    on_delete: OnDelete,
    by: &[String],
    required: bool,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) {
    if on_delete != OnDelete::Detach {
        return;
    }
    if required {
        problems.add(
            section.place_of("required"),
            "is true, so a detached row would not be live; write another `on_delete`, or take this out",
        );
    }
    if let Some(part) = key
        .into_iter()
        .flat_map(KeySchema::parts)
        .find(|part| by.iter().any(|attribute| attribute == part))
    {
        let message = format!(
            "is \"detach\", which takes `{part}` out of the row, but that is part of its key; write another one"
        );
        problems.add(section.place_of("on_delete"), message);
    }
}

/// Where the rows are found. An index that would never be queried is rejected: it would look as if it mattered.
fn lookup<'a>(
    section: &Section<'a>,
    by: &[String],
    gsi: Option<String>,
    key: &KeySchema,
    problems: &mut Problems<'a>,
) -> Option<ChildLookup> {
    let on_the_table = key.is_in_partition(by);
    match (on_the_table, gsi) {
        (true, None) => Some(ChildLookup::Table),
        (false, Some(gsi)) => Some(ChildLookup::Index(gsi)),
        (true, Some(_)) => {
            let message = format!(
                "is not needed: `by` has {}, so children are found in the table; take it out",
                of_partition(key)
            );
            problems.add(section.place_of("gsi"), message);
            None
        }
        (false, None) => {
            // A wrong `gsi` has been noted already; an empty `by` is noted with the parent's key.
            if section.get("gsi").is_none()
                && let Some(first) = by.first()
            {
                let message = format!(
                    "is missing: `by` is without {}, so children are found over an index; write `gsi = \"…\"`, an index whose hash key is `{first}`",
                    of_partition(key)
                );
                problems.add(section.place_of("gsi"), message);
            }
            if by.is_empty() {
                problems.add(
                    section.place_of("by"),
                    "names no attribute; name those that hold the parent's key",
                );
            }
            None
        }
    }
}
