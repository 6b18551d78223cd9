//! The values of one parent that are of one of its children: what they are, and what they should be.

use domain::change::Change;
use domain::collection::{Aggregate, Collection, Take};
use domain::deletion::Deletion;
use domain::found::is_exact;
use domain::key::RecordKey;
use domain::row::Row;
use serde_json::Value;

/// The values of one parent that are of one child.
pub(super) struct ComputedValue<'a> {
    pub(super) child: &'a Collection,
    pub(super) aggregate: &'a Aggregate,
    pub(super) on: &'a Collection,
    pub(super) parent: RecordKey,
    /// The best of the values of the children that came back.
    pub(super) restored: Option<String>,
    /// Whether the parent itself came back, and its value does not count.
    pub(super) is_anew: bool,
}

/// Where the search for the child begins.
pub(super) enum Start {
    /// With the first of all.
    Front,
    /// At this place in the order, inclusive.
    At(String),
}

impl Start {
    /// The place, if it is one.
    pub(super) fn place(&self) -> Option<&str> {
        match self {
            Self::Front => None,
            Self::At(place) => Some(place),
        }
    }
}

impl ComputedValue<'_> {
    /// What distinguishes it from the others.
    pub(super) fn place(&self) -> (String, String, RecordKey) {
        let attributes: Vec<&str> = self.aggregate.set.keys().map(String::as_str).collect();
        let attribute = attributes.join("\n");
        (self.child.name.to_string(), attribute, self.parent.clone())
    }

    /// Where the search for the child begins, which may be at the front; `None` where the values of this row are not
    /// ours to change, or cannot be wrong.
    pub(super) fn start(&self, row: &Row) -> Option<Start> {
        let attributes = &row.attributes;
        let names = self.aggregate.set.keys();
        let values: Vec<&Value> = names.filter_map(|name| attributes.get(name)).collect();
        if !values.iter().all(|value| is_exact(value)) {
            return None;
        }
        let Some(place) = self.aggregate.place() else {
            // Nobody keeps values that are not there, and where there is no child nothing can be wrong.
            let is_of_a_child = values.iter().any(|value| !value.is_null());
            let may_be_wrong = is_of_a_child || self.restored.is_some() || self.is_anew;
            return (!values.is_empty() && may_be_wrong).then_some(Start::Front);
        };
        match (attributes.get(place)?, &self.restored) {
            (Value::String(_) | Value::Null, _) if self.is_anew => Some(Start::Front),
            (Value::String(value), Some(restored)) => {
                let (value, restored) = (value.clone(), restored.clone());
                let place = better(self.aggregate.take, Some(value), restored);
                Some(Start::At(place))
            }
            (Value::String(value), None) => Some(Start::At(value.clone())),
            (Value::Null, Some(restored)) => Some(Start::At(restored.clone())),
            // Without a value nothing can be wrong; and one of another type is not maintained here.
            _ => None,
        }
    }

    /// What the parent has of this child in one of its attributes.
    pub(super) fn value(&self, from: &str, child: Option<&Row>) -> Value {
        let value = child.and_then(|child| child.attributes.get(from));
        let value = match value {
            Some(Value::String(_)) => value,
            value if from == self.aggregate.of => value.filter(|value| value.is_string()),
            value => value.filter(|value| is_exact(value)),
        };
        value.cloned().unwrap_or_default()
    }

    /// What makes the values of this row those of this child. An attribute that is not there is as a NULL.
    pub(super) fn correction(&self, row: &Row, child: Option<&Row>) -> Change {
        let mut change = Change::default();
        for (attribute, from) in &self.aggregate.set {
            let current = row.attributes.get(attribute);
            let next = self.value(from, child);
            if *current.unwrap_or(&Value::Null) != next {
                change.set.push((attribute.clone(), next));
            }
            change.only_if.push((attribute.clone(), current.cloned()));
        }
        change
    }

    /// The attributes of this child of which the parent can have nothing: lists and maps.
    pub(super) fn impossible<'r>(&'r self, child: &'r Row) -> impl Iterator<Item = &'r str> {
        let from = self.aggregate.set.values().map(String::as_str);
        from.filter(|from| {
            let value = child.attributes.get(*from);
            value.is_some_and(|value| !is_exact(value))
        })
    }

    /// Whether a row is a live child of this parent.
    pub(super) fn is_live(&self, deletion: &Deletion, row: &Row) -> bool {
        let parent = row.parent_key(self.child, &deletion.tenant);
        row.is_unmarked(&deletion.tenant, self.child) && parent.as_ref() == Some(&self.parent)
    }
}

/// A value in an event: a text, or what one can be made of.
pub(super) fn told(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null | Value::Array(_) => None,
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        // Of a type that JSON does not have.
        Value::Object(typed) => Some(typed.values().next()?.as_str()?.to_owned()),
    }
}

pub(super) fn better(take: Take, one: Option<String>, other: String) -> String {
    match (take, one) {
        (_, None) => other,
        (Take::Min, Some(one)) => one.min(other),
        (Take::Max, Some(one)) => one.max(other),
    }
}
