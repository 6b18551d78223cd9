//! One error type for a tool whose errors are read by a person: what was tried, and why it did not work.

use std::error::Error;
use std::fmt;

/// What every fallible function of this crate answers.
pub type Result<T> = std::result::Result<T, Failure>;

/// What could not be done; the reason is the source.
#[derive(Debug)]
pub struct Failure {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure without a deeper reason.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            source: None,
        }
    }

    /// The failure and its reasons on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.what.clone();
        let mut next = self.source();
        while let Some(reason) = next {
            line.push_str(": ");
            line.push_str(&reason.to_string());
            next = reason.source();
        }
        line
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

/// Puts what was tried in front of why it failed.
pub trait Context<T> {
    /// `what` says what was tried: "read stack.json".
    ///
    /// # Errors
    ///
    /// When `self` is one.
    fn context(self, what: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|source| Failure {
            what: what.into(),
            source: Some(source.into()),
        })
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl Into<String>) -> Result<T> {
        self.ok_or_else(|| Failure::new(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_what_was_tried_and_why_it_failed() {
        let inner: Result<()> = Err(std::io::Error::other("disk full")).context("write the log");

        let outer = inner.context("start the stack").unwrap_err();

        assert_eq!(outer.chain(), "start the stack: write the log: disk full");
    }
}
