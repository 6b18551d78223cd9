//! The filters of a request: read strictly, stored and shown as they were meant.
//!
//! A filter that is lost makes a delete a larger one. So nothing is left out that is not understood: an unknown field, a
//! NULL, an empty text, a range that nothing can be in, half of a group.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::collection::{FilterField, Filters, GROUP, TIME};
use crate::condition::{Condition, Must};
use crate::key::KEY_PART_BYTES;
use crate::time::{parse_rfc3339, rfc3339, to_millisecond};

/// What a request narrows a delete by: field by field, as the request has them, times in one form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Narrowing(BTreeMap<String, Value>);

/// Why filters cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The field, and the place in its list; none if it is about all of them.
    pub field: Option<(String, Option<usize>)>,
    /// What is wrong with it.
    pub why: FilterFault,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterFault {
    /// The collection declares no such filter.
    #[error("is not a filter of this collection")]
    Unknown,
    /// There is no field.
    #[error("is empty")]
    Empty,
    /// It is no text.
    #[error("is not a text")]
    NoText,
    /// It is longer than any part of a key.
    #[error("has more than 1024 bytes")]
    TooLong,
    /// It is not `true` or `false`.
    #[error("is not true or false")]
    NoBoolean,
    /// It is not a list with a text for each attribute.
    #[error("is not a list with a text for each of its attributes")]
    NoTexts,
    /// It is no moment.
    #[error("is not a time as in RFC 3339, e.g. 2026-11-21T07:00:00.120Z")]
    NoTime,
    /// Nothing is between the two ends of the time.
    #[error("leaves no time after `later_than`")]
    EmptyRange,
    /// It is half of a group.
    #[error("stands alone: a group has `group_type` and `group_id`")]
    Half,
}

impl Narrowing {
    /// The filters of a request, in a collection that declares these. No field is "not narrowed".
    ///
    /// # Errors
    ///
    /// [`FilterError`] says which field is the first wrong one.
    pub fn parse(fields: &Map<String, Value>, declared: &Filters) -> Result<Self, FilterError> {
        let wrong = |field: Option<(&str, Option<usize>)>, why| FilterError {
            field: field.map(|(name, place)| (name.to_owned(), place)),
            why,
        };
        if fields.is_empty() {
            return Err(wrong(None, FilterFault::Empty));
        }
        let mut read = BTreeMap::new();
        for (name, value) in fields {
            let field = declared.field(name);
            let field = field.ok_or_else(|| wrong(Some((name, None)), FilterFault::Unknown))?;
            let value =
                canonical(field, value).map_err(|(place, why)| wrong(Some((name, place)), why))?;
            read.insert(name.clone(), value);
        }
        if let [true, false] | [false, true] = GROUP.map(|name| read.contains_key(name)) {
            let present = GROUP.into_iter().find(|name| read.contains_key(*name));
            return Err(wrong(present.map(|name| (name, None)), FilterFault::Half));
        }
        let [later, earlier] = TIME.map(|name| read.get(name).and_then(moment));
        // Times count to the millisecond: the next one after `later` must be before `earlier`.
        let next = |later: Timestamp| later.checked_add(SignedDuration::from_millis(1));
        if let (Some(later), Some(earlier)) = (later, earlier)
            && next(later).map_or(true, |next| next >= earlier)
        {
            return Err(wrong(Some((TIME[1], None)), FilterFault::EmptyRange));
        }
        Ok(Self(read))
    }

    /// Whether nothing is narrowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is asked of the rows of a collection that declares these filters; `None` if it lacks one of the request's.
    #[must_use]
    pub fn conditions(&self, declared: &Filters) -> Option<Vec<Condition>> {
        let mut conditions = Vec::new();
        for (name, value) in &self.0 {
            conditions.extend(of_field(declared.field(name)?, value)?);
        }
        Some(conditions)
    }
}

/// The value in the form that is stored.
fn canonical(field: FilterField<'_>, value: &Value) -> Result<Value, (Option<usize>, FilterFault)> {
    match field {
        FilterField::Text(_) => text(value).map_err(|why| (None, why)),
        FilterField::Texts(attributes) => {
            let values = value
                .as_array()
                .filter(|values| values.len() == attributes.len());
            let values = values.ok_or((None, FilterFault::NoTexts))?;
            let texts = values.iter().enumerate();
            let texts = texts.map(|(place, value)| text(value).map_err(|why| (Some(place), why)));
            texts.collect()
        }
        FilterField::Exists(_) => match value {
            Value::Bool(_) => Ok(value.clone()),
            _ => Err((None, FilterFault::NoBoolean)),
        },
        FilterField::After(_) | FilterField::Before(_) => moment(value)
            .map(|moment| rfc3339(moment).into())
            .ok_or((None, FilterFault::NoTime)),
    }
}

fn text(value: &Value) -> Result<Value, FilterFault> {
    match value {
        Value::String(text) if text.is_empty() => Err(FilterFault::Empty),
        Value::String(text) if text.len() > KEY_PART_BYTES => Err(FilterFault::TooLong),
        Value::String(_) => Ok(value.clone()),
        _ => Err(FilterFault::NoText),
    }
}

/// A moment as a request writes it, cut to the millisecond.
fn moment(value: &Value) -> Option<Timestamp> {
    parse_rfc3339(value.as_str()?).map(to_millisecond)
}

fn of_field(field: FilterField<'_>, value: &Value) -> Option<Vec<Condition>> {
    let one = |attribute: &str, must| {
        let attribute = attribute.to_owned();
        Condition { attribute, must }
    };
    let be = |attribute: &str, value: &Value| {
        let text = value.as_str()?.to_owned();
        Some(one(attribute, Must::Be(text)))
    };
    match field {
        FilterField::Text(attribute) => Some(vec![be(attribute, value)?]),
        FilterField::Texts(attributes) => {
            let values = value
                .as_array()
                .filter(|values| values.len() == attributes.len())?;
            let both = attributes.iter().zip(values);
            both.map(|(attribute, value)| be(attribute, value))
                .collect()
        }
        FilterField::Exists(attribute) => Some(vec![one(attribute, Must::Exist(value.as_bool()?))]),
        FilterField::After(attribute) => Some(vec![one(attribute, Must::BeAfter(moment(value)?))]),
        FilterField::Before(attribute) => {
            Some(vec![one(attribute, Must::BeBefore(moment(value)?))])
        }
    }
}

#[cfg(test)]
mod tests;
