//! What is wrong with the files: collected, never only the first, and each with the place to change.

use std::fmt;

use super::place::Place;

/// One error of a collections file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CollectionFileError {
    /// The file's name, as it was given.
    pub file: String,
    /// The line, from 1; 0 when the error is about no line.
    pub line: usize,
    /// The key with its path, e.g. `messages.parent.by`; empty when the text is not TOML.
    pub key: String,
    /// What is wrong and what to write.
    pub message: String,
}

/// All errors of all files, in the order of the files and lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CollectionFileErrors(Vec<CollectionFileError>);

impl CollectionFileErrors {
    /// The errors, in the order of the files and lines.
    pub fn iter(&self) -> impl Iterator<Item = &CollectionFileError> {
        self.0.iter()
    }
}

impl fmt::Display for CollectionFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// One error a line.
impl fmt::Display for CollectionFileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

/// The errors found so far.
#[derive(Default)]
pub(super) struct Problems<'a> {
    found: Vec<(Place<'a>, String)>,
}

impl<'a> Problems<'a> {
    /// Adds one: `message` says what is wrong, then what to write.
    pub(super) fn add(&mut self, place: Place<'a>, message: impl Into<String>) {
        self.found.push((place, message.into()));
    }

    /// How many there are, so that a caller knows whether its own part added any.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// The value when nothing was found, else all that was.
    pub(super) fn none_or<T>(mut self, value: T) -> Result<T, CollectionFileErrors> {
        if self.found.is_empty() {
            return Ok(value);
        }
        self.found
            .sort_by_key(|(place, _)| (place.file.position, place.line));
        let error = |(place, message): (Place<'a>, String)| CollectionFileError {
            file: place.file.name.to_owned(),
            line: place.line,
            key: place.key,
            message,
        };
        Err(CollectionFileErrors(
            self.found.into_iter().map(error).collect(),
        ))
    }
}
