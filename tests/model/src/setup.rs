//! What is explored: how much of each fault and request, and which rules of the protocol are in force.

/// How much of everything that nobody can foresee. Zero leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Workers that die, between any two store calls; with a lease they are also those that stall past it.
    pub crashes: u8,
    /// Messages that are delivered once more, at any later time, and sweeps that send too early.
    pub duplicates: u8,
    /// Messages that are lost, sent or not.
    pub losses: u8,
    /// Documents that the index refuses to mark, clear or remove.
    pub rejects: u8,
    /// Slices that end between any two store calls, in good order.
    pub slice_ends: u8,
    /// Passes that are given up.
    pub give_ups: u8,
    /// Requests to cancel.
    pub cancels: u8,
    /// Requests to retry.
    pub retries: u8,
    /// Requests to restore.
    pub restores: u8,
    /// Requests to purge.
    pub purges: u8,
    /// All requests together.
    pub requests: u8,
    /// Records that their owner writes where there is none: a late child, or a root created anew.
    pub writes: u8,
    /// Times that compare sends a purged deletion back.
    pub finds: u8,
    /// Whether `purge_at` comes, at any moment.
    pub time: u8,
}

impl Bounds {
    /// Nothing but the deletions themselves.
    pub const NONE: Self = Self {
        crashes: 0,
        duplicates: 0,
        losses: 0,
        rejects: 0,
        slice_ends: 0,
        give_ups: 0,
        cancels: 0,
        retries: 0,
        restores: 0,
        purges: 0,
        requests: 0,
        writes: 0,
        finds: 0,
        time: 0,
    };
}

/// Rules of the protocol; each can be taken out, to see that the model misses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule that is in force or is not"
)]
pub struct Guards {
    /// The root's page is written by the acceptance itself.
    pub root_page_at_acceptance: bool,
    /// The purge removes only rows that carry its own mark.
    pub own_mark_at_purge: bool,
    /// Written pages are finished before a cancel is honoured.
    pub pages_before_cancel: bool,
    /// The transaction at the end of a restore has the condition that everything above the root is there and live.
    pub ancestors_at_end: bool,
    /// The restore takes the root's mark off last.
    pub root_last: bool,
    /// The restore clears only its own marks.
    pub own_marks_at_restore: bool,
    /// The look reads the root after the children.
    pub root_after_children: bool,
    /// No store call is under way any more when the lease runs out.
    pub lease_outlives_calls: bool,
    /// The purge reads a document's version before its row, and names it at the removal.
    pub copy_read_first: bool,
    /// Rows are marked before documents.
    pub truth_first: bool,
}

impl Guards {
    /// The protocol as it is.
    pub const ALL: Self = Self {
        root_page_at_acceptance: true,
        own_mark_at_purge: true,
        pages_before_cancel: true,
        ancestors_at_end: true,
        root_last: true,
        own_marks_at_restore: true,
        root_after_children: true,
        lease_outlives_calls: true,
        copy_read_first: true,
        truth_first: true,
    };
}

/// One exploration.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The most that may happen.
    pub bounds: Bounds,
    /// The rules in force.
    pub guards: Guards,
    /// How many workers take messages.
    pub workers: usize,
    /// The most keys of a page.
    pub page_keys: usize,
    /// Which deletions may be asked for: of the root, and of its child.
    pub deletions: [bool; 2],
    /// Whether the grandchild is there from the beginning; otherwise it may arrive late.
    pub grandchild: bool,
}

impl Setup {
    /// Two overlapping deletions, two workers, pages of one key and the protocol as it is.
    #[must_use]
    pub fn with(bounds: Bounds) -> Self {
        Self {
            bounds,
            guards: Guards::ALL,
            workers: 2,
            page_keys: 1,
            deletions: [true, true],
            grandchild: true,
        }
    }
}
