//! What is asked of the end of a story, and all the way there.

/// Something that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Another tenant's record is as it was.
    Foreign,
    /// A record keeps the mark of the deletion that took it.
    OneMark,
    /// A later record of a key is left alone by a request for an earlier one, and so is what is below a later root.
    LaterIsLeftAlone,
    /// What says that it was written after the request is left alone, where the request lists an author's. Ids are judged
    /// when they are selected: what has the key then is meant.
    LaterThanAsked,
    /// A record that has moved away, or that has got its key elsewhere, before a slice of a deletion began is not taken in
    /// that slice.
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
    /// What a deletion counts as deleted, it took; what it took, it counts. Erasing claims nothing: nobody can tell who has
    /// removed what goes while a worker is on it, or after one has died on it.
    Counted,
    /// The counts are what manifest and exceptions say.
    Counts,
    /// Everything that was asked for is deleted in the end.
    Complete,
    /// Nothing live hangs below what a deletion removed. Not so below a root whose key is another record's by now: then
    /// nothing below it is the deletion's.
    NoOrphan,
    /// Nothing is left of a deletion that is over.
    NothingLeft,
    /// Row and document say the same; what an index has refused, or an owner has done meanwhile, once it is compared and
    /// the index takes it.
    StoresAgree,
    /// Each record is told by an event, once, and by no other deletion.
    Told,
    /// Every deletion ends.
    Ends,
}

/// Whether it is asked: all of it is, but where a person asks for one rule by its name.
#[expect(
    clippy::disallowed_methods,
    reason = "a person says which rule to replay"
)]
pub(super) fn is_asked(rule: Rule) -> bool {
    let only = std::env::var("CASE_RULE").ok();
    only.is_none_or(|only| only == format!("{rule:?}"))
}
