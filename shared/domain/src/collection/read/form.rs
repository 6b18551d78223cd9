//! Reads what the values of one attribute are: their type, the texts of which they are made, and those that they are not.

use super::place::Place;
use super::problems::Problems;
use super::tree::{Entry, Kind, Section};
use super::values::{named, one_of};
use super::words;
use crate::collection::model::key_schema::{Form, KeyKind};
use crate::collection::model::pattern::Pattern;

/// An attribute of a key by its name, or by a table that says more of it.
pub(super) fn attribute<'a>(
    element: &Entry<'a>,
    problems: &mut Problems<'a>,
) -> Option<(String, Form)> {
    let Some(section) = element.section() else {
        let Some(text) = element.text() else {
            let message = format!(
                "holds {}; write each element as a text in quotes, or as a table",
                element.value.kind()
            );
            problems.add(element.place.clone(), message);
            return None;
        };
        let name = words::checked(text, element.place.clone(), words::attribute, problems)?;
        return Some((name, Form::default()));
    };
    let name = named(&section, "attribute", words::attribute, problems);
    let kinds = [("S", KeyKind::Text), ("N", KeyKind::Number)];
    let kind = match section.get("type") {
        None => Some(KeyKind::Text),
        Some(entry) => one_of(Some(entry), &kinds, problems),
    };
    let (name, kind) = (name?, kind?);
    let about_texts = ["is", "begins", "without"];
    let mut about_texts = about_texts.into_iter();
    if kind == KeyKind::Number
        && let Some(key) = about_texts.find(|key| section.get(key).is_some())
    {
        let message =
            "is beside `type = \"N\"`: it says what texts are made of; take one of the two out";
        problems.add(section.place_of(key), message);
        return None;
    }
    let begins = section.get("begins");
    if begins.is_some() && section.get("is").is_some() {
        let message =
            "is beside `is`, which says what the texts are made of; take one of the two out";
        problems.add(section.place_of("begins"), message);
        return None;
    }
    let is = match (section.get("is"), &begins) {
        (Some(entry), _) => patterns(&entry, problems),
        (None, Some(entry)) => beginnings(entry, &name, problems),
        (None, None) => Vec::new(),
    };
    let form = Form {
        kind,
        is,
        is_whole: begins.is_some(),
        without: excluded(&section, problems),
    };
    if let Some(without) = &form.without
        && let Some(pattern) = form.is.iter().find(|one| one.always_holds(without))
    {
        let message = format!(
            "is in every text of \"{pattern}\", so that no row is of this collection; take one of the two out"
        );
        problems.add(section.place_of("without"), message);
        return None;
    }
    Some((name, form))
}

/// One text, or a list of them, with which the values begin.
fn beginnings<'a>(entry: &Entry<'a>, attribute: &str, problems: &mut Problems<'a>) -> Vec<Pattern> {
    let mut beginnings = Vec::new();
    for (text, place) in texts(entry, problems) {
        if text.is_empty() || text.contains(['{', '}']) {
            let message = format!(
                "holds \"{}\", which is no text that values begin with; write such as \"DONOR#\", or `is` for a pattern",
                text.escape_debug()
            );
            problems.add(place, message);
            continue;
        }
        beginnings.push(Pattern::beginning(text, attribute));
    }
    beginnings
}

/// What no value holds.
fn excluded<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<String> {
    let entry = section.get("without")?;
    let text = entry.text()?;
    if text.is_empty() {
        problems.add(
            entry.place,
            "is empty, and every text holds that; write such as \"#deleted\", or take it out",
        );
        return None;
    }
    Some(text.to_owned())
}

/// One text, or a list of them, with their places.
fn texts<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Vec<(&'a str, Place<'a>)> {
    let texts = match entry.text() {
        Some(text) => vec![(text, entry.place.clone())],
        None => entry.texts(problems),
    };
    if texts.is_empty() {
        problems.add(
            entry.place.clone(),
            "has no text; write one, or take it out",
        );
    }
    texts
}

/// One pattern, or a list of them.
pub(super) fn patterns<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Vec<Pattern> {
    let read = texts(entry, problems)
        .into_iter()
        .filter_map(|(text, place)| {
            let parsed = Pattern::parse(text);
            parsed
                .map_err(|error| {
                    problems.add(place, format!("\"{}\" {error}", text.escape_debug()));
                })
                .ok()
        });
    read.collect()
}
