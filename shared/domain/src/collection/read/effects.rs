//! Reads what else happens when a record is deleted: `event`, `recipients` and `aggregates`.

use std::collections::BTreeMap;

use super::problems::Problems;
use super::tree::{Entry, Section};
use super::values::{attributes, collection_name, named, named_if_any, one_of, table_of};
use super::words::{self, checked};
use crate::collection::model::effects::{Aggregate, EventSpec, Recipients, Take};
use crate::collection::model::key_schema::{KeyKind, KeySchema};
use crate::collection::model::parent::{ChildLookup, Parent};

/// The fields that the detail of every event has.
const ENVELOPE: [&str; 18] = [
    "event_id",
    "deletion_id",
    "tenant",
    "collection",
    "group",
    "ids",
    "page",
    "pass",
    "run",
    "part",
    "parts",
    "actor",
    "origin",
    "deleted_at",
    "recipients",
    "audience",
    "root",
    "v",
];

/// The kinds that already have another meaning.
const KINDS: [&str; 6] = [
    "DeletionAccepted",
    "DeletionFinished",
    "AggregateChanged",
    "RecordsDeleted",
    "RecordsRestored",
    "RecordsPurged",
];

pub(super) fn event<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<EventSpec> {
    let kind = named(section, "type", kind, problems);
    let group = match section.get("group") {
        None => Some(Vec::new()),
        Some(entry) => texts(&entry, attribute_in_an_event, problems),
    };
    let ids = named_if_any(section, "ids", field, problems);
    let set = match section.get("set").and_then(|entry| entry.section()) {
        None => BTreeMap::new(),
        Some(fields) => constants(&fields, problems),
    };
    let names = group.iter().flatten().chain(set.keys());
    if let Some(ids) = &ids
        && names.clone().any(|name| name == ids)
    {
        let message = format!("is `{ids}`, which is also in `group` or `set`; write another name");
        problems.add(section.place_of("ids"), message);
    }
    if let Some(name) = set
        .keys()
        .find(|name| group.iter().flatten().any(|attribute| attribute == *name))
    {
        let message = format!("names `{name}`, which is also in `group`; write another name");
        problems.add(section.place_of("set"), message);
    }
    Some(EventSpec {
        kind: kind?,
        group: group?,
        ids,
        set,
    })
}

/// One text or a list of them, each of which must follow a rule.
fn texts<'a>(
    entry: &Entry<'a>,
    rule: words::Rule,
    problems: &mut Problems<'a>,
) -> Option<Vec<String>> {
    if let Some(text) = entry.text() {
        return Some(vec![checked(text, entry.place.clone(), rule, problems)?]);
    }
    let before = problems.count();
    let texts = entry
        .texts(problems)
        .into_iter()
        .filter_map(|(text, place)| checked(text, place, rule, problems))
        .collect();
    (problems.count() == before).then_some(texts)
}

fn constants<'a>(fields: &Section<'a>, problems: &mut Problems<'a>) -> BTreeMap<String, String> {
    let mut set = BTreeMap::new();
    for (name, entry) in fields.entries() {
        if let Some(text) = entry.text()
            && let Some(name) = checked(name, entry.place, field, problems)
        {
            set.insert(name, text.to_owned());
        }
    }
    set
}

pub(super) fn recipients<'a>(
    section: &Section<'a>,
    event: Option<&EventSpec>,
    problems: &mut Problems<'a>,
) -> Option<Recipients> {
    let group = event.map_or(&[][..], |event| &event.group);
    if group.is_empty() {
        let message = "are of one group of records; write `event = { type = \"…\", group = [\"…\"] }`, so that nobody is told of records that are not theirs";
        problems.add(section.place.clone(), message);
    }
    if section.get("attribute").is_some() {
        if let Some((name, entry)) = section.entries().find(|(name, _)| *name != "attribute") {
            let message = format!(
                "is for recipients from a collection, but `attribute` is there; take out `{name}` or `attribute`"
            );
            problems.add(entry.place, message);
        }
        return named(section, "attribute", words::attribute, problems).map(Recipients::Attribute);
    }
    let collection = collection_name(section, "collection", problems);
    let by = section
        .required("by", problems)
        .and_then(|entry| attributes(&entry, problems));
    let user = named(section, "user", words::attribute, problems);
    let unless = named_if_any(section, "unless", words::attribute, problems);
    let gsi = named_if_any(section, "gsi", words::gsi, problems);
    if let Some(other) = by
        .iter()
        .flatten()
        .find(|attribute| !group.is_empty() && !group.contains(attribute))
    {
        let message = format!(
            "names `{other}`, which is not in `event.group`, so one event could be for several sets of recipients; add it there, or take it out"
        );
        problems.add(section.place_of("by"), message);
    }
    Some(Recipients::Rows {
        collection: collection?,
        by: by?,
        user: user?,
        unless,
        lookup: gsi.map_or(ChildLookup::Table, ChildLookup::Index),
    })
}

