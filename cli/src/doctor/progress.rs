//! What is being looked at, on one line of a terminal that is gone afterwards.

use std::io::{IsTerminal as _, Write as _, stderr};

/// A line of the terminal; nothing where there is none, or where a program reads the answer.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
}

impl Progress {
    /// Shown on a terminal, unless it is not wanted.
    #[must_use]
    pub fn new(is_wanted: bool) -> Self {
        Self {
            is_shown: is_wanted && stderr().is_terminal(),
        }
    }

    /// Says what is being done now.
    pub fn tell(&self, what: &str) {
        if self.is_shown {
            let _closed = write!(stderr(), "\r\x1b[K{what}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.tell("");
    }
}
