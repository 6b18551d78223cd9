//! References between collections beside the cascade: links and the records that they keep alive, recipients,
//! aggregates.

use std::collections::{BTreeMap, BTreeSet};

use super::cascade::{LEVELS, count, same_end, way_up};
use super::consistency::taken;
use super::declared::{Declarations, Declared};
use super::problems::Problems;
use crate::collection::model::effects::Recipients;
use crate::collection::model::name::CollectionName;
use crate::collection::model::parent::{ChildLookup, Keeps};
use crate::collection::model::record::Collection;

pub(super) fn check<'a>(declarations: &Declarations<'a>, problems: &mut Problems<'a>) {
    let mut computed = BTreeSet::new();
    for declared in declarations.sound.values() {
        if let Some(keeps) = &declared.collection.keeps
            && let Some(kept) = named(
                declared,
                "keeps.collection",
                &keeps.collection,
                declarations,
                problems,
            )
        {
            link(declared, keeps, kept, &declarations.sound, problems);
        }
        recipients(declared, declarations, problems);
        aggregates(declared, &declarations.sound, &mut computed, problems);
    }
}

/// The collection of this name. One that has an error in its own declaration is not an error of the collection that
/// references it.
fn named<'d, 'a>(
    declared: &Declared<'a>,
    key: &str,
    name: &CollectionName,
    declarations: &'d Declarations<'a>,
    problems: &mut Problems<'a>,
) -> Option<&'d Collection> {
    let found = declarations.sound.get(name);
    if found.is_none() && !declarations.names.contains_key(name.as_ref()) {
        let message =
            format!("\"{name}\" is declared in no file; declare it, or name another collection");
        problems.add(declared.section.place_of(key), message);
    }
    found.map(|found| &found.collection)
}

/// A link and the shared record that it references: the record is deleted with the last link, so it is one level
/// further down.
fn link<'a>(
    declared: &Declared<'a>,
    keeps: &Keeps,
    kept: &Collection,
    sound: &BTreeMap<CollectionName, Declared<'a>>,
    problems: &mut Problems<'a>,
) {
    let place = || declared.section.place_of("keeps.collection");
    if kept.is_rowless {
        let message = format!(
            "\"{}\" has no rows, so there is nothing to keep; name another collection",
            kept.name
        );
        problems.add(place(), message);
        return;
    }
    let below = sound.values().any(|other| {
        let parent = other.collection.parent.as_ref();
        parent.is_some_and(|parent| parent.collection == kept.name)
    });
    if kept.parent.is_some() || kept.keeps.is_some() || below {
        let message = format!(
            "\"{}\" has a parent, a `keeps` or collections below it, which a record that links keep cannot have; take those out, or this",
            kept.name
        );
        problems.add(place(), message);
        return;
    }
    if declared.collection.parent.is_none() {
        problems.add(
            place(),
            "is kept by a collection without a parent; a link goes with what it hangs on: write its `parent`",
        );
        return;
    }
    if keeps.by.len() != kept.key.parts().len() {
        let message = format!(
            "names {}, but the key of {} has {}; name, in its order, what holds it",
            count(keeps.by.len()),
            kept.name,
            count(kept.key.parts().len()),
        );
        problems.add(declared.section.place_of("keeps.by"), message);
    }
    let levels = 1 + way_up(&declared.collection.name, sound).len();
    if levels > LEVELS {
        let message = format!(
            "makes a cascade of {levels} levels with \"{}\" as the last; at most {LEVELS} are allowed",
            kept.name
        );
        problems.add(place(), message);
    }
    if let Some(kept) = sound.get(&kept.name) {
        same_end(kept, &declared.collection, "link", problems);
    }
}

fn recipients<'a>(
    declared: &Declared<'a>,
    declarations: &Declarations<'a>,
    problems: &mut Problems<'a>,
) {
    let Some(Recipients::Rows {
        collection,
        by,
        lookup,
        ..
    }) = &declared.collection.recipients
    else {
        return;
    };
    let key = "recipients.collection";
    let Some(rows) = named(declared, key, collection, declarations, problems) else {
        return;
    };
    let partition = &rows.key.partition;
    let (key, message) = match (by.first(), rows.key.is_in_partition(by), lookup) {
        (None, ..) => (
            "by",
            "names no attribute; name those that join the record to its recipients".to_owned(),
        ),
        (_, true, ChildLookup::Index(_)) => (
            "gsi",
            format!(
                "is not needed: `by` has `{partition}`, the partition attribute of {collection}; take it out"
            ),
        ),
        (Some(first), false, ChildLookup::Table) => (
            "gsi",
            format!(
                "is missing: `by` is without `{partition}`, the partition attribute of {collection}, so recipients are found over an index; write `gsi = \"…\"`, an index whose hash key is `{first}`"
            ),
        ),
        (_, true, ChildLookup::Table) | (_, false, ChildLookup::Index(_)) => return,
    };
    problems.add(
        declared.section.place_of(&format!("recipients.{key}")),
        message,
    );
}

/// Nothing else writes a computed value: not a mark, and not another aggregate.
fn aggregates<'a>(
    declared: &Declared<'a>,
    sound: &BTreeMap<CollectionName, Declared<'a>>,
    computed: &mut BTreeSet<(CollectionName, String)>,
    problems: &mut Problems<'a>,
) {
    for aggregate in &declared.collection.aggregates {
        // Whether it is declared is checked for `parent`: it is the same collection.
        let Some(on) = sound.get(&aggregate.on).map(|on| &on.collection) else {
            continue;
        };
        for attribute in aggregate.set.keys() {
            if let Some(why) = not_its_own(on, attribute, computed) {
                let message = format!("computes `{attribute}` of {}, which {why}", on.name);
                problems.add(declared.section.place_of("aggregates"), message);
            }
        }
    }
}

/// Why this attribute of a collection cannot be computed, where it cannot; it is computed from now on.
fn not_its_own(
    on: &Collection,
    attribute: &str,
    computed: &mut BTreeSet<(CollectionName, String)>,
) -> Option<String> {
    let guarded = [
        ("hidden", &on.guarded.hidden),
        ("readonly", &on.guarded.readonly),
    ];
    let mut guarded = guarded.into_iter();
    if let Some((key, _)) = guarded.find(|(_, names)| names.iter().any(|name| name == attribute)) {
        return Some(format!(
            "is in its `{key}`; a computed value is shown, and no client changes it: take it out there"
        ));
    }
    let marks = on.marks.written().map(|mark| ("marks", mark));
    let mut others = taken(on).into_iter().chain(marks);
    if let Some((key, _)) = others.find(|(_, other)| *other == attribute) {
        return Some(format!(
            "is also in its `{key}`; give the value an attribute of its own"
        ));
    }
    let is_new = computed.insert((on.name.clone(), attribute.to_owned()));
    let why = "another aggregate computes too; give the value an attribute of its own";
    (!is_new).then(|| why.to_owned())
}
