//! What the engine and the requests need of the world: narrow traits, each with its contract.
//!
//! **One method is one store call.** A method that works on several records says for each what came of it, or that it
//! should be asked again ([`Attempt::Again`]). A store is asked again in three places: by an adapter within the one call,
//! as its SDK does; by the engine's `settle`, within the slice; by the requests' `ask_again`, within what a client waits
//! for. So the rule that no call begins after a slice's end stands in one place, and a fake needs no clock.
//!
//! A batch of nothing answers nothing.
//!
//! To add a port: write the trait with its odd cases here, a fake in `testing`, a contract suite that runs on both, then
//! the adapter.

mod aggregates;
mod archive;
mod clock;
mod deletions;
mod detach;
mod documents;
mod domain_health;
mod error;
mod events;
mod queue;
mod rows;
mod schedules;
mod told;
mod wired;
mod writes;

pub use self::aggregates::{
    Direction, InOrder, OrderAlong, OrderFrom, OrderQuery, RepairAggregates, SetOutcome,
};
pub use self::archive::{
    ArchiveRows, CopyOutcome, EraseOutcome, EraseRows, Found, PutBackOutcome, RowToCopy,
    RowToErase, RowToPutBack, TakeOutcome, WholeRow,
};
pub use self::clock::{Clock, Ids};
pub use self::deletions::{
    AcceptDeletions, AcceptOutcome, AdvanceDeletions, Ancestor, ChangeDeletions, DeletionSummary,
    FindDue, PutPageOutcome, ReadDeletions, RestoreOutcome, StoreOutcome, UndoOutcome,
};
pub use self::detach::{DetachOutcome, DetachRows};
pub use self::documents::{
    ClearDocuments, DocumentClearOutcome, DocumentMarkOutcome, DocumentState, DocumentVersion, Hit,
    MarkDocuments, PurgeDocuments, ReadDocuments, RemoveOutcome, SearchDocuments, SearchPage,
    SearchQuery,
};
pub use self::domain_health::{DomainHealth, Health};
pub use self::error::DependencyError;
pub use self::events::PublishEvents;
pub use self::queue::SendDeletion;
pub use self::rows::{
    ClearOutcome, ClearRows, Fields, MarkOutcome, MarkRows, PurgeOutcome, PurgeRows, ReadRows,
    RowPage, RowQuery, RowToClear, RowToMark, Through,
};
pub use self::schedules::{RemoveSchedules, ScheduleOutcome, can_name_a_schedule};
pub use self::told::KeepTold;
pub use self::wired::{ApiPorts, EnginePorts, SweepPorts, Wired};
pub use self::writes::{
    IndexDocuments, IndexOutcome, Stored, TakeBackOutcome, WriteOutcome, WriteRows,
};

/// What one call says of one of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Attempt<T> {
    /// It was answered.
    Done(T),
    /// The store was too busy, or somebody else was writing: ask again, later. Says why, for the log.
    Again(String),
}
