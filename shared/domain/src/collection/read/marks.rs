//! Reads what a mark writes, and what it takes off; and what that contradicts.

use std::collections::BTreeMap;

use serde_json::{Number, Value};
use toml::de::DeValue;

use super::consistency::taken;
use super::problems::Problems;
use super::tree::{Entry, Kind, Section};
use super::values::{attributes, choices, named, named_if_any, one_of};
use super::words::{self, checked};
use crate::collection::model::marks::{Adopt, Marks, StateWord, TimeAttribute, TimeForm, Touch};
use crate::collection::model::record::Collection;
use crate::collection::model::retention::Retention;
use crate::collection::model::tenant::TenantRule;

/// Where a live row says nothing.
const ABSENT: &str = "absent";

/// Where a live row has an explicit NULL.
const NULL: &str = "null";

/// What raises a number.
const PLUS_ONE: &str = "+1";

pub(super) fn read<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Marks {
    let mut marks = Marks {
        ttl: named_if_any(section, "ttl", words::attribute, problems),
        ..Marks::default()
    };
    let Some(written) = section.get("marks").and_then(|entry| entry.section()) else {
        return marks;
    };
    if let Some(time) = written
        .get("deleted_at")
        .and_then(|entry| time(&entry, problems))
    {
        (marks.deleted_at, marks.form) = (time.attribute, time.form);
    }
    for (key, name) in [
        ("deleted_by", &mut marks.deleted_by),
        ("deletion_id", &mut marks.deletion_id),
        ("kept", &mut marks.kept),
    ] {
        if let Some(written) = named_if_any(&written, key, words::attribute, problems) {
            *name = written;
        }
    }
    let entry = written.get("state").and_then(|entry| entry.section());
    marks.state = entry.and_then(|section| state(&section, problems));
    let entry = written.get("purge_at");
    marks.purge_at = entry.and_then(|entry| time(&entry, problems));
    if let Some(entry) = written.get("takes_off") {
        marks.takes_off = attributes(&entry, problems).unwrap_or_default();
    }
    if let Some(section) = written.get("touch").and_then(|entry| entry.section()) {
        marks.touch = touch(&section, problems);
    }
    if written.get("kept").is_some() && !marks.keeps() {
        problems.add(
            written.place_of("kept"),
            "names a map of what a mark replaces, but it replaces nothing; take it out, or declare `ttl`, `marks.state`, `marks.purge_at` or `marks.takes_off`",
        );
    }
    marks
}

/// `"deletedAt"` or `{ attribute = "deletedAt", type = "epoch_ms" }`.
fn time<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<TimeAttribute> {
    if let Some(text) = entry.text() {
        return Some(TimeAttribute {
            attribute: checked(text, entry.place.clone(), words::attribute, problems)?,
            form: TimeForm::Text,
        });
    }
    let section = entry.section()?;
    let attribute = named(&section, "attribute", words::attribute, problems);
    let form = one_of(
        section.required("type", problems),
        &TimeForm::WORDS,
        problems,
    );
    Some(TimeAttribute {
        attribute: attribute?,
        form: form?,
    })
}

fn state<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<StateWord> {
    let attribute = named(section, "attribute", words::attribute, problems);
    let deleted = section
        .required("deleted", problems)
        .and_then(|entry| plain(entry.value));
    let live = section.required("live", problems)?;
    if live.value.is_array() && live.elements().is_empty() {
        let message = "is empty, so no row is live; name what a live row has, \"absent\" and \"null\" included";
        problems.add(live.place.clone(), message);
    }
    let before = problems.count();
    let mut words = Vec::new();
    for element in live.elements() {
        let read = match element.text() {
            Some(ABSENT) => Some(None),
            Some(NULL) => Some(Some(Value::Null)),
            _ => word(&element, problems).map(Some),
        };
        words.extend(read);
    }
    let busy = section.get("busy");
    let busy = busy.iter().flat_map(Entry::elements);
    let busy: Vec<Value> = busy
        .filter_map(|element| word(&element, problems))
        .collect();
    let state = StateWord {
        attribute: attribute?,
        deleted: deleted?,
        live: words,
        busy,
    };
    for key in ["live", "busy"] {
        let entry = section.get(key);
        for element in entry.iter().flat_map(Entry::elements) {
            let said = plain(element.value);
            let is_live = || {
                state
                    .live
                    .iter()
                    .flatten()
                    .any(|word| Some(word) == said.as_ref())
            };
            let other = if said.as_ref() == Some(&state.deleted) {
                "deleted"
            } else if key == "busy" && is_live() {
                "live"
            } else {
                continue;
            };
            let message = format!("holds what is also in `{other}`; take it out of one of the two");
            problems.add(element.place, message);
        }
    }
    (problems.count() == before && !state.live.is_empty()).then_some(state)
}

/// A boolean, a number or a text.
pub(super) fn word<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<Value> {
    let word = plain(entry.value);
    if word.is_none() {
        let message = format!(
            "holds {}; write a boolean, a number or a text",
            entry.value.kind()
        );
        problems.add(entry.place.clone(), message);
    }
    word
}

