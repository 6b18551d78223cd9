//! What a deletion writes into a row, and what it puts beside for a restore.
//!
//! A mark is a time, an author and the deletion's id. A team may have more in that place: a status word, a TTL that must
//! not remove the row meanwhile, keys of an index that its readers look at. What a mark replaces of these is kept beside
//! it in one map attribute, in the same write, so that a restore is exact to the type and the digit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::time::{later, rfc3339};

/// The attributes of a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// When.
    pub deleted_at: String,
    /// Who: the subject claim.
    pub deleted_by: String,
    /// By which deletion.
    pub deletion_id: String,
    /// How the time is written.
    pub form: TimeForm,
    /// The map of what the mark has replaced, where it replaces anything.
    pub kept: String,
    /// The attribute by which the table's TTL removes rows: not in a marked row.
    pub ttl: Option<String>,
    /// Other attributes that are not in a marked row.
    pub takes_off: Vec<String>,
    /// The word that says whether a row is there, where that is how rows are marked.
    pub state: Option<StateWord>,
    /// Where a marked row says when it is purged.
    pub purge_at: Option<TimeAttribute>,
    /// What is raised with each write.
    pub touch: BTreeMap<String, Touch>,
}

/// Rows that others have marked are taken over: they get a deletion, with their own date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopt {
    /// The attribute that says when a row was marked.
    pub deleted_at: String,
    /// The attribute that says who has marked it.
    pub deleted_by: Option<String>,
}

/// An attribute that holds a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeAttribute {
    /// Its name.
    pub attribute: String,
    /// How the time is written.
    pub form: TimeForm,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeForm {
    /// RFC 3339 in UTC, to the millisecond.
    #[default]
    Text,
    /// Whole seconds since 1970.
    Seconds,
    /// Seconds since 1970, with their milliseconds as a fraction.
    Fraction,
    /// Milliseconds since 1970.
    Milliseconds,
}

impl TimeForm {
    /// The words of the files.
    pub(in crate::collection) const WORDS: [(&'static str, Self); 4] = [
        ("iso", Self::Text),
        ("epoch_ms", Self::Milliseconds),
        ("epoch_s", Self::Seconds),
        ("epoch_s_fraction", Self::Fraction),
    ];

    /// This moment.
    #[must_use]
    pub fn value(self, at: Timestamp) -> Value {
        match self {
            Self::Text => rfc3339(at).into(),
            Self::Seconds => at.as_second().into(),
            Self::Milliseconds => at.as_millisecond().into(),
            Self::Fraction => {
                let (seconds, rest) = (at.as_second(), at.as_millisecond().rem_euclid(1000));
                let written = format!("{seconds}.{rest:03}").parse();
                let fraction = written.ok().filter(|_| rest > 0);
                fraction
                    .and_then(Number::from_f64)
                    .map_or_else(|| seconds.into(), Value::Number)
            }
        }
    }

    /// The first such time that is not before this moment.
    #[must_use]
    pub fn not_before(self, at: Timestamp) -> Value {
        match self {
            Self::Seconds => self.value(later(at, std::time::Duration::from_millis(999))),
            Self::Text | Self::Fraction | Self::Milliseconds => self.value(at),
        }
    }

    /// Whether a value is of the type in which this form is written.
    #[must_use]
    pub fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Seconds | Self::Fraction | Self::Milliseconds => value.is_number(),
        }
    }
}

/// A word that says whether a row is there. `None` is a row without the attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateWord {
    /// The attribute.
    pub attribute: String,
    /// What a deleted row has.
    pub deleted: Value,
    /// What a live row has; the first is what a row gets back that says nothing of its own.
    pub live: Vec<Option<Value>>,
    /// What a row has that another program is working on: it is there, and is not marked until that is over.
    pub busy: Vec<Value>,
}

/// What a state word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The row is there.
    Live,
    /// The row is there, and another program is working on it.
    Busy,
    /// The row is deleted.
    Deleted,
    /// Neither.
    Nothing,
}

impl StateWord {
    /// What this value of the attribute says.
    #[must_use]
    pub fn says(&self, value: Option<&Value>) -> Says {
        let is = |word: &Value| value.is_some_and(|value| is_word(word, value));
        let is_live = |word: &Option<Value>| word.as_ref().map_or(value.is_none(), is);
        if is(&self.deleted) {
            Says::Deleted
        } else if self.live.iter().any(is_live) {
            Says::Live
        } else if self.busy.iter().any(is) {
            Says::Busy
        } else {
            Says::Nothing
        }
    }
}

