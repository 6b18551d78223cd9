//! What the engine and the requests need from outside: narrow traits, each with its contract.
//!
//! **One method is one store call.** A method that works on several records returns for each its outcome, or that it
//! should be asked again ([`Attempt::Retry`]). A store is asked again in three places: by an adapter within the one
//! call, as its SDK does; by the engine's `settle`, within the slice; by the requests' `ask_again`, within the time
//! that a client waits. So the rule that no call begins after a slice's end is enforced in one place, and a fake needs
//! no clock.
//!
//! An empty batch gets an empty answer.
//!
//! # Which ports belong together
//!
//! **Rows, archive and control table are one backend.** Accepting a delete ([`AcceptDeletions`]) marks the root's row
//! and writes the deletion in one transaction, and ending a restore ([`AdvanceDeletions::finish_restore`]) clears that
//! mark and stores the final state in one. Another database must implement all of these ports at once: [`ReadRows`],
//! [`MarkRows`], [`ClearRows`], [`PurgeRows`], [`EraseRows`], [`ArchiveRows`], [`DetachRows`], [`RepairAggregates`],
//! [`WriteRows`]; [`AcceptDeletions`], [`ReadDeletions`], [`ChangeDeletions`], [`AdvanceDeletions`], [`FindDue`],
//! [`StoreNotices`]. These ports promise each other such transactions and no more: nothing else spans two calls.
//!
//! Each of the others can be replaced alone: the documents ([`ReadDocuments`], [`MarkDocuments`], [`ClearDocuments`],
//! [`PurgeDocuments`], [`IndexDocuments`], [`SearchDocuments`], with [`DomainHealth`]), the queue ([`SendDeletion`]), the bus
//! ([`PublishEvents`]), the scheduler ([`RemoveSchedules`]), the clock ([`Clock`], [`Ids`]).
//!
//! # How to add one
//!
//! The example is [`RemoveSchedules`], the smallest port of a store. Every step is a piece of code that can be read.
//!
//! 1. **The trait**, in `ports/schedules.rs`. One method, one call. Its documentation answers what a caller must know:
//!    what happens if it is done twice, what "not there" means, and what is unknown after an error.
//!
//!    ```text
//!    pub trait RemoveSchedules: Send + Sync {
//!        /// Removes the schedule of this name … Doing it again is harmless …
//!        ///
//!        /// # Errors
//!        ///
//!        /// When the scheduler did not answer; it may be removed all the same …
//!        fn remove(&self, name: &str)
//!            -> impl Future<Output = Result<Attempt<ScheduleOutcome>, DependencyError>> + Send;
//!    }
//!    ```
//!
//!    An outcome is an enum, marked `#[must_use]`, in which "did nothing" is a variant ([`ScheduleOutcome::Missing`]). A call
//!    about several records takes a slice, has a constant for the size of its batch and answers
//!    `Result<Vec<Attempt<_>>, DependencyError>`, in the order of the slice ([`MarkRows`] is the example).
//! 2. **The fake**, in `testing/schedules.rs`: `FakeSchedules`, a set of names with behaviour and without a clock. Tests
//!    get methods to put things there and to look at them.
//! 3. **The failing decorator**, in `testing/failing/forwarding.rs`: one line in the macro, and the variant with its two texts
//!    in `testing/faults/operation.rs`.
//!
//!    ```text
//!    RemoveSchedules {
//!        one RemoveSchedule: remove(name: &str) -> ScheduleOutcome;
//!    }
//!    ```
//!
//!    From now on every test that kills a worker at each call kills it at this one, too.
//! 4. **The contract**, in `testing/contract/schedules.rs`: a trait for what the suite needs beside the port
//!    (`SchedulesHarness`), one function for each rule, and the macro `schedules_contract!`, which lists them.
//!
//!    ```text
//!    pub async fn removing_a_schedule_again_finds_none<H: SchedulesHarness>(harness: &H) { … }
//!    ```
//! 5. **The adapter**, in `aws/event_bridge_schedules.rs`: it translates, and decides one thing: which failure may pass
//!    ([`Attempt::Retry`], [`DependencyError::unavailable`]) and which will not ([`DependencyError::refused`]). It does not
//!    ask again.
//! 6. **Both in the suite**: a harness over the fake in `tests/it/contracts/fakes.rs`, one over the real store in
//!    `tests/it/contracts/real.rs`, a line for each in `tests/it/contracts.rs`.
//! 7. **The wiring**: a type of [`EnginePorts`], [`ApiPorts`] or [`SweepPorts`] in `ports/wired.rs` for the functions
//!    that need it, and the adapter in `wiring/lib.rs`, for those functions only. No other function gets it.
//! 8. **The right**: the action in the role of those functions in `template.yaml`. `cargo xtask test` fails for a call that
//!    is not allowed, and for a right that nothing uses.

mod aggregates;
mod archive;
mod clock;
mod deletions;
mod detach;
mod documents;
mod domain_health;
mod error;
mod events;
mod notice;
mod queue;
mod related;
mod rows;
mod schedules;
mod wired;
mod writes;

pub use self::aggregates::{
    Direction, InOrder, OrderAlong, OrderQuery, RepairAggregates, SetOutcome,
};
pub use self::archive::{
    ArchiveRows, CopyOutcome, EraseOutcome, EraseRows, Found, PutBackOutcome, RowToCopy,
    RowToErase, TakeOutcome, WholeRow,
};
pub use self::clock::{Clock, Ids};
pub use self::deletions::{
    AcceptDeletions, AcceptOutcome, AdvanceDeletions, Ancestor, ChangeDeletions, DeletionItems,
    DeletionRange, DeletionSummary, FindDue, OnlyIf, PutPageOutcome, ReadDeletions,
    RequestedOutcome, RestoreOutcome, StoreAdoptions, StoreOnceOutcome, StoreOutcome, UndoOutcome,
};
pub use self::detach::{DetachOutcome, DetachRows};
pub use self::documents::{
    ClearDocuments, DocumentClearOutcome, DocumentContent, DocumentMarkOutcome, DocumentState,
    DocumentVersion, MarkDocuments, PurgeDocuments, ReadDocuments, RemoveOutcome, SearchDocuments,
    SearchPage, SearchQuery,
};
pub use self::domain_health::{DomainHealth, Health};
pub use self::error::DependencyError;
pub use self::events::PublishEvents;
pub use self::notice::StoreNotices;
pub use self::queue::SendDeletion;
pub use self::related::{LOOKED_FOR_HELD, Related};
pub use self::rows::{
    ClearOutcome, ClearRows, Fields, FindMarked, MarkOutcome, MarkRows, PurgeOutcome, PurgeRows,
    ReadRows, RowPage, RowQuery, RowToClear, RowToMark, Through,
};
pub use self::schedules::{RemoveSchedules, ScheduleOutcome, can_name_a_schedule};
pub use self::wired::{
    ApiPorts, EnginePorts, Outgoing, OutgoingOf, Stores, StoresOf, SweepPorts, Wired,
};
pub use self::writes::{
    COMPARED, IndexDocuments, IndexOutcome, Stored, TakeBackOutcome, Unchanged, WriteOutcome,
    WriteRows,
};

/// The answer of one call for one of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Attempt<T> {
    /// It was answered.
    Done(T),
    /// The store was too busy, or another writer was active: ask again, later. Says why, for the log.
    Retry(String),
}
