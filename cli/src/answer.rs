//! What a command answers, for a person and for a program.

use serde_json::Value;

use crate::exit::Exit;

/// The answer of a command that could be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// For a person.
    pub text: String,
    /// The same for a program: members are added, and none is renamed or removed.
    pub json: Value,
    /// How it ended.
    pub exit: Exit,
}

impl Answer {
    /// In the form that was asked for.
    #[must_use]
    pub fn shown(&self, json: bool) -> String {
        if json {
            format!("{:#}", self.json)
        } else {
            self.text.clone()
        }
    }
}

/// An error and its reasons on one line. A library that repeats its reason in its own text is not quoted twice.
#[must_use]
pub fn chain(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for link in error.chain().map(ToString::to_string) {
        if line.ends_with(&link) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&link);
    }
    line
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_reason_that_is_told_already_is_not_told_again() {
        let error = anyhow!("refused")
            .context("call the store: refused")
            .context("read the deletion");

        assert_eq!(chain(&error), "read the deletion: call the store: refused");
    }
}
