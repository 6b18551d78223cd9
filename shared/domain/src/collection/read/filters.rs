//! Reads the filters of a collection.

use super::problems::Problems;
use super::tree::{Entry, Section};
use super::values::{attributes, named, named_if_any, one_of};
use super::words::{self, checked};
use crate::collection::model::filters::{FilterBy, Filters, GROUP, TIME};
use crate::collection::model::name::CollectionName;

/// What is asked of one attribute.
#[derive(Debug, Clone, Copy)]
enum Op {
    Exists,
    Equals,
}

/// The words of the files: whether something was opened is only seen by whether the attribute is there.
const OPS: [(&str, Op); 2] = [("exists", Op::Exists), ("equals", Op::Equals)];

pub(super) fn read<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Filters {
    let mut filters = Filters {
        time: named_if_any(section, "time", words::attribute, problems),
        group: section
            .get("group")
            .and_then(|entry| group(&entry, problems)),
        ..Filters::default()
    };
    for (name, entry) in section.entries() {
        if ["time", "group"].contains(&name) || !is_possible(name, &entry, problems) {
            continue;
        }
        let ops = &OPS[..if name == "opened" { 1 } else { OPS.len() }];
        if let Some(by) = by(&entry, ops, problems) {
            filters.others.insert(name.to_owned(), by);
        }
    }
    filters
}

fn group<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<[String; 2]> {
    let read = attributes(entry, problems).filter(|_| entry.value.is_array())?;
    read.try_into()
        .map_err(|_| {
            let message = "is not two attributes; write the one with the group's type and the one with its id";
            problems.add(entry.place.clone(), message);
        })
        .ok()
}

/// Requests write the name as a field beside those that every collection may have.
fn is_possible<'a>(name: &str, entry: &Entry<'a>, problems: &mut Problems<'a>) -> bool {
    if GROUP.contains(&name) || TIME.contains(&name) {
        problems.add(
            entry.place.clone(),
            "is a field that requests have for `group` or `time`; write another name",
        );
        return false;
    }
    if name.parse::<CollectionName>().is_err() {
        let message = "is no name for a filter; write up to 64 lower-case letters, digits or `_`, a letter first";
        problems.add(entry.place.clone(), message);
        return false;
    }
    true
}

/// `"kind"`, `["kind", "colour"]` or `{ attribute = "opened_at", op = "exists" }`.
fn by<'a>(entry: &Entry<'a>, ops: &[(&str, Op)], problems: &mut Problems<'a>) -> Option<FilterBy> {
    if let Some(text) = entry.text() {
        let attribute = checked(text, entry.place.clone(), words::attribute, problems)?;
        return Some(FilterBy::Texts(vec![attribute]));
    }
    if let Some(section) = entry.section() {
        let attribute = named(&section, "attribute", words::attribute, problems);
        let op = section.required("op", problems);
        let op = one_of(op, ops, problems);
        let attribute = attribute?;
        return Some(match op? {
            Op::Exists => FilterBy::Exists(attribute),
            Op::Equals => FilterBy::Texts(vec![attribute]),
        });
    }
    let read = attributes(entry, problems).filter(|_| entry.value.is_array())?;
    if read.is_empty() {
        problems.add(
            entry.place.clone(),
            "is empty; write an attribute of the row",
        );
        return None;
    }
    Some(FilterBy::Texts(read))
}
