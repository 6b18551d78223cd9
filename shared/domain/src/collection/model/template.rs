//! The document's id, made from the record's key: two records never get the same one.
//!
//! That is the whole point of this file: a document that is found by an ambiguous id could be another record's, and a
//! purge would remove it for good. A template is injective because of two rules: it contains every key part once, with
//! a literal between two of them ([`Pattern`]), and a value that could be mistaken for that literal is refused.

use super::key_schema::KeySchema;
use super::pattern::{Known, Pattern, PatternError};
use crate::key::value_of;

/// The longest document id in bytes that OpenSearch accepts.
pub const ID_BYTES: usize = 512;

/// How a document's id is made, e.g. `{discussion_id}~{message_id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTemplate(Pattern);

/// Why a record has no document id: that record fails with this reason, the others do not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The value contains the separator, or ends with the beginning of one, or is absent.
    #[error("the value of `{attribute}` makes the document's id ambiguous")]
    Ambiguous {
        /// The key attribute.
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
    #[error("names `{{{0}}}`, which is no attribute of the key; name {1}")]
    NotAKeyAttribute(String, String),
    #[error(
        "does not name `{{{0}}}`; two records could get one id: name every attribute of the key"
    )]
    Unnamed(String),
}

impl IdTemplate {
    /// Reads a template for this key.
    pub(in crate::collection) fn parse(text: &str, key: &KeySchema) -> Result<Self, TemplateError> {
        let pattern = Pattern::parse(text)?;
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

    /// The id of the document of the record with these key parts, given as `(attribute, value)`.
    ///
    /// # Errors
    ///
    /// [`IdError`] when the key has no unambiguous id, or one that OpenSearch does not accept. A part that is not given
    /// counts as ambiguous.
    pub fn render(&self, parts: &[(&str, &str)]) -> Result<String, IdError> {
        let value = |name: &str| value_of(parts, name);
        let ambiguous = |attribute: &str| IdError::Ambiguous {
            attribute: attribute.to_owned(),
        };
        match self.0.write(value) {
            Ok(Known::Whole(id)) if id.len() > ID_BYTES => {
                Err(IdError::TooLong { bytes: id.len() })
            }
            Ok(Known::Whole(id)) => Ok(id),
            Ok(Known::Beginning(_)) => {
                let missing = self.0.names().find(|name| value(name).is_none());
                Err(ambiguous(missing.unwrap_or_default()))
            }
            Err(error) => Err(ambiguous(&error.part)),
        }
    }
}

#[cfg(test)]
mod tests;
