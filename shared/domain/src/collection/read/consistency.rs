//! Combinations of keys of one collection that contradict each other.

use super::problems::Problems;
use super::tree::Section;
use crate::collection::model::permissions::{Grant, Permissions};
use crate::collection::model::record::Collection;
use crate::collection::model::tenant::TenantRule;

pub(super) fn check<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    search_has_something_to_search(collection, section, problems);
    authors_are_known(collection, section, problems);
}

/// The attributes that have a meaning, with the key that gives it to them.
pub(super) fn taken(collection: &Collection) -> Vec<(&'static str, &str)> {
    let mut taken: Vec<_> = collection
        .key
        .attributes()
        .map(|attribute| ("key", attribute))
        .collect();
    taken.extend(collection.tenant.attribute().map(|name| ("tenant", name)));
    taken.extend(
        collection
            .author
            .iter()
            .map(|author| ("author", author.attribute.as_str())),
    );
    taken.extend(
        collection
            .parent
            .iter()
            .flat_map(|parent| &parent.by)
            .map(|attribute| ("parent.by", attribute.as_str())),
    );
    taken.extend(
        collection
            .document
            .iter()
            .flat_map(|document| &document.fields)
            .map(|field| ("document.fields", field.as_str())),
    );
    let composed = collection.composed.keys();
    taken.extend(composed.map(|attribute| ("parts", attribute.as_str())));
    let held = collection.held.attributes();
    taken.extend(held.map(|attribute| ("held", attribute)));
    let status = collection.status.as_ref().map(|status| &status.attribute);
    for (key, attribute) in [
        ("status", status),
        ("version", collection.version.as_ref()),
        ("filters.time", collection.filters.time.as_ref()),
    ] {
        taken.extend(attribute.map(|attribute| (key, attribute.as_str())));
    }
    let others = collection.filters.attributes();
    taken.extend(others.map(|attribute| ("filters", attribute)));
    taken
}

fn search_has_something_to_search<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    if !collection.serve.search {
        return;
    }
    if matches!(
        collection.tenant,
        TenantRule::Part { .. } | TenantRule::Parent
    ) {
        problems.add(
            section.place_of("serve"),
            "serves \"search\", but no attribute of the documents says whose they are; take it out, or name the tenant by an attribute",
        );
    }
    match &collection.document {
        None => problems.add(
            section.place_of("serve"),
            "serves \"search\", but there is no `document`; declare one, or serve \"read\" only",
        ),
        Some(document) if document.fields.is_empty() => {
            problems.add(
                section.place_of("document.fields"),
                "is empty, but `serve` has \"search\"; name the fields that are searched",
            );
        }
        Some(_) => {}
    }
}

fn authors_are_known<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    if collection.author.is_some() {
        return;
    }
    let Permissions {
        read,
        write,
        delete,
        restore,
        purge,
        ..
    } = &collection.permissions;
    for (name, grants) in [
        ("read", read),
        ("write", write),
        ("delete", delete),
        ("restore", restore),
        ("purge", purge),
    ] {
        // Where the file has no `write`, it equals `delete`, and is reported there.
        let told = name == "write" && write == delete;
        if grants.contains(&Grant::Author) && !told {
            let message = "grants to author, but no attribute says who that is; write `author = \"…\"` in the collection";
            problems.add(section.place_of(&format!("permissions.{name}")), message);
        }
    }
}
