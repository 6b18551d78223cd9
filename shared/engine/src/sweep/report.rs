//! What a sweep reports: what was done about each deletion, added up.

use std::ops::AddAssign;

use domain::deletion::comparison::{Tallies, add};
use serde::Serialize;

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SweepReport {
    /// Due deletions that were found.
    pub due: usize,
    /// Messages sent again.
    pub resent: usize,
    /// Deletions given up, with their reason.
    pub parked: usize,
    /// Ended deletions whose owed events have been published.
    pub told: usize,
    /// Events that were given up, because the bus cannot take them.
    pub given_up: u64,
    /// Deletions whose stores were compared to the end.
    pub compared: usize,
    /// Comparisons that a later sweep continues.
    pub comparing: usize,
    /// Deletions that are deleted or purged once more: live records were found that they should have.
    pub returned: usize,
    /// Records that disagree with their deletion. Recreated records are not counted here.
    pub drift_found: u64,
    /// Of those: records that have been repaired.
    pub drift_repaired: u64,
    /// All differences, by kind.
    pub drift: Tallies,
    /// Purges that were begun; workers do them.
    pub purging: usize,
    /// Purged deletions whose pages were dropped.
    pub tidied: usize,
    /// Comparisons and purges that wait because the search domain is not healthy, or did not answer.
    pub put_off: usize,
    /// Deletions that are worked on, or should be, and have made no progress for too long.
    pub silent: usize,
    /// How long the longest of them has made no progress, in seconds.
    pub longest_silence: u64,
    /// How late the latest purge that was due in this sweep is, in seconds.
    pub purge_lag: u64,
    /// Steps that failed; each is logged, and its deletion stays due.
    pub errors: usize,
    /// Deletions that were left alone because a later version wrote part of them; they stay due.
    pub newer: usize,
    /// Deletions that were made of rows which others have marked.
    pub adopted: usize,
    /// Left for the next sweep.
    pub left: usize,
    /// Rows that could not be read as their collections are declared.
    pub unreadable: u64,
}

impl AddAssign for SweepReport {
    fn add_assign(&mut self, more: Self) {
        let Self {
            due,
            resent,
            parked,
            told,
            given_up,
            compared,
            comparing,
            returned,
            drift_found,
            drift_repaired,
            drift,
            purging,
            tidied,
            put_off,
            silent,
            longest_silence,
            purge_lag,
            errors,
            newer,
            adopted,
            left,
            unreadable,
        } = more;
        self.due += due;
        self.resent += resent;
        self.parked += parked;
        self.told += told;
        self.given_up += given_up;
        self.compared += compared;
        self.comparing += comparing;
        self.returned += returned;
        self.drift_found += drift_found;
        self.drift_repaired += drift_repaired;
        add(&mut self.drift, &drift);
        self.purging += purging;
        self.tidied += tidied;
        self.put_off += put_off;
        self.silent += silent;
        self.longest_silence = self.longest_silence.max(longest_silence);
        self.purge_lag = self.purge_lag.max(purge_lag);
        self.errors += errors;
        self.newer += newer;
        self.adopted += adopted;
        self.left += left;
        self.unreadable += unreadable;
    }
}