fn plain(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::Boolean(flag) => Some((*flag).into()),
        DeValue::String(text) => Some(text.as_ref().into()),
        DeValue::Integer(number) => number.to_string().parse::<i64>().ok().map(Value::from),
        DeValue::Float(number) => {
            Number::from_f64(number.to_string().parse().ok()?).map(Value::Number)
        }
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// `{ deleted_at = "deletedAt", deleted_by = "deletedBy" }`.
pub(super) fn adopt<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<Adopt> {
    let deleted_at = named(section, "deleted_at", words::attribute, problems);
    let deleted_by = named_if_any(section, "deleted_by", words::attribute, problems);
    Some(Adopt {
        deleted_at: deleted_at?,
        deleted_by,
    })
}

fn touch<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> BTreeMap<String, Touch> {
    let mut raised = BTreeMap::new();
    for (name, entry) in section.entries() {
        let Some(text) = entry.text() else { continue };
        let form = TimeForm::WORDS.iter().find(|(word, _)| *word == text);
        let touch = match form {
            Some((_, form)) => Some(Touch::Time(*form)),
            None if text == PLUS_ONE => Some(Touch::PlusOne),
            None => None,
        };
        let name = checked(name, entry.place.clone(), words::attribute, problems);
        if touch.is_none() {
            let words = TimeForm::WORDS.iter().map(|(word, _)| *word);
            let message = format!(
                "\"{}\" is unknown; write {}",
                text.escape_debug(),
                choices([PLUS_ONE].into_iter().chain(words))
            );
            problems.add(entry.place, message);
        }
        raised.extend(name.zip(touch));
    }
    raised
}

/// Every attribute that a mark writes or takes off, with the key that names it.
pub(super) fn named_by(marks: &Marks) -> Vec<(&'static str, &str)> {
    let mut named = vec![
        ("marks.deleted_at", marks.deleted_at.as_str()),
        ("marks.deleted_by", &marks.deleted_by),
        ("marks.deletion_id", &marks.deletion_id),
    ];
    if marks.keeps() {
        named.push(("marks.kept", &marks.kept));
    }
    named.extend(
        marks
            .state
            .iter()
            .map(|state| ("marks.state", state.attribute.as_str())),
    );
    let purge_at = marks.purge_at.iter();
    named.extend(purge_at.map(|time| ("marks.purge_at", time.attribute.as_str())));
    named.extend(marks.ttl.iter().map(|name| ("ttl", name.as_str())));
    let taken_off = marks.takes_off.iter();
    named.extend(taken_off.map(|name| ("marks.takes_off", name.as_str())));
    let raised = marks.touch.keys();
    named.extend(raised.map(|name| ("marks.touch", name.as_str())));
    named
}

pub(super) fn check<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    attributes_are_their_own(collection, section, problems);
    can_be_honoured(collection, section, problems);
}

/// A mark under the name of something else would overwrite it, or be read as a mark where there is none.
fn attributes_are_their_own<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let taken = taken(collection);
    let effects = collection.effect_attributes().into_iter();
    let named = named_by(&collection.marks);
    // A mark takes away, or replaces, what an effect of the deletion would have to read afterwards.
    let promoted = collection
        .parent
        .iter()
        .filter_map(|parent| parent.promote.as_ref());
    let promoted = promoted.flat_map(|promote| [promote.owner.as_str(), promote.by.as_str()]);
    let of_effects: Vec<_> = effects
        .map(|name| ("event, recipients, keeps or aggregates", name))
        .chain(promoted.map(|name| ("parent.promote", name)))
        .collect();
    for (position, (key, name)) in named.iter().copied().enumerate() {
        let is_new = position >= 3;
        let of_effects = of_effects.iter().filter(|_| is_new);
        let clash = named[..position]
            .iter()
            .chain(&taken)
            .chain(of_effects)
            .copied()
            .find(|(other, attribute)| {
                *attribute == name && !(key == "marks.touch" && *other == "version")
            });
        let Some((other, _)) = clash else { continue };
        let message = if (other, key) == ("marks.purge_at", "ttl") {
            format!(
                "is `{name}`, which is also in `{other}`; that one replaces it, keeps it and puts it back: take `ttl` out"
            )
        } else if is_new {
            format!("names `{name}`, which is also in `{other}`; take it out of one of the two")
        } else {
            format!("is `{name}`, which is also in `{other}`; give the mark a name of its own")
        };
        problems.add(section.place_of(key), message);
    }
}

/// What a strategy, a retention or a route does not do.
fn can_be_honoured<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let marks = &collection.marks;
    if collection.adopt.is_some() && collection.tenant == TenantRule::Parent {
        let message = "takes over rows as they are found, and theirs is the tenant of a parent that may be gone; take it out, or name the tenant by an attribute or a part";
        problems.add(section.place_of("adopt"), message);
    }
    if !collection.strategy.keeps_records() {
        let strategy = collection.strategy.as_str();
        if collection.adopt.is_some() {
            let message = format!(
                "takes rows over that keep their mark until they are purged, and the strategy \"{strategy}\" would remove them at once; take it out, or write \"flag\" or \"archive\""
            );
            problems.add(section.place_of("adopt"), message);
        }
        let declared = [
            ("marks.state", marks.state.is_some()),
            ("marks.purge_at", marks.purge_at.is_some()),
        ];
        for (key, _) in declared.into_iter().filter(|(_, is_there)| *is_there) {
            let message = format!(
                "is for rows that stay, marked, until they are purged; the strategy \"{strategy}\" keeps nothing: take it out, or write \"flag\" or \"archive\""
            );
            problems.add(section.place_of(key), message);
        }
    }
    if marks.purge_at.is_some() && collection.retention == Retention::Never {
        let message = "says when a row is purged, but `retention` is \"never\"; write a time in `retention`, or take this out";
        problems.add(section.place_of("marks.purge_at"), message);
    }
    let written = [
        ("marks.state", marks.state.is_some()),
        ("marks.purge_at", marks.purge_at.is_some()),
        ("marks.touch", !marks.touch.is_empty()),
    ];
    for (key, _) in written.into_iter().filter(|(_, is_there)| *is_there) {
        if collection.serve.write {
            let message = "is written by the team's own programs, which a write of a client would pass by; take \"write\" out of `serve`";
            problems.add(section.place_of(key), message);
        }
    }
}
