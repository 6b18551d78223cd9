//! What the effects of a record's deletion will need, and what says where its document is: read when the record is selected, because its row may be removed
//! later, and stored in its page, so that a repeated effect is the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::collection::{ChildLookup, Collection, Grant, Recipients, ScheduleTemplate};
use crate::row::Row;

/// The most recipients that an event lists.
pub const MOST_RECIPIENTS: usize = 1000;

/// The most bytes that the recipients of one event take in their written form.
pub const RECIPIENT_BYTES: usize = 60_000;

/// What effects will need to know about one record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Effects {
    /// Attributes beside the key: those that group events, lead to the parent, to a shared record or to the document, or
    /// contain the author.
    #[serde(rename = "v", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Value>,
    /// The schedule that is removed with it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The recipients that the row itself lists.
    #[serde(rename = "r", default, skip_serializing_if = "Audience::is_nobody")]
    pub recipients: Audience,
}

/// Who receives an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// These, in order, each once.
    Users(Vec<String>),
    /// More than an event lists: its consumers query them.
    Many,
}

impl Default for Audience {
    fn default() -> Self {
        Self::Users(Vec::new())
    }
}

impl Audience {
    /// An audience of these users, each once.
    #[must_use]
    pub fn of(users: impl IntoIterator<Item = String>) -> Self {
        let users: Vec<String> = users
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let bytes: usize = users.iter().map(|user| written(user)).sum();
        if users.len() > MOST_RECIPIENTS || bytes > RECIPIENT_BYTES {
            Self::Many
        } else {
            Self::Users(users)
        }
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Users(mut users), Self::Users(more)) => {
                users.extend(more);
                Self::of(users)
            }
            _ => Self::Many,
        }
    }

    /// Whether no recipients are listed.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::Users(users) if users.is_empty())
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Users(users) => users.iter().map(|user| written(user)).sum(),
            Self::Many => 4,
        }
    }
}

fn written(text: &str) -> usize {
    text.len() + 3
}

impl Effects {
    /// What this row says.
    #[must_use]
    pub fn of(row: &Row, collection: &Collection) -> Self {
        let kept = |attribute: &&str| !collection.key.attributes().any(|part| part == *attribute);
        let values = collection.effect_attributes().into_iter().filter(kept);
        let values = values.filter_map(|attribute| {
            let value = row.attributes.get(attribute)?;
            let is_plain = value.is_string() || value.is_number() || value.is_boolean();
            is_plain.then(|| (attribute.to_owned(), value.clone()))
        });
        let recipients = match &collection.recipients {
            Some(Recipients::Attribute(attribute)) => Audience::of(texts(row, attribute)),
            Some(Recipients::Rows { .. }) | None => Audience::default(),
        };
        Self {
            values: values.collect(),
            schedule: collection
                .schedule
                .as_ref()
                .and_then(|template| template.render(|attribute| row.text(attribute))),
            recipients,
        }
    }

    /// Whether nothing is needed.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// About how many bytes it takes in a page.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let value = |value: &Value| value.as_str().map_or(8, str::len);
        let values: usize = self
            .values
            .iter()
            .map(|(name, held)| name.len() + value(held) + 6)
            .sum();
        let schedule = self.schedule.as_ref().map_or(0, |name| name.len() + 6);
        values + schedule + self.recipients.bytes()
    }
}

/// The users that an attribute lists: a list or a set of texts, or one text.
fn texts(row: &Row, attribute: &str) -> Vec<String> {
    match row.attributes.get(attribute) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(listed)) => listed
            .iter()
            .filter_map(|user| user.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

impl Collection {
    /// The attributes of a row that a decision needs (`Fields::Judged` of the ports), each attribute once.
    #[must_use]
    pub fn judged_attributes(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.key.attributes().collect();
        names.extend(self.tenant.attribute());
        let by = self.parent.iter().flat_map(|parent| &parent.by);
        names.extend(by.map(|name| self.behind(name)));
        let author = self.author.iter();
        names.extend(author.map(|author| self.behind(&author.attribute)));
        if let Some(promotion) = self
            .parent
            .as_ref()
            .and_then(|parent| parent.promote.as_ref())
        {
            names.extend([promotion.owner.as_str(), promotion.by.as_str()]);
        }
        let filtered = self.filters.attributes();
        names.extend(filtered.map(|name| self.behind(name)));
        names.extend(self.marks.written());
        names.extend(self.watched());
        if let Some(adopt) = &self.adopt {
            names.push(&adopt.deleted_at);
            names.extend(adopt.deleted_by.as_deref());
        }
        names.extend(self.effect_attributes());
        names.extend(self.schedule.iter().flat_map(ScheduleTemplate::attributes));
        if let Some(Recipients::Attribute(attribute)) = &self.recipients {
            names.push(attribute);
        }
        each_once(names)
    }

    /// The attributes of a row that its document says, or that a decision needs (`Fields::Searched` of the ports), each
    /// attribute once.
    #[must_use]
    pub fn searched_attributes(&self) -> Vec<&str> {
        let mut names = self.judged_attributes();
        for field in self.document.iter().flat_map(|spec| &spec.fields) {
            if !names.contains(&field.as_str()) {
                names.push(field);
            }
        }
        names
    }

    /// The attribute of a document with its author, where a search needs it: some callers may read their own records
    /// only.
    #[must_use]
    pub fn document_author(&self) -> Option<&str> {
        let is_needed = self.serve.search && self.permissions.read.contains(&Grant::Author);
        let author = self.author.as_ref().filter(|_| is_needed);
        author.map(|author| author.attribute.as_str())
    }

    /// The fields of a document that its row determines: tenant, key, marks, the author where a search needs it, and those
    /// that are declared, each once, as they are called in the document.
    #[must_use]
    pub fn document_fields(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.key.attributes().collect();
        names.extend(self.tenant.attribute());
        names.extend(self.marks.all());
        names.extend(self.document_author());
        names.extend(
            self.document
                .iter()
                .flat_map(|spec| &spec.fields)
                .map(String::as_str),
        );
        let spec = self.document.as_ref();
        let field = |name| spec.map_or(name, |spec| spec.field(name));
        each_once(names.into_iter().map(field).collect())
    }

    /// The attributes whose values effects need, and those that say where the document is, as they are in the row.
    pub(crate) fn effect_attributes(&self) -> Vec<&str> {
        let mut parts: Vec<&str> = Vec::new();
        let group = self.event.iter().flat_map(|event| &event.group);
        parts.extend(group.map(String::as_str));
        if self.recipients.is_some() {
            parts.extend(self.author.iter().map(|author| author.attribute.as_str()));
        }
        if !self.aggregates.is_empty() {
            let by = self.parent.iter().flat_map(|parent| &parent.by);
            parts.extend(by.map(String::as_str));
        }
        let kept = self.keeps.iter().flat_map(|keeps| &keeps.by);
        parts.extend(kept.map(String::as_str));
        if let Some(document) = &self.document {
            parts.extend(document.place_names());
            let of_tenant = self.tenant.attribute().filter(|_| document.is_unique);
            parts.extend(of_tenant);
        }
        let mut names: Vec<&str> = parts.into_iter().map(|name| self.behind(name)).collect();
        let over_an_index = self
            .aggregates
            .iter()
            .filter(|aggregate| aggregate.lookup != ChildLookup::Table);
        names.extend(over_an_index.map(|aggregate| aggregate.of.as_str()));
        each_once(names)
    }
}

/// The same names, each once.
fn each_once(mut names: Vec<&str>) -> Vec<&str> {
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    names
}
