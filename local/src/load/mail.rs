//! How a message of an archive becomes records of the collections in `mail.toml`.
//!
//! Names of attributes and ids of documents come from the collections, so that what is loaded is what the functions
//! look for.

use anyhow::{Context as _, Result, bail};
use domain::collection::{Collection, Collections, IdError};
use domain::key::{KeyError, RecordKey};
use serde_json::{Map, Value};

use super::line::{Message, Problem};

/// The largest row that DynamoDB takes.
const ROW_BYTES: usize = 400 * 1024;

/// The two collections of mail.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// Threads.
    pub discussions: &'a Collection,
    /// What was written in them.
    pub messages: &'a Collection,
}

/// One record, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// Its key.
    pub(super) key: RecordKey,
    /// Its attributes, key included.
    pub(super) attributes: Map<String, Value>,
}

impl<'a> Mail<'a> {
    /// The two collections, found among all.
    ///
    /// # Errors
    ///
    /// When they are not there, or the keys are not those of mail.
    pub fn of(collections: &'a Collections) -> Result<Self> {
        let get = |name: &str| {
            collections
                .get(name)
                .context(format!("there is no collection {name} to load mail into"))
        };
        let (discussions, messages) = (get("discussions")?, get("messages")?);
        let known = discussions.key.attribute_count() == 1 && messages.key.attribute_count() == 2;
        if !known || discussions.key.partition != messages.key.partition {
            bail!("discussions and messages do not have the keys of collections/mail.toml");
        }
        Ok(Self {
            discussions,
            messages,
        })
    }

    /// Both collections.
    pub(super) fn collections(&self) -> impl Iterator<Item = &'a Collection> {
        [self.discussions, self.messages].into_iter()
    }

    /// The id of the discussion that a message belongs to. Threads are cross-posted, so the list is a part of it.
    #[must_use]
    pub fn discussion_id(message: &Message) -> String {
        format!("{}~{}", message.list, message.thread)
    }

    /// The record of a message.
    pub(super) fn message(&self, message: &Message) -> Record {
        let key = RecordKey::stored(Self::discussion_id(message), Some(&message.id));
        let mut record = Record::new(self.messages, key, message);
        record.set("body", &message.body);
        record
    }

    /// The record of a discussion, made from its earliest message.
    pub(super) fn discussion(&self, earliest: &Message) -> Record {
        let key = RecordKey::stored(Self::discussion_id(earliest), None);
        Record::new(self.discussions, key, earliest)
    }

    /// Whether the stores take the records of this message.
    pub(super) fn check(&self, message: &Message) -> Result<(), Problem> {
        for (collection, record) in [
            (self.discussions, self.discussion(message)),
            (self.messages, self.message(message)),
        ] {
            let key = &record.key;
            RecordKey::parse(&collection.key, &key.partition, key.sort.as_deref())
                .map_err(|error| key_problem(&error))?;
            let held = |attribute: &str| record.attributes.get(attribute)?.as_str();
            collection
                .document_at(key, held)
                .map_err(|error| id_problem(collection, &error))?;
            let bytes = record.bytes();
            if bytes > ROW_BYTES {
                return Err(Problem::of(
                    "body",
                    format!("makes a row of {bytes} bytes; DynamoDB takes {ROW_BYTES}"),
                ));
            }
        }
        Ok(())
    }
}

impl Record {
    fn new(collection: &Collection, key: RecordKey, message: &Message) -> Self {
        let mut record = Self {
            attributes: Map::new(),
            key,
        };
        let key = record.key.clone();
        for (attribute, value) in key.parts(&collection.key) {
            record.set(attribute, value);
        }
        if let Some(tenant) = collection.tenant.attribute() {
            record.set(tenant, &message.list);
        }
        if let Some(author) = &collection.author {
            record.set(&author.attribute, &message.author);
        }
        record.set("sent_at", &message.sent_at);
        record.set("subject", &message.subject);
        record
    }

    fn set(&mut self, attribute: &str, value: &str) {
        self.attributes.insert(attribute.to_owned(), value.into());
    }

    /// The document: tenant, key and the declared fields, and nothing else.
    pub(super) fn document(&self, collection: &Collection) -> Map<String, Value> {
        let fields = collection
            .document
            .iter()
            .flat_map(|document| &document.fields);
        let named = collection
            .key
            .attributes()
            .chain(collection.tenant.attribute())
            .chain(fields.map(String::as_str));
        named
            .filter_map(|name| Some((name.to_owned(), self.attributes.get(name)?.clone())))
            .collect()
    }

    /// How large DynamoDB takes the row to be.
    fn bytes(&self) -> usize {
        self.attributes
            .iter()
            .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len))
            .sum()
    }
}

fn key_problem(error: &KeyError) -> Problem {
    let field = match error {
        KeyError::Empty { part } | KeyError::TooLong { part, .. } if part == "sort" => "id",
        _ => "thread",
    };
    Problem::of(field, format!("cannot be a key: {error}"))
}

fn id_problem(collection: &Collection, error: &IdError) -> Problem {
    let of_discussion =
        matches!(error, IdError::Ambiguous { attribute } if *attribute == collection.key.partition);
    let field = if of_discussion || collection.key.sort.is_none() {
        "thread"
    } else {
        "id"
    };
    Problem::of(field, format!("cannot be searched: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tombstone::collections::read as collections;

    fn message() -> Message {
        Message {
            list: "r-help".into(),
            thread: "t".into(),
            id: "m".into(),
            sent_at: "2001-02-03T04:05:06Z".into(),
            author: "ann".into(),
            subject: "Grids".into(),
            body: "Hello".into(),
        }
    }

    #[test]
    fn a_message_becomes_a_row_with_all_and_a_document_with_what_is_searched() {
        let collections = collections(None).unwrap();
        let mail = Mail::of(&collections).unwrap();

        let record = mail.message(&message());

        let row = serde_json::json!({
            "discussion_id": "r-help~t", "message_id": "m", "user_id": "r-help", "sender_id": "ann",
            "sent_at": "2001-02-03T04:05:06Z", "subject": "Grids", "body": "Hello",
        });
        assert_eq!(Value::Object(record.attributes.clone()), row);
        let document = serde_json::json!({
            "discussion_id": "r-help~t", "message_id": "m", "user_id": "r-help", "subject": "Grids", "body": "Hello",
        });
        assert_eq!(Value::Object(record.document(mail.messages)), document);
    }

    #[test]
    fn what_a_store_would_refuse_is_a_problem_of_the_line() {
        let collections = collections(None).unwrap();
        let mail = Mail::of(&collections).unwrap();
        let told = |change: fn(&mut Message)| {
            let mut wrong = message();
            change(&mut wrong);
            mail.check(&wrong).unwrap_err().to_string()
        };

        assert_eq!(mail.check(&message()), Ok(()));
        assert!(
            told(|m| m.id = "x".repeat(1025)).starts_with("`id` cannot be a key"),
            "too long for a key"
        );
        assert!(
            told(|m| m.id = "x".repeat(600)).starts_with("`id` cannot be searched"),
            "too long for a document"
        );
        assert!(
            told(|m| m.id = "a\u{1f}b".into()).starts_with("`id` cannot be searched"),
            "ambiguous"
        );
        assert!(
            told(|m| m.thread = "a\u{1f}b".into()).starts_with("`thread` cannot be searched"),
            "ambiguous"
        );
        assert!(
            told(|m| m.body = "x".repeat(ROW_BYTES)).starts_with("`body` makes a row"),
            "too large"
        );
    }
}
