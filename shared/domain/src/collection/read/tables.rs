//! Collections in one table: each row belongs to one of them at most, by the patterns of its key.

use std::collections::BTreeMap;

use super::declared::Declared;
use super::problems::Problems;
use crate::collection::model::key_schema::KeySchema;
use crate::collection::model::name::CollectionName;

pub(super) fn check<'a>(
    sound: &BTreeMap<CollectionName, Declared<'a>>,
    problems: &mut Problems<'a>,
) {
    let each: Vec<_> = sound.iter().collect();
    for (place, (_, declared)) in each.iter().enumerate() {
        let collection = &declared.collection;
        for (name, other) in &each[..place] {
            let other = &other.collection;
            // A record without a row takes none from the others.
            let is_rowless = other.is_rowless || collection.is_rowless;
            if other.table != collection.table || is_rowless {
                continue;
            }
            if let Some(message) = mixed(&collection.key, &other.key) {
                let message = format!("\"{}\" is also that of {name}; {message}", collection.table);
                problems.add(declared.section.place_of("table"), message);
                break;
            }
        }
    }
}

/// Why rows of two collections of one table cannot be told apart.
fn mixed(one: &KeySchema, other: &KeySchema) -> Option<&'static str> {
    let kinds = |key: &KeySchema| {
        let each = key.each().map(|(name, form)| (name.to_owned(), form.kind));
        each.collect::<Vec<_>>()
    };
    if kinds(one) != kinds(other) {
        return Some("a table has one key: write the same attributes in `key`, of the same types");
    }
    let mut pairs = one.each().zip(other.each());
    let are_apart = pairs.any(|((_, one), (_, other))| one.is_apart_from(other));
    let message = "a row could be of both: write in both, as `is` or `begins` of one attribute of `key`, patterns of which no text is of both, or in one of them `without`, or another table";
    (!are_apart).then_some(message)
}
