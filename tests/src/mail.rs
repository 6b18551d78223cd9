//! A tenant of the mail example: its records, and how both stores hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use local::stack::StackFile;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::stacks::unique;
use crate::stores::{Fields, Stores};
use crate::wait::pause;

/// The attributes of a mark, as `collections/mail.toml` names them.
pub const MARKS: [&str; 3] = ["date_delete", "deleted_by", "deletion_id"];

/// What stands between the two parts of a message's document id.
const SEPARATOR: char = '\u{1f}';

/// How long a document may take to follow its row.
const FOLLOWS: Duration = Duration::from_secs(30);

/// Who wrote what nobody in particular wrote.
pub const SOMEBODY: &str = "somebody";

/// A tenant, and the stack where it lives.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// The stack.
    pub stack: StackFile,
    /// The stores of the stack.
    pub stores: Stores,
}

/// A discussion with its messages as both stores hold them: under `""` the discussion, under their ids the messages.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentValue {
    /// In DynamoDB.
    pub rows: BTreeMap<String, Fields>,
    /// In OpenSearch.
    pub documents: BTreeMap<String, Fields>,
}

impl Tenant {
    /// A tenant that nobody else has.
    #[must_use]
    pub fn new(stack: &StackFile, name: &str) -> Self {
        Self {
            name: unique(name),
            stack: stack.clone(),
            stores: Stores::of(stack),
        }
    }

    /// Somebody who may delete everything of this tenant.
    pub async fn admin(&self) -> Caller {
        self.caller("admin", &["admin"]).await
    }

    /// Somebody of this tenant, without any group.
    pub async fn member(&self, name: &str) -> Caller {
        self.caller(name, &[]).await
    }

    async fn caller(&self, name: &str, groups: &[&str]) -> Caller {
        // Users are the pool's, not the tenant's.
        let subject = format!("{}-{name}", self.name);
        Caller::new(&self.stack, &self.name, &subject, groups).await
    }

    /// The id of a discussion of this tenant.
    #[must_use]
    pub fn id(&self, name: &str) -> String {
        format!("{}~{name}", self.name)
    }

    /// Puts a discussion with this many messages; answers its id.
    pub async fn thread(&self, name: &str, messages: usize) -> String {
        let id = self.id(name);
        self.discussion(&id, SOMEBODY, "a subject").await;
        self.messages(&id, 0..messages).await;
        id
    }

    /// Puts one discussion.
    pub async fn discussion(&self, id: &str, author: &str, subject: &str) {
        let row = self.record(&[
            ("discussion_id", id),
            ("sender_id", author),
            ("subject", subject),
            ("sent_at", "2026-11-21T07:00:00Z"),
        ]);
        self.stores
            .put_rows("discussions", std::slice::from_ref(&row))
            .await;
        self.stores
            .put_documents("discussions", &[(id.to_owned(), row)])
            .await;
    }

    /// Puts messages of a discussion, with these numbers.
    pub async fn messages(&self, discussion: &str, numbers: std::ops::Range<usize>) {
        let messages =
            numbers.map(|number| self.message(discussion, &message_id(number), "a body"));
        self.put_messages(&messages.collect::<Vec<_>>()).await;
    }

    /// A message, not put yet.
    #[must_use]
    pub fn message(&self, discussion: &str, id: &str, body: &str) -> Fields {
        self.record(&[
            ("discussion_id", discussion),
            ("message_id", id),
            ("sender_id", SOMEBODY),
            ("subject", "a subject"),
            ("body", body),
            ("sent_at", "2026-11-21T07:00:00Z"),
        ])
    }

    /// Puts messages.
    pub async fn put_messages(&self, messages: &[Fields]) {
        self.stores.put_rows("messages", messages).await;
        self.put_documents(messages).await;
    }

    /// Puts the documents of messages, as a job does that fills the index again.
    pub async fn put_documents(&self, messages: &[Fields]) {
        let documents = messages.iter().map(|fields| {
            let part = |name: &str| fields[name].as_str().unwrap().to_owned();
            let id = format!("{}{SEPARATOR}{}", part("discussion_id"), part("message_id"));
            (id, fields.clone())
        });
        let documents: Vec<(String, Fields)> = documents.collect();
        self.stores.put_documents("messages", &documents).await;
    }

    fn record(&self, fields: &[(&str, &str)]) -> Fields {
        let mut record: Fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect();
        record.insert("user_id".into(), self.name.as_str().into());
        record
    }

    /// Reads a discussion and its messages from both stores.
    pub async fn held(&self, discussion: &str) -> CurrentValue {
        let key = ("discussion_id", discussion);
        let root = self.stores.row("discussions", &[key]).await;
        let below = self.stores.partition("messages", key).await;
        let mut documents = self.stores.documents("discussions", key).await;
        documents.extend(self.stores.documents("messages", key).await);
        CurrentValue {
            rows: by_name(root.into_iter().chain(below)),
            documents: by_name(documents.into_values()),
        }
    }

    /// As [`held`](Self::held), as soon as it is right, or as it is after a while: the document of a restored root
    /// follows its row and the state.
    pub async fn held_when(
        &self,
        discussion: &str,
        is_right: impl Fn(&CurrentValue) -> bool,
    ) -> CurrentValue {
        let begun = Instant::now();
        loop {
            let held = self.held(discussion).await;
            if is_right(&held) || begun.elapsed() > FOLLOWS {
                return held;
            }
            pause(Duration::from_millis(150)).await;
        }
    }
}

/// The id of a message that [`Tenant::messages`] puts.
#[must_use]
pub fn message_id(number: usize) -> String {
    format!("m{number:06}")
}

fn by_name(records: impl Iterator<Item = Fields>) -> BTreeMap<String, Fields> {
    records
        .map(|fields| {
            let message = fields.get("message_id").and_then(Value::as_str);
            (message.unwrap_or_default().to_owned(), fields)
        })
        .collect()
}

impl CurrentValue {
    /// That the discussion and this many messages are in both stores and all carry the mark of this deletion.
    pub fn assert_marked_by(&self, deletion: &Value, messages: usize) {
        let mark = json!([
            deletion["deleted_at"],
            deletion["requested_by"],
            deletion["id"]
        ]);
        assert_eq!(self.rows.len(), messages + 1, "rows");
        assert_eq!(self.documents.len(), messages + 1, "documents");
        assert_eq!(self.marks(), BTreeSet::from([mark.to_string()]));
    }

    /// That the discussion and this many messages are in both stores and none carries a mark.
    pub fn assert_live(&self, messages: usize) {
        assert_eq!(self.rows.len(), messages + 1, "rows");
        assert_eq!(self.documents.len(), messages + 1, "documents");
        assert_eq!(
            self.marks(),
            BTreeSet::from([json!([null, null, null]).to_string()])
        );
    }

    /// All the different marks of rows and documents.
    #[must_use]
    pub fn marks(&self) -> BTreeSet<String> {
        let records = self.rows.values().chain(self.documents.values());
        records.map(|fields| mark_of(fields).to_string()).collect()
    }

    /// Whether neither store has anything.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.rows.is_empty() && self.documents.is_empty()
    }
}

/// The mark of a row or document, as an array.
#[must_use]
pub fn mark_of(fields: &Fields) -> Value {
    MARKS
        .iter()
        .map(|name| fields.get(*name).cloned().unwrap_or_default())
        .collect()
}
