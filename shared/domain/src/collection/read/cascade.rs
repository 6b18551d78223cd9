//! What the collections must not say about each other: every child is reached by its parent's deletion, once, and is
//! kept no longer than its parent.

use std::collections::BTreeMap;

use super::declared::{Declarations, Declared};
use super::problems::Problems;
use super::{held, rowless, tables};
use crate::collection::model::index_name::IndexName;
use crate::collection::model::key_schema::{Form, KeyKind, KeySchema};
use crate::collection::model::name::CollectionName;
use crate::collection::model::parent::{ChildLookup, OnDelete, Parent};
use crate::collection::model::record::Collection;
use crate::collection::model::retention::Retention;
use crate::collection::model::tenant::TenantRule;

/// How many levels of collections there may be.
pub(super) const LEVELS: usize = 4;

pub(super) fn check<'a>(declarations: &Declarations<'a>, problems: &mut Problems<'a>) {
    let sound = &declarations.sound;
    indexes_are_apart(sound, problems);
    tables::check(sound, problems);
    rowless::check_below(sound, problems);
    held::check_above(sound, problems);
    for declared in sound.values() {
        let Some(parent) = &declared.collection.parent else {
            continue;
        };
        match sound.get(&parent.collection) {
            Some(above) => link(declared, parent, &above.collection, problems),
            // A parent that has an error in its own declaration is not an error of the child.
            None if declarations.names.contains_key(parent.collection.as_ref()) => {}
            None => {
                let message = format!(
                    "\"{}\" is declared in no file; declare it, or name another collection",
                    parent.collection
                );
                problems.add(declared.section.place_of("parent.collection"), message);
            }
        }
        chain(declared, sound, problems);
    }
}

/// No two collections have the same index: each document belongs to one.
fn indexes_are_apart<'a>(
    sound: &BTreeMap<CollectionName, Declared<'a>>,
    problems: &mut Problems<'a>,
) {
    let mut earlier: Vec<(&IndexName, &CollectionName)> = Vec::new();
    for (name, declared) in sound {
        let Some(document) = &declared.collection.document else {
            continue;
        };
        let mut others = earlier.iter();
        if let Some((_, other)) = others.find(|(index, _)| index.overlaps(&document.index)) {
            let message = format!(
                "\"{}\" is also that of {other}; two collections cannot share it, their documents would be mixed up: write another one",
                document.index
            );
            problems.add(declared.section.place_of("document.index"), message);
        } else {
            earlier.push((&document.index, name));
        }
    }
}

/// A child and its parent.
fn link<'a>(
    declared: &Declared<'a>,
    parent: &Parent,
    above: &Collection,
    problems: &mut Problems<'a>,
) {
    let parts = parent.of.parts(&parent.by);
    if parent.by.len() != parts.len() {
        let attributes: Vec<_> = parts.iter().map(|part| format!("`{part}`")).collect();
        let message = format!(
            "names {}, but the key of {} has {}; name, in this order, what holds its {}",
            count(parent.by.len()),
            above.name,
            count(parts.len()),
            attributes.join(" and ")
        );
        problems.add(declared.section.place_of("parent.by"), message);
    }
    numbers_are_numbers(declared, parent, problems);
    texts_can_be_the_same(declared, parent, &parts, problems);
    found_by_whole_texts(declared, parent, problems);
    let is_shared = parts.len() < above.key.parts().len();
    if is_shared && declared.collection.tenant == TenantRule::Parent && above.serve.write {
        let message = format!(
            "is \"parent\", but `parent.by` is without the tenant, and {} serves \"write\": every tenant could write a parent of their own above these rows; take \"write\" out there, or have the tenant in `by`",
            above.name
        );
        problems.add(declared.section.place_of("tenant.from"), message);
    }
    if parent.on_delete.deletes() {
        same_end(declared, above, "parent", problems);
    }
    if parent.on_delete == OnDelete::Restrict && above.parent.is_some() {
        let message = format!(
            "is \"restrict\" below {}, which has a parent itself: a deletion that reaches it from there could not be refused any more; write another one",
            above.name
        );
        problems.add(declared.section.place_of("parent.on_delete"), message);
    }
}

/// A reference to a number is one: an attribute of the key with the same type. What other attributes hold is text.
fn numbers_are_numbers<'a>(declared: &Declared<'a>, parent: &Parent, problems: &mut Problems<'a>) {
    let key = &declared.collection.key;
    for (name, part) in parent.by.iter().zip(parent.of.parts(&parent.by)) {
        let (is_number, is_declared) = (
            key.kind_of(name) == KeyKind::Number,
            parent.of.key.kind_of(part) == KeyKind::Number,
        );
        if is_number != is_declared {
            let kind = if is_declared { "a number" } else { "a text" };
            let message = format!(
                "has `{name}` for `{part}`, which is {kind} in the key of {}; name an attribute of the key of the same type",
                parent.collection
            );
            problems.add(declared.section.place_of("parent.by"), message);
        }
    }
}

/// What references the parent's key can have a value of it.
fn texts_can_be_the_same<'a>(
    declared: &Declared<'a>,
    parent: &Parent,
    parts: &[&str],
    problems: &mut Problems<'a>,
) {
    let of = |key: &KeySchema, name: &str| -> Option<Form> {
        let mut each = key.each();
        let found = each.find(|(attribute, form)| *attribute == name && !form.is_made_of_parts());
        found.map(|(_, form)| form.clone())
    };
    for (name, part) in parent.by.iter().zip(parts) {
        let own = of(&declared.collection.key, name);
        let above = of(&parent.of.key, part);
        if let (Some(own), Some(above)) = (own, above)
            && own.is_apart_from(&above)
        {
            let message = format!(
                "has `{name}` for `{part}` of {}, but no text is a value of both: look at `begins` and `without` in the two keys",
                parent.collection
            );
            problems.add(declared.section.place_of("parent.by"), message);
        }
    }
}

