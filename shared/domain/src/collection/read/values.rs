//! Reads the value of one key, for kinds of keys that several parts of a collection have.

use super::problems::Problems;
use super::tree::{Entry, Section};
use super::words::{self, checked};
use crate::collection::model::name::CollectionName;

/// The table under a key, where there is one.
pub(super) fn table_of<'a>(section: &Section<'a>, name: &str) -> Option<Section<'a>> {
    section.get(name)?.section()
}

/// The name of another collection.
pub(super) fn collection_name<'a>(
    section: &Section<'a>,
    name: &str,
    problems: &mut Problems<'a>,
) -> Option<CollectionName> {
    let entry = section.required(name, problems)?;
    let parsed = entry.text()?.parse::<CollectionName>();
    parsed
        .map_err(|error| problems.add(entry.place, error.to_string()))
        .ok()
}

/// A text that must be present and follow a rule.
pub(super) fn named<'a>(
    section: &Section<'a>,
    name: &str,
    rule: words::Rule,
    problems: &mut Problems<'a>,
) -> Option<String> {
    let entry = section.required(name, problems)?;
    checked(entry.text()?, entry.place, rule, problems)
}

/// A text that may be absent, and otherwise must follow a rule.
pub(super) fn named_if_any<'a>(
    section: &Section<'a>,
    name: &str,
    rule: words::Rule,
    problems: &mut Problems<'a>,
) -> Option<String> {
    let entry = section.get(name)?;
    checked(entry.text()?, entry.place, rule, problems)
}

/// `"user_id"` or `{ attribute = "user_id", gsi = "by_user" }`.
pub(super) fn attribute_and_gsi<'a>(
    entry: &Entry<'a>,
    problems: &mut Problems<'a>,
) -> Option<(String, Option<String>)> {
    if let Some(text) = entry.text() {
        return Some((
            checked(text, entry.place.clone(), words::attribute, problems)?,
            None,
        ));
    }
    let section = entry.section()?;
    let attribute = named(&section, "attribute", words::attribute, problems);
    let gsi = named_if_any(&section, "gsi", words::gsi, problems);
    Some((attribute?, gsi))
}

/// One of a few words.
pub(super) fn one_of<'a, T: Copy>(
    entry: Option<Entry<'a>>,
    words: &[(&str, T)],
    problems: &mut Problems<'a>,
) -> Option<T> {
    let entry = entry?;
    let text = entry.text()?;
    let found = words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value);
    if found.is_none() {
        let message = format!(
            "\"{}\" is unknown; write {}",
            text.escape_debug(),
            choices(words.iter().map(|(word, _)| *word))
        );
        problems.add(entry.place, message);
    }
    found
}

/// `"a" or "b"`.
pub(super) fn choices<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(" or ")
}

/// The attributes of a list, or `None` when one of them is wrong.
pub(super) fn attributes<'a>(
    entry: &Entry<'a>,
    problems: &mut Problems<'a>,
) -> Option<Vec<String>> {
    let before = problems.count();
    let texts = entry.texts(problems);
    let attributes = texts
        .into_iter()
        .filter_map(|(text, place)| checked(text, place, words::attribute, problems))
        .collect();
    (problems.count() == before).then_some(attributes)
}