pub(super) fn aggregates<'a>(
    entry: &Entry<'a>,
    parent: Option<&Parent>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> Vec<Aggregate> {
    let sections = entry.elements().into_iter();
    sections
        .filter_map(|element| aggregate(&element.section()?, parent, key, problems))
        .collect()
}

fn aggregate<'a>(
    section: &Section<'a>,
    parent: Option<&Parent>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> Option<Aggregate> {
    let on = collection_name(section, "on", problems);
    let of = named(section, "of", words::attribute, problems);
    let set = set(section, of.as_deref(), problems);
    let words = [("min", Take::Min), ("max", Take::Max)];
    let take = one_of(section.required("take", problems), &words, problems);
    let gsi = named_if_any(section, "gsi", words::gsi, problems);
    let (on, of) = (on?, of?);
    let Some(parent) = parent.filter(|parent| parent.collection == on) else {
        let message = format!(
            "\"{on}\" is not the parent of this collection; name the one in `parent.collection`, whose row is found by `parent.by`"
        );
        problems.add(section.place_of("on"), message);
        return None;
    };
    let lookup = in_order(section, &of, gsi, parent, key?, problems)?;
    Some(Aggregate {
        on,
        set: set?,
        take: take?,
        of,
        lookup,
    })
}

/// Which attributes of the parent have which of the child: `attribute` is the short form for one that has `of`.
fn set<'a>(
    section: &Section<'a>,
    of: Option<&str>,
    problems: &mut Problems<'a>,
) -> Option<BTreeMap<String, String>> {
    let Some(table) = table_of(section, "set") else {
        let attribute = named(section, "attribute", words::attribute, problems)?;
        return Some(BTreeMap::from([(attribute, of?.to_owned())]));
    };
    if section.get("attribute").is_some() {
        let message =
            "is there beside `set`, which names all attributes; take out one of the two".to_owned();
        problems.add(section.place_of("attribute"), message);
        return None;
    }
    let before = problems.count();
    let mut set = BTreeMap::new();
    for (name, entry) in table.entries() {
        let attribute = checked(name, entry.place.clone(), words::attribute, problems);
        let from = entry
            .text()
            .and_then(|from| checked(from, entry.place, words::attribute, problems));
        set.extend(attribute.zip(from));
    }
    if table.entries().next().is_none() {
        let message = "is empty; write attributes of the parent, each with the child's that it has: `set = { lastMessage = \"content\" }`";
        problems.add(section.place_of("set"), message);
    }
    (problems.count() == before).then_some(set)
}

/// Where the children of one parent are found in the order of `of`: reading all of them to find the first would make
/// each deletion as expensive as the parent is large.
fn in_order<'a>(
    section: &Section<'a>,
    of: &String,
    gsi: Option<String>,
    parent: &Parent,
    key: &KeySchema,
    problems: &mut Problems<'a>,
) -> Option<ChildLookup> {
    let on_the_table = parent.lookup == ChildLookup::Table
        && key.sort.as_ref() == Some(of)
        && !parent.by.contains(of);
    if on_the_table && key.forms[1].kind == KeyKind::Number {
        let message = format!("is `{of}`, a number, and computed values are texts; take it out");
        problems.add(section.place_of("of"), message);
        return None;
    }
    match (on_the_table, gsi) {
        (true, None) => Some(ChildLookup::Table),
        (false, Some(gsi)) => Some(ChildLookup::Index(gsi)),
        (true, Some(_)) => {
            let message = format!(
                "is not needed: `{of}` is the sort attribute, so the table has the children in this order; take it out"
            );
            problems.add(section.place_of("gsi"), message);
            None
        }
        (false, None) => {
            if section.get("gsi").is_none()
                && let Some(first) = parent.by.first()
            {
                let message = format!(
                    "is missing: the table does not have the children of one parent in the order of `{of}`; write `gsi = \"…\"`, an index whose hash key is `{first}` and whose sort key is `{of}`"
                );
                problems.add(section.place_of("gsi"), message);
            }
            None
        }
    }
}

/// A detail-type of the collection's own.
fn kind(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
        return Err(
            "is no detail-type; write 1 to 128 bytes without control characters".to_owned(),
        );
    }
    if KINDS.contains(&name) {
        return Err(
            "is an event of every collection; write another type, or leave out `event`".to_owned(),
        );
    }
    Ok(())
}

fn field(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is empty; write a name".to_owned());
    }
    if ENVELOPE.contains(&name) {
        return Err(
            "is a field that every event has with a meaning of its own; write another one"
                .to_owned(),
        );
    }
    Ok(())
}

fn attribute_in_an_event(name: &str) -> Result<(), String> {
    words::attribute(name)?;
    field(name)
}
