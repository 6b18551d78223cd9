//! The document's id, made from the record's key: two records never get the same one.
//!
//! That is the whole point of this file: a document that is found by an ambiguous id could be another record's, and a
//! purge would remove it for good. A template is injective because of two rules: it contains every key part once, with
//! a literal between two of them ([`Pattern`]), and a value that could be mistaken for that literal is refused. Where a
//! file says that ids of fewer parts are unique all the same, each document is compared with its record.

use super::key_schema::KeySchema;
use super::pattern::{Known, Pattern, PatternError};

/// The longest document id in bytes that OpenSearch accepts.
pub const ID_BYTES: usize = 512;

/// How a document's id is made, e.g. `{discussion_id}~{message_id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTemplate(Pattern);

/// Why a record has no document id: that record fails with this reason, the others do not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The value contains the separator, or ends with the beginning of one.
    #[error("the value of `{attribute}` makes the document's id ambiguous")]
    Ambiguous {
        /// The key attribute.
        attribute: String,
    },
    /// The row has no text in an attribute of which the id is made.
    #[error("the row has no text in `{attribute}`, of which the document's id is made")]
    Missing {
        /// The part or attribute.
        attribute: String,
    },
    /// The row does not say, or not in a way that can be a routing, with which one the document was written.
    #[error("the document was written with a routing that the value of `{attribute}` does not say")]
    NoRouting {
        /// The part or attribute.
        attribute: String,
    },
    /// The row does not say, or not in letters that an index can have, in which index the document is.
    #[error("the value of `{attribute}` makes no name of an index")]
    NoIndex {
        /// The part or attribute.
        attribute: String,
    },
    /// Longer than [`ID_BYTES`].
    #[error("the document's id would have {bytes} bytes, {ID_BYTES} are allowed")]
    TooLong {
        /// How long it would be.
        bytes: usize,
    },
}

/// Why a text is not an id template for a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::collection) enum TemplateError {
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("names no part; write one as `{{name}}`")]
    NamesNothing,
    #[error("names `{{{0}}}`, which is no attribute of the key; name {1}")]
    NotAKeyAttribute(String, String),
    #[error(
        "does not name `{{{0}}}`; two records could get one id: name every attribute of the key, or write `unique = true` if no two records have one id"
    )]
    Unnamed(String),
}

impl IdError {
    /// Whether the record may have a document all the same: nobody can say where. No document has an id that is
    /// ambiguous, or too long.
    #[must_use]
    pub fn leaves_a_document(&self) -> bool {
        match self {
            Self::Missing { .. } | Self::NoRouting { .. } | Self::NoIndex { .. } => true,
            Self::Ambiguous { .. } | Self::TooLong { .. } => false,
        }
    }
}

impl IdTemplate {
    /// Reads a template for this key. One that is unique without the whole key may name other attributes of the row, too.
    pub(in crate::collection) fn parse(
        text: &str,
        key: &KeySchema,
        is_unique: bool,
    ) -> Result<Self, TemplateError> {
        let pattern = Pattern::parse(text)?;
        if is_unique {
            let names_nothing = pattern.names().next().is_none();
            return if names_nothing {
                Err(TemplateError::NamesNothing)
            } else {
                Ok(Self(pattern))
            };
        }
        let is_part = |name: &str| key.parts().into_iter().any(|part| part == name);
        if let Some(other) = pattern.names().find(|name| !is_part(name)) {
            let known = key.parts().into_iter().map(|part| format!("`{{{part}}}`"));
            let known: Vec<_> = known.collect();
            let known = known.join(" and ");
            return Err(TemplateError::NotAKeyAttribute(other.to_owned(), known));
        }
        let is_named = |part: &str| pattern.names().any(|name| name == part);
        match key.parts().into_iter().find(|part| !is_named(part)) {
            Some(part) => Err(TemplateError::Unnamed(part.to_owned())),
            None => Ok(Self(pattern)),
        }
    }

    /// The parts and attributes of which it is made.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The id of the document of the record with these values.
    ///
    /// # Errors
    ///
    /// [`IdError`] when there is no unambiguous id, or one that OpenSearch does not accept.
    pub fn render<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, IdError> {
        let ambiguous = |attribute: &str| IdError::Ambiguous {
            attribute: attribute.to_owned(),
        };
        match self.0.write(&value) {
            Ok(Known::Whole(id)) if id.len() > ID_BYTES => {
                Err(IdError::TooLong { bytes: id.len() })
            }
            Ok(Known::Whole(id)) => Ok(id),
            Ok(Known::Beginning(_)) => {
                let missing = self.0.names().find(|name| value(name).is_none());
                let attribute = missing.unwrap_or_default().to_owned();
                Err(IdError::Missing { attribute })
            }
            Err(error) => Err(ambiguous(&error.part)),
        }
    }
}

#[cfg(test)]
mod tests;
