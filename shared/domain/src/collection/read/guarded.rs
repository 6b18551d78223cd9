//! Reads which attributes clients do not see, or do not change, and whether that can be promised.

use super::consistency::taken;
use super::problems::Problems;
use super::tree::Section;
use super::values::attributes;
use crate::collection::model::record::{Collection, Guarded};

pub(super) fn read<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Guarded {
    let mut list = |name| {
        let entry = section.get(name)?;
        attributes(&entry, problems)
    };
    Guarded {
        hidden: list("hidden").unwrap_or_default(),
        readonly: list("readonly").unwrap_or_default(),
    }
}

/// An attribute that is shown elsewhere, or that something can be found by, is not hidden by leaving it out of answers;
/// one that clients must write cannot be kept from them.
pub(super) fn check<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let Guarded { hidden, readonly } = &collection.guarded;
    let meanings = meanings(collection);
    let meaning = |attribute: &str| {
        let found = meanings.iter().find(|(_, taken)| *taken == attribute);
        found.map(|(key, _)| *key)
    };
    for (list, names) in [("hidden", hidden), ("readonly", readonly)] {
        for name in names {
            let why = if list == "hidden" && readonly.contains(name) {
                Some(", which is also in `readonly`; what is hidden is not written either, so take it out there".to_owned())
            } else if list == "hidden" {
                meaning(name).map(why_not_hidden)
            } else {
                meaning(name).and_then(why_not_readonly)
            };
            if let Some(why) = why {
                problems.add(section.place_of(list), format!("names `{name}`{why}"));
            }
        }
    }
}

fn why_not_hidden(key: &str) -> String {
    match key {
        "marks" => ", which is a mark, and no answer shows those; take it out".to_owned(),
        key => format!(
            ", which `{key}` lets clients see, write or find records by; take it out of one of the two"
        ),
    }
}

fn why_not_readonly(key: &str) -> Option<String> {
    match key {
        "key" | "tenant" | "marks" => Some(format!(
            ", which is in `{key}`, so no client changes it; take it out"
        )),
        "parent.by" | "parts" | "status" | "version" => Some(format!(
            ", which is in `{key}`, so those who write records must write it; take it out"
        )),
        _ => None,
    }
}

/// The attributes with a meaning to clients, with the key that gives it to them.
fn meanings(collection: &Collection) -> Vec<(&'static str, &str)> {
    let marks = collection.marks.own();
    let mut meanings: Vec<_> = marks.into_iter().map(|mark| ("marks", mark)).collect();
    meanings.extend(taken(collection));
    let aggregates = &collection.aggregates;
    meanings.extend(
        aggregates
            .iter()
            .map(|one| ("aggregates.of", one.of.as_str())),
    );
    let shown = aggregates.iter().flat_map(|one| one.set.values());
    meanings.extend(shown.map(|from| ("aggregates.set", from.as_str())));
    meanings
}