/// An index is asked for a whole text, so `by` has all parts of it.
fn found_by_whole_texts<'a>(declared: &Declared<'a>, parent: &Parent, problems: &mut Problems<'a>) {
    let collection = &declared.collection;
    let has_pattern = |name: &str| {
        let mut each = collection.key.each();
        let of_key = each.any(|(attribute, form)| attribute == name && form.is_made_of_parts());
        of_key || collection.composed.contains_key(name)
    };
    if let Some(name) = parent.by.iter().find(|name| has_pattern(name)) {
        let message =
            format!("has `{name}`, which is made of parts; name those that are the parent's key");
        problems.add(declared.section.place_of("parent.by"), message);
        return;
    }
    let (ChildLookup::Index(_), Some(first)) = (&parent.lookup, parent.by.first()) else {
        return;
    };
    let patterns = collection.composed.get(collection.behind(first));
    let Some(pattern) = patterns.and_then(|patterns| patterns.with(first)) else {
        return;
    };
    if let Some(part) = pattern
        .names()
        .find(|part| !parent.by.iter().any(|name| name == part))
    {
        let message = format!(
            "is without `{part}`: the index has whole texts \"{pattern}\", so all parts of them are needed"
        );
        problems.add(declared.section.place_of("parent.by"), message);
    }
}

/// One deletion ends in one way for all that it reaches: a collection that it reaches by a cascade or through a link
/// has the strategy of the collection above, is restorable if that is, and is kept no longer.
pub(super) fn same_end<'a>(
    declared: &Declared<'a>,
    above: &Collection,
    relation: &str,
    problems: &mut Problems<'a>,
) {
    let child = &declared.collection;
    if child.strategy != above.strategy {
        let message = format!(
            "is \"{}\", but that of its {relation} {} is \"{}\"; one deletion has one strategy: write the same",
            child.strategy.as_str(),
            above.name,
            above.strategy.as_str()
        );
        problems.add(declared.section.place_of("strategy"), message);
        // Other differences follow from this one.
        return;
    }
    if child.restorable != above.restorable {
        let message = if above.restorable {
            format!(
                "is \"never\", but {}, its {relation}, can be restored, and would come back without it; take it out, or write it there too",
                above.name
            )
        } else {
            format!(
                "is not there, but {}, its {relation}, is never restored; write `restore = \"never\"` here too",
                above.name
            )
        };
        problems.add(declared.section.place_of("restore"), message);
    }
    if child.strategy.keeps_records() && child.retention > above.retention {
        let message = match child.retention {
            Retention::Never => format!(
                "\"never\" below {}, which is purged after {}: the child would lose its parent; write at most that",
                above.name, above.retention
            ),
            Retention::AtOnce | Retention::For(_) => format!(
                "\"{}\" is longer than the {} of its {relation} {}; write at most that",
                child.retention, above.retention, above.name
            ),
        };
        problems.add(declared.section.place_of("retention"), message);
    }
}

pub(super) fn count(attributes: usize) -> String {
    if attributes == 1 {
        "1 attribute".to_owned()
    } else {
        format!("{attributes} attributes")
    }
}

/// The collections from this one up, itself first; it ends where a cycle would begin.
pub(super) fn way_up<'s>(
    start: &'s CollectionName,
    sound: &'s BTreeMap<CollectionName, Declared<'_>>,
) -> Vec<&'s CollectionName> {
    let mut way = vec![start];
    while let Some(parent) = sound
        .get(way[way.len() - 1])
        .and_then(|last| last.collection.parent.as_ref())
        && !way.contains(&&parent.collection)
    {
        way.push(&parent.collection);
    }
    way
}

/// The way up from a collection: it ends, and soon enough.
fn chain<'a>(
    declared: &Declared<'a>,
    sound: &BTreeMap<CollectionName, Declared<'a>>,
    problems: &mut Problems<'a>,
) {
    let start = &declared.collection.name;
    let mut way = way_up(start, sound);
    let closes = sound
        .get(way[way.len() - 1])
        .and_then(|last| last.collection.parent.as_ref());
    if let Some(parent) = closes
        && way.contains(&&parent.collection)
    {
        // Each cycle is reported once, for its first member; a collection that only leads into a cycle is not at fault.
        if parent.collection == *start && way.iter().all(|name| start <= *name) {
            way.push(start);
            let message = format!(
                "closes a cycle: {}; a cascade must end: take out one `parent`",
                join(way.iter())
            );
            problems.add(declared.section.place_of("parent.collection"), message);
        }
        return;
    }
    if way.len() > LEVELS {
        let message = format!(
            "makes a cascade of {} levels: {}; at most {LEVELS} are allowed",
            way.len(),
            join(way.iter().rev())
        );
        problems.add(declared.section.place_of("parent.collection"), message);
    }
}

fn join<'n>(names: impl Iterator<Item = &'n &'n CollectionName>) -> String {
    names
        .map(std::convert::AsRef::as_ref)
        .collect::<Vec<&str>>()
        .join(" → ")
}
