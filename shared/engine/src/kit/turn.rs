//! Whether a page is done for the first time.

use domain::deletion::{Deletion, Pass};

/// Which turn of a page this is, in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nobody has begun it: nothing of it is written.
    First,
    /// Somebody may have begun it, and have died: what they wrote is read.
    Resumed,
    /// An earlier run of the pass has done it: only what that left open is done.
    Again,
}

impl Turn {
    /// The turn of this page. `may_be_begun` says whether somebody may have begun it in an earlier slice: only the first
    /// page of a slice can have been.
    pub(crate) fn of(deletion: &Deletion, pass: Pass, page: u32, may_be_begun: bool) -> Self {
        // An earlier run that was given up may have left exceptions of a page that it did not finish. One of the delete
        // has closed it.
        let is_left = pass != Pass::Delete && deletion.notified.of(pass).is_again();
        if deletion.is_done_before(pass, page) {
            Self::Again
        } else if may_be_begun || is_left {
            Self::Resumed
        } else {
            Self::First
        }
    }
}
