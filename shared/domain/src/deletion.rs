//! A deletion: its identity, what is known about it, and what may happen to it.
//!
//! [`Deletion`] is the content of the `META` item. It is changed only by the functions of `transition.rs` and
//! `comparing.rs`, each of which returns the next value; a store saves it unless another writer changed it in between
//! (compare-and-set on `revision`), so the loser of a race reads what the winner decided.

mod accepted;
mod comparing;
pub mod comparison;
mod counts;
mod due;
mod failure;
mod id;
mod late;
pub mod machine;
mod marking;
mod order;
mod pass_events;
mod releasing;
mod restoring;
mod sending;
mod state;
mod timing;
mod transition;
mod value;

pub use self::accepted::Accepted;
pub use self::comparison::Comparison;
pub use self::counts::{DeleteCounts, PurgeCounts, RestoreCounts};
pub use self::due::{Due, DueKind, RetryLimits, due, give_up};
pub use self::failure::Failure;
pub use self::id::DeletionId;
pub use self::machine::{Action, Refusal, Terms};
pub use self::pass_events::{Notified, PassEvents};
pub use self::releasing::EndedEarly;
pub use self::state::{Pass, State};
pub use self::timing::Timing;
pub use self::transition::NotAllowed;
pub use self::value::{Deletion, LastAction, Lease};

/// The version of the stored items that this build writes.
pub const VERSION: u32 = 1;

/// The version of a deletion while its purge has done pages, and does late arrivals last: a build that did them first would
/// take pages for done that are not.
pub const LATE_LAST: u32 = 2;

/// The version of a scope with filters: a build that knows none would delete what they leave out.
pub const FILTERED: u32 = 3;

/// The version of a deletion without a root that does late arrivals before what was requested, once there are any: a build
/// that did them last would take pages for done that are not.
pub const TOPS_LAST: u32 = 4;

/// The newest version of an item of the control table that this build works on.
pub const KNOWN: u32 = 4;
