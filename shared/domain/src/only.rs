//! The conditions that a record must meet to belong to what a deletion requests: the request's own, and those in which
//! the caller's right is frozen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collection::Collection;
use crate::condition::Condition;
use crate::key::RecordKey;
use crate::principal::Tenant;
use crate::row::Row;
use crate::time;

/// Conditions on the rows of one collection; a row must meet all of them. The caller is no longer known when they are
/// checked: what the caller may delete is therefore stored as "only of this author, not older than then".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Only {
    /// Written by this subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Below this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RecordKey>,
    /// Not written before this moment. A row without a readable time does not meet it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Not written after this moment: what arrives after the request is left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What the filters of the request ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Condition>,
}

impl Only {
    /// Whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the row meets all of them.
    #[must_use]
    pub fn holds(&self, row: &Row, collection: &Collection, tenant: &Tenant) -> bool {
        let is_authors = self
            .author
            .as_deref()
            .is_none_or(|author| row.author(collection) == Some(author));
        let is_below = self
            .parent
            .as_ref()
            .is_none_or(|parent| row.parent_key(collection, tenant).as_ref() == Some(parent));
        let mut filters = self.filters.iter();
        is_authors
            && is_below
            && self.is_in_time(row, collection)
            && filters.all(|condition| condition.holds(row, collection))
    }

    /// Whether no filter asks for what may change: a record that meets them now met them at any moment before, too.
    #[must_use]
    pub fn are_lasting(&self, collection: &Collection) -> bool {
        let time = collection.filters.time.as_deref();
        let mut names = self.filters.iter().map(|filter| filter.attribute.as_str());
        names.all(|name| Some(name) == time || collection.is_part_of_key(name))
    }

    fn is_in_time(&self, row: &Row, collection: &Collection) -> bool {
        let attribute = collection.filters.time.as_ref();
        match attribute.and_then(|attribute| time::read(row.attributes.get(attribute)?)) {
            None => self.from.is_none(),
            Some(written) => {
                self.from.is_none_or(|from| from <= written)
                    && self.until.is_none_or(|until| written <= until)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::collection::Collections;

    fn collections() -> Collections {
        Collections::for_tests(
            r#"
            [streams]
            table       = "streams"
            key         = ["stream"]
            tenant      = "realm"
            strategy    = "flag"
            retention   = "30d"
            permissions = { delete = ["admin"] }

            [messages]
            table       = "messages"
            key         = ["id"]
            tenant      = "realm"
            parent      = { collection = "streams", by = ["stream"], gsi = "by_stream", on_delete = "cascade" }
            strategy    = "flag"
            retention   = "30d"
            author      = "sender"
            filters     = { time = "sent_at" }
            permissions = { delete = ["admin"] }
            "#,
        )
    }

    fn holds(only: &Only, author: &str, stream: &str, sent_at: &Value) -> bool {
        let attributes = json!({ "sender": author, "stream": stream, "sent_at": sent_at });
        let row = Row {
            key: RecordKey::stored("m", None),
            attributes: attributes.as_object().cloned().unwrap_or_default(),
        };
        let tenant = Tenant::new("acme").unwrap();
        only.holds(&row, collections().get("messages").unwrap(), &tenant)
    }

    const NOON: &str = "2026-11-21T12:00:00Z";

    #[test]
    fn without_a_condition_every_row_belongs() {
        assert!(holds(&Only::default(), "ann", "s", &Value::Null));
    }

    #[test]
    fn all_conditions_must_be_met() {
        let only = Only {
            author: Some("ann".into()),
            parent: Some(RecordKey::stored("s", None)),
            ..Only::default()
        };
        assert!(holds(&only, "ann", "s", &Value::Null));
        assert!(!holds(&only, "bob", "s", &Value::Null));
        assert!(!holds(&only, "ann", "other", &Value::Null));
    }

    #[test]
    fn both_ends_of_a_time_belong_to_it_to_the_millisecond() {
        let only = Only {
            from: Some("2026-11-21T11:50:00Z".parse().unwrap()),
            until: Some(NOON.parse().unwrap()),
            ..Only::default()
        };
        for (sent_at, belongs) in [
            ("2026-11-21T11:49:59.999Z", false),
            ("2026-11-21T11:50:00Z", true),
            (NOON, true),
            ("2026-11-21T12:00:00.001Z", false),
        ] {
            assert_eq!(
                holds(&only, "ann", "s", &json!(sent_at)),
                belongs,
                "{sent_at}"
            );
        }
    }

    #[test]
    fn a_row_without_a_readable_time_is_no_later_arrival_and_gives_its_author_no_right() {
        let until = Only {
            until: Some(NOON.parse().unwrap()),
            ..Only::default()
        };
        let from = Only {
            from: Some(NOON.parse().unwrap()),
            ..Only::default()
        };
        for unreadable in [
            Value::Null,
            json!("yesterday"),
            json!(true),
            // Neither is a moment that can be represented here: the first in microseconds, the second after the last
            // one.
            json!(1_795_244_400_000_000_i64),
            json!("9999-12-31T23:59:59Z"),
        ] {
            assert!(holds(&until, "ann", "s", &unreadable));
            assert!(!holds(&from, "ann", "s", &unreadable));
        }
    }
}
