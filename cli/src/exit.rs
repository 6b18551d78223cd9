//! The exit codes, which scripts rely on: a meaning is never changed, a new one gets a new number.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked; a check found what it should.
    Done = 0,
    /// The check was made, and its answer is no.
    Differs = 1,
    /// The command line is wrong: nothing was called. clap ends with this one by itself, a command with [`Usage`].
    Usage = 2,
    /// It could not be done: no credentials, a refusal, no answer.
    NotDone = 3,
    /// There is nothing to check: no such deletion, or what would prove it is gone.
    Nothing = 4,
}

impl Exit {
    /// All of them, for the page that lists them.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Differs,
        Self::Usage,
        Self::NotDone,
        Self::Nothing,
    ];
}

/// A command line that clap takes and that is wrong all the same, because of what the collection files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

impl From<&anyhow::Error> for Exit {
    fn from(error: &anyhow::Error) -> Self {
        if error.is::<Usage>() {
            Self::Usage
        } else {
            Self::NotDone
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
