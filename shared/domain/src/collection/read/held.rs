//! Reads what holds records back, and where that cannot be promised.

use std::collections::BTreeMap;

use super::declared::Declared;
use super::marks::word;
use super::problems::Problems;
use super::tree::Section;
use super::words::{self, checked};
use crate::collection::model::held::Held;
use crate::collection::model::name::CollectionName;
use crate::collection::model::record::Collection;

/// `{ published = true }` or `{ status = ["running", "queued"] }`.
pub(super) fn read<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Held {
    let mut held = BTreeMap::new();
    for (name, entry) in section.entries() {
        let name = checked(name, entry.place.clone(), words::attribute, problems);
        let list = entry.elements();
        let elements = if entry.value.is_array() {
            list.as_slice()
        } else {
            std::slice::from_ref(&entry)
        };
        if elements.is_empty() {
            let message =
                "is empty, so it holds nothing back; write a value that does, or take it out";
            problems.add(entry.place, message);
            continue;
        }
        let words = elements.iter();
        let words = words
            .filter_map(|element| word(element, problems))
            .collect();
        held.extend(name.map(|name| (name, words)));
    }
    Held(held)
}

/// The store checks what holds a row back in the write that marks it.
pub(super) fn check<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    if section.get("held").is_none() {
        return;
    }
    let mut refuse = |message: &str| problems.add(section.place_of("held"), message);
    if collection.held.is_nothing() {
        refuse(
            "names no attribute; write one with the value that holds a record back, or take it out",
        );
    }
    if !collection.strategy.keeps_records() {
        let strategy = collection.strategy.as_str();
        refuse(&format!(
            "is checked in the write that marks a row, and the strategy \"{strategy}\" removes rows without a mark; write \"flag\" or \"archive\", or take it out"
        ));
    }
}

/// A deletion that reaches a record from further above, or by a link, could not be refused because of it.
pub(super) fn check_above<'a>(
    sound: &BTreeMap<CollectionName, Declared<'a>>,
    problems: &mut Problems<'a>,
) {
    for declared in sound.values() {
        let collection = &declared.collection;
        if collection.held.is_nothing() {
            continue;
        }
        let parent = collection.parent.as_ref();
        let above = parent.and_then(|parent| sound.get(&parent.collection));
        let above = above.map(|above| &above.collection);
        if let Some((above, top)) = above.and_then(|above| Some((above, above.parent.as_ref()?))) {
            let message = format!(
                "is below {}, which is below {}: a deletion that comes from there could not be refused because of it; take it out, or write it in {}",
                above.name, top.collection, above.name
            );
            problems.add(declared.section.place_of("held"), message);
        }
        let keeps = |other: &&Declared<'a>| {
            let keeps = other.collection.keeps.as_ref();
            keeps.is_some_and(|keeps| keeps.collection == collection.name)
        };
        if let Some(link) = sound.values().find(keeps) {
            let message = format!(
                "is in a collection whose records are deleted with the last link of {} to them, which could not be refused because of it; take it out",
                link.collection.name
            );
            problems.add(declared.section.place_of("held"), message);
        }
    }
}
