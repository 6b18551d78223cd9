//! Whether a page is done for the first time.

use domain::deletion::{Deletion, Pass};

/// Which turn of a page this is, in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// No worker has begun it: nothing of it is written.
    First,
    /// A worker may have begun it and crashed, or an earlier run of the delete has written it: what that worker wrote, and
    /// what has become of the records, is read.
    Resumed,
    /// An earlier run of the pass has done it: only the records that it left unfinished are done.
    Again,
}

impl Turn {
    /// How many records are done in one go where each may need calls of its own: a worker can remember how far it is
    /// between two of those. Few once a slice was not long enough, perhaps.
    pub(crate) fn in_one_go(self) -> usize {
        match self {
            Self::First => 200,
            Self::Resumed | Self::Again => 25,
        }
    }

    /// The turn of this page. `may_be_begun` says whether a worker may have begun it in an earlier slice: that is
    /// possible only for the first page of a slice.
    pub(crate) fn of(deletion: &Deletion, pass: Pass, page: u32, may_be_begun: bool) -> Self {
        // An earlier run that was given up may have left exceptions of a page that it did not finish. A run of the
        // delete has closed such a page.
        let is_left = pass != Pass::Delete && deletion.notified.of(pass).is_again();
        let is_stale = pass == Pass::Delete && deletion.is_of_an_earlier_run(page);
        if deletion.is_done_before(pass, page) {
            Self::Again
        } else if may_be_begun || is_left || is_stale {
            Self::Resumed
        } else {
            Self::First
        }
    }
}