/// Whether a value is this word. Numbers are compared by their value.
pub(super) fn is_word(word: &Value, value: &Value) -> bool {
    match (word, value) {
        (Value::Number(word), Value::Number(value)) => {
            word == value || word.as_f64() == value.as_f64()
        }
        _ => word == value,
    }
}

/// How an attribute is raised with each write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// One more than it was; 1 where there was none.
    PlusOne,
    /// The moment of the write.
    Time(TimeForm),
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            deleted_at: "deleted_at".to_owned(),
            deleted_by: "deleted_by".to_owned(),
            deletion_id: "deletion_id".to_owned(),
            form: TimeForm::default(),
            kept: "deletion_kept".to_owned(),
            ttl: None,
            takes_off: Vec::new(),
            state: None,
            purge_at: None,
            touch: BTreeMap::new(),
        }
    }
}

impl Marks {
    /// The three names of every mark, in the order when, who, by which deletion.
    #[must_use]
    pub fn all(&self) -> [&str; 3] {
        [&self.deleted_at, &self.deleted_by, &self.deletion_id]
    }

    /// The attributes that only a mark has: those three, and the map of what it has replaced.
    #[must_use]
    pub fn own(&self) -> Vec<&str> {
        let kept = self.keeps().then_some(self.kept.as_str());
        self.all().into_iter().chain(kept).collect()
    }

    /// Whether a mark replaces anything that a restore puts back.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.replaced().next().is_some()
    }

    /// Whether a mark depends on more of a row than whether it is marked.
    #[must_use]
    pub fn depends_on_more(&self) -> bool {
        self.keeps() || !self.touch.is_empty()
    }

    /// The attributes that are not in a marked row.
    pub fn taken_off(&self) -> impl Iterator<Item = &str> {
        self.ttl.iter().chain(&self.takes_off).map(String::as_str)
    }

    /// The attribute by which the table's TTL removes rows, as far as the file says it: a time of a purge in whole seconds
    /// can be nothing else.
    #[must_use]
    pub fn expiry(&self) -> Option<&str> {
        let purge_at = self.purge_at.iter();
        let mut purge_at = purge_at.filter(|time| time.form == TimeForm::Seconds);
        let ttl = self.ttl.as_deref();
        ttl.or_else(|| purge_at.next().map(|time| time.attribute.as_str()))
    }

    /// The attributes whose values a mark replaces, and a restore puts back.
    pub fn replaced(&self) -> impl Iterator<Item = &str> {
        let state = self.state.iter().map(|state| state.attribute.as_str());
        let purge_at = self.purge_at.iter().map(|time| time.attribute.as_str());
        state.chain(purge_at).chain(self.taken_off())
    }

    /// Every attribute that a mark writes, or takes off.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        let raised = self.touch.keys().map(String::as_str);
        self.own().into_iter().chain(self.replaced()).chain(raised)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_written_in_the_form_of_the_table() {
        let at: Timestamp = "2026-11-20T10:05:00.120Z".parse().unwrap();

        for (form, value) in [
            (TimeForm::Text, json!("2026-11-20T10:05:00.120Z")),
            (TimeForm::Seconds, json!(1_795_169_100)),
            (TimeForm::Fraction, json!(1_795_169_100.12)),
            (TimeForm::Milliseconds, json!(1_795_169_100_120_i64)),
        ] {
            assert_eq!(form.value(at), value);
            assert!(form.is_of(&value));
        }
        assert_eq!(TimeForm::Seconds.not_before(at), json!(1_795_169_101));
    }

    #[test]
    fn a_word_says_one_of_four_things() {
        let state = StateWord {
            attribute: "s".into(),
            deleted: json!(true),
            live: vec![Some(json!(false)), Some(Value::Null), None],
            busy: vec![json!("LOCKED")],
        };

        for (value, says) in [
            (Some(json!(true)), Says::Deleted),
            (Some(json!(false)), Says::Live),
            (Some(Value::Null), Says::Live),
            (None, Says::Live),
            (Some(json!("LOCKED")), Says::Busy),
            (Some(json!("true")), Says::Nothing),
            (Some(json!(1)), Says::Nothing),
        ] {
            assert_eq!(state.says(value.as_ref()), says, "{value:?}");
        }
    }
}
