//! Who asks, and what each may do: said here once more, and not taken from the code.

use serde_json::{Value, json};
use wiring::config::GroupsForm;

use super::situations::{Record, Situation};
use crate::api::event::Event;

/// The form of a groups claim that is a text.
pub(super) const FORM: GroupsForm = GroupsForm::Commas;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// In the group that may do everything.
    Admin,
    /// In the group that may read everything.
    Reader,
    /// The same, by a text in the configured form.
    ReaderByText,
    /// In no group, and the author of some records.
    Author,
    /// In no group, and without records.
    Member,
    /// With a groups claim in no form that is known, where a group is denied.
    Unclear,
    /// In the group that may do everything, and in one that may do nothing.
    Denied,
    /// Without a verified token.
    Nobody,
}

pub(super) const CALLERS: [Caller; 8] = [
    Caller::Admin,
    Caller::Reader,
    Caller::ReaderByText,
    Caller::Author,
    Caller::Member,
    Caller::Unclear,
    Caller::Denied,
    Caller::Nobody,
];

/// What somebody may do to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    Read,
    Write,
    Delete,
    Restore,
}

/// To which records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    All,
    Own,
    None,
}

impl Caller {
    pub(super) fn subject(self) -> &'static str {
        match self {
            Self::Admin => "ada",
            Self::Reader | Self::ReaderByText => "rea",
            Self::Author => "ann",
            Self::Member | Self::Unclear | Self::Denied | Self::Nobody => "cy",
        }
    }

    /// The request, from this caller.
    pub(super) fn asks(self, event: Event) -> Event {
        let groups = match self {
            Self::Nobody => return event.authorizer(Value::Null),
            Self::Admin => json!(["admin"]),
            Self::Reader => json!(["readers"]),
            Self::ReaderByText => json!("ops, readers"),
            Self::Author | Self::Member => json!([]),
            Self::Unclear => json!("[readers]"),
            Self::Denied => json!(["admin", "guest"]),
        };
        event.with_token(&json!({
            "sub": self.subject(), "custom:tenant": "acme", "cognito:groups": groups,
        }))
    }

    pub(super) fn whose(self, collection: &str, may: May) -> Whose {
        match (self, may) {
            (Self::Unclear | Self::Denied | Self::Nobody, _) => Whose::None,
            (Self::Admin, _) => Whose::All,
            // Only admins may do anything here.
            _ if collection == "safes" => Whose::None,
            (Self::Reader | Self::ReaderByText, May::Read) => Whose::All,
            (_, May::Restore) => Whose::None,
            (_, May::Read | May::Write | May::Delete) => Whose::Own,
        }
    }

    pub(super) fn may(self, situation: Situation, may: May) -> bool {
        match self.whose(situation.collection, may) {
            Whose::All => true,
            Whose::Own => situation.record.author() == Some(self.subject()),
            Whose::None => false,
        }
    }

    /// Whether the caller may do anything to the book above the record, which is ann's.
    pub(super) fn may_know_the_book(self) -> bool {
        match self.whose("books", May::Read) {
            Whose::All => true,
            Whose::Own => self.subject() == "ann",
            Whose::None => false,
        }
    }

    /// Whether the deletion of the record, if there is one, is one that the caller sees.
    pub(super) fn sees_deletion(self, record: Record) -> bool {
        match record {
            Record::Marked(_) => self == Self::Admin,
            Record::MarkedByAuthor => [Self::Admin, Self::Author].contains(&self),
            Record::Absent | Record::Of(_) | Record::Foreign | Record::ForeignMarked => false,
        }
    }
}
