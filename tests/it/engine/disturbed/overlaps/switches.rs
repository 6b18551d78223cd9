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
const REMOVES: &[Strategy] = &[Strategy::Archive, Strategy::Erase];

/// Rules that are broken under these strategies, each with the faults that it waits for. Whoever mends one removes its
/// line.
const WAITING: &[(&[Strategy], Rule, &str)] = &[
    (
        ALL,
        Rule::LaterThanAsked,
        "A12, if its mend goes back to the request; design 5.2 judges existence at select",
    ),
    (ALL, Rule::NoOrphan, "A6, A7, A8"),
    (
        REMOVES,
        Rule::Counted,
        "A1 after a crash, where no claim says who removed a record",
    ),
    (
        REMOVES,
        Rule::NotBeforeItsTime,
        "A12: one deletion has one copy for each key, also of two records of it",
    ),
];

/// What no story contains under these strategies, each with the faults that it waits for.
const LEFT_OUT: &[(&[Strategy], Dimension, &str)] = &[
    (ALL, Dimension::Refuse, "A15"),
    (ALL, Dimension::LoseDocument, "A15"),
];

/// Whatever it waits for, everything is asked where `CASE_ALL` is set; only one rule where it is the name of one.
fn asked() -> Option<String> {
    let asked = std::env::var_os("CASE_ALL")?;
    asked.into_string().ok()
}

pub(super) fn is_on(strategy: Strategy, dimension: Dimension) -> bool {
    let is_off =
        |line: &(&[Strategy], Dimension, &str)| line.0.contains(&strategy) && line.1 == dimension;
    asked().is_some() || !LEFT_OUT.iter().any(is_off)
}

pub(super) fn holds(strategy: Strategy, rule: Rule) -> bool {
    let is_off = |line: &(&[Strategy], Rule, &str)| line.0.contains(&strategy) && line.1 == rule;
    match asked() {
        Some(all) if all == "1" => true,
        Some(only) => only == format!("{rule:?}"),
        None => !WAITING.iter().any(is_off),
    }
}
