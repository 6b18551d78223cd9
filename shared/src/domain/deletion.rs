//! A deletion: its identity, what is known of it, and what may happen to it.
//!
//! [`Deletion`] is the content of the `META` item. It is changed only by the functions of `transition.rs`, each of
//! which returns the next value; a store keeps it if nobody else changed it in between (compare-and-set on
//! `revision`), so who loses a race reads what the winner decided.

mod counts;
mod due;
mod state;
mod transition;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::counts::{DeleteCounts, PurgeCounts};
pub use self::due::{Due, Patience, due, give_up};
pub use self::state::{Pass, State};
pub use self::transition::{NotAllowed, Timing};

use crate::domain::collection::{Collection, CollectionName};
use crate::domain::key::RecordKey;
use crate::domain::page::SelectCursor;
use crate::domain::principal::Tenant;
use crate::domain::row::Mark;

/// The version of the stored items that this build writes, and the newest it works on.
pub const VERSION: u32 = 1;

/// The identity of a deletion: a UUIDv7, so ids sort by the time of acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeletionId(Uuid);

impl DeletionId {
    /// The id with this value.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for DeletionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for DeletionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // One spelling per id: it is part of keys and of links.
        let id = Uuid::try_parse(text)?;
        if id.hyphenated().to_string() == text {
            Ok(Self(id))
        } else {
            Uuid::try_parse("").map(Self)
        }
    }
}

/// Who works on a deletion at the moment, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The end of the slice plus the grace; never renewed.
    pub until: Timestamp,
    /// A random token: two workers that lease in the same millisecond still write different values.
    pub holder: Uuid,
}

/// Why a deletion did not end well, or why its last slice did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code, e.g. `RECORDS_FAILED`.
    pub code: String,
    /// A sentence for people; names dependencies, never record values.
    pub reason: String,
}

/// Which events have been sent. Never reset: events are told once per pass, as the pass went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notified {
    /// `DeletionAccepted`.
    pub accepted: bool,
    /// Pages of the delete whose events are out.
    pub deleted_pages: u32,
    /// `DeletionFinished` of the delete.
    pub delete_finished: bool,
    /// Pages of the purge (counted from the last page) whose events are out.
    pub purged_pages: u32,
    /// `DeletionFinished` of the purge.
    pub purge_finished: bool,
}

/// One deletion, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Its identity.
    pub id: DeletionId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The root's collection.
    pub collection: CollectionName,
    /// The root's key.
    pub root: RecordKey,
    /// The subject who asked.
    pub requested_by: String,
    /// The request that asked.
    pub request_id: String,
    /// The moment of acceptance, which every mark of this deletion carries.
    pub deleted_at: Timestamp,
    /// When the records are removed for good; `None` is never. Frozen at acceptance.
    pub purge_at: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// Grows by one with each stored change: the compare-and-set.
    pub revision: u64,
    /// Grows with each lease.
    pub epoch: u64,
    /// The present lease, if somebody works on it.
    pub lease: Option<Lease>,
    /// Grows with each change into a pass; part of the ids of events.
    pub run: u32,
    /// How many pages the manifest is known to have.
    pub pages: u32,
    /// Pages the delete has done; never goes back.
    pub acted: u32,
    /// Pages the present pass has done; 0 at each change into a pass.
    pub cursor: u32,
    /// Where a purge's look below the root goes on; `None` before it began and when it is over.
    pub look: Option<SelectCursor>,
    /// Whether the present purge has finished its look.
    pub looked: bool,
    /// What the delete found and did, by collection.
    pub deleted: BTreeMap<CollectionName, DeleteCounts>,
    /// What the present purge found and did, by collection.
    pub purged: BTreeMap<CollectionName, PurgeCounts>,
    /// Which events are out.
    pub notified: Notified,
    /// Slices begun since the last progress, those that a dependency refused not counted.
    pub attempts: u32,
    /// How often the sweeper has sent the message again since the last progress.
    pub resends: u32,
    /// Why it failed, or why the last slice ended early.
    pub failure: Option<Failure>,
    /// When the present pass last got on, or was asked for.
    pub progress_at: Timestamp,
    /// When it reached its present final state.
    pub ended_at: Option<Timestamp>,
    /// When the sweeper must look at it; `None` is never.
    pub due_at: Option<Timestamp>,
    /// When the item may disappear by TTL.
    pub expires_at: Option<Timestamp>,
}

impl Deletion {
    /// The mark that its records carry.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            deleted_at: self.deleted_at,
            deleted_by: self.requested_by.clone(),
            deletion_id: self.id,
        }
    }

    /// Whether somebody may be working on it at this moment.
    #[must_use]
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }
}

/// What an api request needs to say for a deletion to begin.
#[derive(Debug)]
pub struct Accepted<'a> {
    /// The new id.
    pub id: DeletionId,
    /// The caller's tenant.
    pub tenant: Tenant,
    /// The caller.
    pub requested_by: String,
    /// The request.
    pub request_id: String,
    /// The root's collection.
    pub collection: &'a Collection,
    /// The root's key.
    pub root: RecordKey,
    /// The moment.
    pub now: Timestamp,
}
