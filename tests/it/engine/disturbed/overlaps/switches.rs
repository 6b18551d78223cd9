//! What a story may contain, and what is asked of its end. Whatever is switched off waits for the faults beside it.

use domain::collection::Strategy;

/// Something that a story may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    /// Deletions of ids.
    Ids,
    /// Deletions of what an author wrote.
    Author,
    /// Children that are written below a parent that may be dying.
    Late,
    /// A new record under a key that was there before.
    Anew,
    /// Notes that move to another stream.
    Move,
    /// Notes that become another tenant's.
    GiveAway,
    /// Rows that their owner removes.
    Remove,
    /// Rows that their owner takes back.
    Unmark,
    /// Indexes that lag.
    Lag,
    /// Documents that the index refuses to change.
    Refuse,
    /// Rows that are too large for a mark.
    Large,
    /// Documents that are lost while their records are deleted.
    LoseDocument,
}

/// Something that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Another tenant's record is as it was.
    Foreign,
    /// A record keeps the mark of the deletion that took it.
    OneMark,
    /// A later record of a key is left alone by a request for an earlier one, and so is what is below a later root.
    LaterIsLeftAlone,
    /// The same, counted from the request and not from the moment at which its page was written.
    LaterThanAsked,
    /// A record that has moved away before a run of a deletion began is not taken by that run.
    MovedAway,
    /// A record is given back below the record that it was below.
    SameParent,
    /// A record is given back by a restore of the deletion that has it.
    GivenBackByItsOwn,
    /// What the engine removes carries its mark, or is in its archive.
    OnlyMarkedAreRemoved,
    /// Nothing is removed for good before its time.
    NotBeforeItsTime,
    /// A record is in one place.
    OnePlace,
    /// What a deletion counts as deleted, it took; what it took, it counts.
    Counted,
    /// The counts are what manifest and exceptions say.
    Counts,
    /// Everything that was asked for is deleted in the end.
    Complete,
    /// Nothing live hangs below what a deletion removed.
    NoOrphan,
    /// Nothing is left of a deletion that is over.
    NothingLeft,
    /// Row and document say the same.
    StoresAgree,
    /// Each record is told by an event, once, and by no other deletion.
    Told,
    /// Every deletion ends.
    Ends,
}

const ALL: &[Strategy] = &[Strategy::Flag, Strategy::Archive, Strategy::Erase];

/// What no story contains under these strategies, each with the faults that it waits for.
const LEFT_OUT: &[(&[Strategy], Dimension, &str)] = &[
    (ALL, Dimension::Refuse, "A15"),
    (ALL, Dimension::LoseDocument, "A15"),
];

/// What is asked for by hand.
fn asked(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

pub(super) fn is_on(strategy: Strategy, dimension: Dimension) -> bool {
    let is_off =
        |line: &(&[Strategy], Dimension, &str)| line.0.contains(&strategy) && line.1 == dimension;
    let with = asked("CASE_WITH").unwrap_or_default();
    with.contains(&format!("{dimension:?}")) || !LEFT_OUT.iter().any(is_off)
}

pub(super) fn holds(rule: Rule) -> bool {
    asked("CASE_ALL").is_none_or(|only| only == format!("{rule:?}"))
}
