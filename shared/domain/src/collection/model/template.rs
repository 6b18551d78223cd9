//! The document's id, made from the record's key: two records never get the same one.
//!
//! That is the whole point of this file: a document that is found by an ambiguous id could be another record's, and a
//! purge would remove it for good. A template is injective because of two rules: it contains every key part once, with
//! a literal between two of them, and a value that could be mistaken for that literal is refused when it is rendered.

use super::key_schema::KeySchema;

/// The longest document id in bytes that OpenSearch accepts.
pub const ID_BYTES: usize = 512;

/// How a document's id is made, e.g. `{discussion_id}~{message_id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTemplate {
    /// The text before the first value.
    prefix: String,
    /// Each attribute with the literal after it: the separator, or for the last one the end.
    values: Vec<(String, String)>,
}

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
    #[error("has a brace without its partner; write each key attribute as `{{name}}`")]
    Brace,
    #[error("names `{{{0}}}`, which is no attribute of the key; name {1}")]
    NotAKeyAttribute(String, String),
    #[error("names `{{{0}}}` twice; name it once")]
    Twice(String),
    #[error(
        "does not name `{{{0}}}`; two records could get one id: name every attribute of the key"
    )]
    Unnamed(String),
    #[error(
        "has nothing between `{{{0}}}` and `{{{1}}}`; write a separator that the values cannot hold"
    )]
    NoSeparator(String, String),
}

impl IdTemplate {
    /// Reads a template for this key.
    pub(in crate::collection) fn parse(text: &str, key: &KeySchema) -> Result<Self, TemplateError> {
        let mut pieces = text.split('{');
        let prefix = literal(pieces.next().unwrap_or_default())?;
        let mut values: Vec<(String, String)> = Vec::new();
        for piece in pieces {
            let (attribute, behind) = piece.split_once('}').ok_or(TemplateError::Brace)?;
            if !key.attributes().any(|part| part == attribute) {
                let known: Vec<_> = key
                    .attributes()
                    .map(|part| format!("`{{{part}}}`"))
                    .collect();
                return Err(TemplateError::NotAKeyAttribute(
                    attribute.to_owned(),
                    known.join(" and "),
                ));
            }
            if values.iter().any(|(earlier, _)| earlier == attribute) {
                return Err(TemplateError::Twice(attribute.to_owned()));
            }
            if let Some((before, separator)) = values.last()
                && separator.is_empty()
            {
                return Err(TemplateError::NoSeparator(
                    before.clone(),
                    attribute.to_owned(),
                ));
            }
            values.push((attribute.to_owned(), literal(behind)?));
        }
        match key
            .attributes()
            .find(|part| !values.iter().any(|(named, _)| named == part))
        {
            Some(part) => Err(TemplateError::Unnamed(part.to_owned())),
            None => Ok(Self { prefix, values }),
        }
    }

    /// The id of the document of the record with these key parts, given as `(attribute, value)`.
    ///
    /// # Errors
    ///
    /// [`IdError`] when the key has no unambiguous id, or one that OpenSearch does not accept. A part that is not given
    /// counts as ambiguous.
    pub fn render(&self, parts: &[(&str, &str)]) -> Result<String, IdError> {
        let mut id = self.prefix.clone();
        for (position, (attribute, behind)) in self.values.iter().enumerate() {
            let ambiguous = || IdError::Ambiguous {
                attribute: attribute.clone(),
            };
            let (_, value) = parts
                .iter()
                .find(|(name, _)| name == attribute)
                .ok_or_else(ambiguous)?;
            if self.separators().any(|separator| value.contains(separator)) {
                return Err(ambiguous());
            }
            let start = id.len();
            id.push_str(value);
            id.push_str(behind);
            // "a~" and the separator "~~" read as "a", "~~", "~": found where the value has not ended yet.
            if position + 1 < self.values.len()
                && id[start..].find(behind.as_str()) != Some(value.len())
            {
                return Err(ambiguous());
            }
        }
        if id.len() > ID_BYTES {
            Err(IdError::TooLong { bytes: id.len() })
        } else {
            Ok(id)
        }
    }

    /// The literals between two values; those before the first and after the last value cannot be mistaken.
    fn separators(&self) -> impl Iterator<Item = &str> {
        let between = self.values.len().saturating_sub(1);
        self.values[..between]
            .iter()
            .map(|(_, separator)| separator.as_str())
    }
}

/// A piece of text without braces.
fn literal(text: &str) -> Result<String, TemplateError> {
    if text.contains('}') {
        Err(TemplateError::Brace)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests;
