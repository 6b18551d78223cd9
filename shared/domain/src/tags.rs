//! Which versions of a thing a request is meant for: the tags of `If-Match`, and what the tag of a record is.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::collection::Collection;
use crate::hex::hex;
use crate::number::decimal;
use crate::row::Row;

/// The tags that a client has sent; whatever has another one has changed since the client saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tags {
    /// None: the request is meant for every version, and for what does not exist.
    #[default]
    Unasked,
    /// `*`: every version of what exists.
    Any,
    /// One of these.
    Of(Vec<String>),
}

impl Tags {
    /// Whether a version with this tag is meant.
    #[must_use]
    pub fn hold(&self, tag: &str) -> bool {
        match self {
            Self::Unasked | Self::Any => true,
            Self::Of(tags) => tags.iter().any(|wanted| wanted == tag),
        }
    }

    /// Whether the request says anything about the version.
    #[must_use]
    pub fn are_asked(&self) -> bool {
        *self != Self::Unasked
    }
}

/// The tag of a record: another one for every other content that is shown. What is hidden has no part in it, because
/// whoever guesses a value could compare the tag; and a number has the same one however it is written.
#[must_use]
pub fn tag_of(collection: &Collection, row: &Row) -> String {
    let mut hash = Sha256::new();
    let shown = row.attributes.iter();
    for (name, value) in shown.filter(|(name, _)| collection.shows(name)) {
        text(&mut hash, name);
        add(&mut hash, value);
    }
    hex(hash.finalize().into_iter().take(16))
}

/// The tag of a text that is answered as it is.
#[must_use]
pub fn tag_of_text(text: &str) -> String {
    hex(Sha256::digest(text).into_iter().take(16))
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update(text.len().to_be_bytes());
    hash.update(text.as_bytes());
}

/// Each kind of value begins with another letter, and says how long it is.
fn add(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update(b"z"),
        Value::Bool(flag) => hash.update([b'b', u8::from(*flag)]),
        Value::Number(number) => {
            hash.update(b"n");
            text(hash, &format!("{:?}", decimal(&number.to_string())));
        }
        Value::String(value) => {
            hash.update(b"s");
            text(hash, value);
        }
        Value::Array(values) => {
            hash.update(b"l");
            hash.update(values.len().to_be_bytes());
            for value in values {
                add(hash, value);
            }
        }
        Value::Object(values) => {
            hash.update(b"m");
            hash.update(values.len().to_be_bytes());
            for (name, value) in values {
                text(hash, name);
                add(hash, value);
            }
        }
    }
}
