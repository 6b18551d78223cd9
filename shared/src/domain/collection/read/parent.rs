//! What stands above a collection: the parent that it names, and the record that its rows keep alive.

use super::declaration::{attributes, collection_name, named, named_if_any, one_of};
use super::problems::Problems;
use super::tree::Section;
use super::words;
use crate::domain::collection::{CollectionName, KeySchema};

/// The upper end of a relation, as the child declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The parent's collection.
    pub collection: CollectionName,
    /// The child's attributes that hold the parent's key: as many, and in the order, as the parent's key has parts.
    pub by: Vec<String>,
    /// What the parent's deletion does with the child.
    pub on_delete: OnDelete,
    /// Where the children of one parent are found.
    pub lookup: ChildLookup,
    /// Whether a row must name a parent: with `false`, a row without the attributes of `by` has no parent and may be
    /// live; with `true` it is not.
    pub required: bool,
    /// How a group of records finds a new owner; there exactly with [`OnDelete::Promote`].
    pub promote: Option<Promotion>,
}

/// Where the rows that name one other record are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildLookup {
    /// In the rows' table itself: `by` contains its partition attribute.
    Table,
    /// Over this index of the rows' table. Its hash key is `by[0]`; what it finds is read again on the table.
    Index(String),
}

/// What the parent's deletion does with a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The child is deleted with it, by the same deletion.
    Cascade,
    /// The parent is not deleted while it has a live child.
    Restrict,
    /// The child stays, and names no parent any more: the attributes of `by` are taken out of its row.
    Detach,
    /// Like [`OnDelete::Cascade`]; and where a deleted child was the owner of a group, the oldest member that is left
    /// becomes the owner, see [`Promotion`].
    Promote,
}

impl OnDelete {
    /// Whether the parent's deletion deletes the child too.
    #[must_use]
    pub fn deletes(self) -> bool {
        matches!(self, Self::Cascade | Self::Promote)
    }
}

/// Groups inside one collection: each member names the owner of its group, the owner names nobody.
///
/// Whenever a record is deleted, alone or with its parent, the live rows that name it get a new owner: the first of
/// them by `by` loses its `owner` attribute, the others name that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The attribute of a member that holds the last part of its owner's key. In a table with a sort key the owner
    /// has the member's partition.
    pub owner: String,
    /// The attribute that tells who is the oldest: the smallest value.
    pub by: String,
    /// The index that finds the members: its hash key is `owner`, its sort key is `by`.
    pub gsi: String,
}

/// A link: a row that keeps another record alive. The record goes with the last live link to it, whichever collection
/// that link is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeps {
    /// The collection of the record that is kept.
    pub collection: CollectionName,
    /// The link's attributes that hold that record's key: as many, and in the order, as that key has parts.
    pub by: Vec<String>,
    /// Where all links of this collection to one record are found.
    pub lookup: ChildLookup,
}

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
        lookup,
    })
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

/// Detaching takes the attributes of `by` out of the row, and leaves it live.
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
        .flat_map(KeySchema::attributes)
        .find(|part| by.iter().any(|attribute| attribute == part))
    {
        let message = format!(
            "is \"detach\", which takes `{part}` out of the row, but that is part of its key; write another one"
        );
        problems.add(section.place_of("on_delete"), message);
    }
}

/// Where the rows are found. An index that would never be asked is refused: it would look like it mattered.
fn lookup<'a>(
    section: &Section<'a>,
    by: &[String],
    gsi: Option<String>,
    key: &KeySchema,
    problems: &mut Problems<'a>,
) -> Option<ChildLookup> {
    let on_the_table = by.contains(&key.partition);
    match (on_the_table, gsi) {
        (true, None) => Some(ChildLookup::Table),
        (false, Some(gsi)) => Some(ChildLookup::Index(gsi)),
        (true, Some(_)) => {
            let message = format!(
                "is not needed: `by` has `{}`, the partition attribute, so children are found in the table; take it out",
                key.partition
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
                    "is missing: `by` is without `{}`, the partition attribute, so children are found over an index; write `gsi = \"…\"`, an index whose hash key is `{first}`",
                    key.partition
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
