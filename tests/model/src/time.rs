//! A coarse clock: `purge_at` has come or not, a lease is live or has run out.
//!
//! Only comparisons decide anything in the protocol, so a moment is reduced to what it is compared with. What only counts
//! up (epoch, attempts, resends) or is only told (the chain, moments of progress) is levelled: the bounds of a setup stand
//! for the limits on attempts.

use std::sync::LazyLock;
use std::time::Duration;

use domain::deletion::{Comparison, Deletion, Lease, RetryLimits, Timing};
use jiff::Timestamp;
use testing::samples;
use uuid::Uuid;

use crate::world::{REVISION, World};

/// A lease that has run out.
pub(crate) const PAST: Timestamp = Timestamp::UNIX_EPOCH;

/// When everything begins; read once, because it is asked for at every step.
static START: LazyLock<Timestamp> = LazyLock::new(samples::start);

/// The moment before `purge_at`, and the one after it.
pub(crate) fn now(is_late: bool) -> Timestamp {
    let days = if is_late { 100 } else { 1 };
    *START + Duration::from_hours(24 * days)
}

/// A moment that never comes.
fn never() -> Timestamp {
    *START + Duration::from_hours(24 * 10_000)
}

pub(crate) fn timing() -> Timing {
    samples::timing()
}

/// Never gives up by itself: the setup says how often it does.
pub(crate) fn patience() -> RetryLimits {
    RetryLimits {
        max_attempts: u32::MAX,
        fail_after: Duration::MAX,
    }
}

/// The token of the lease that stands, and of every one before it.
pub(crate) fn holder(is_present: bool) -> Uuid {
    Uuid::from_u128(u128::from(is_present))
}

/// What stands, reduced to what decides.
pub(crate) fn settled(mut deletion: Deletion) -> Deletion {
    deletion.revision = REVISION;
    deletion.epoch = 0;
    deletion.chain.clear();
    deletion.attempts = 0;
    deletion.resends = 0;
    deletion.progress_at = *START;
    deletion.ended_at = deletion.ended_at.map(|_| *START);
    deletion.expires_at = None;
    // What compare finds is the setup's to say.
    deletion.comparison = Comparison {
        done: true,
        ..Comparison::default()
    };
    if let Some(failure) = &mut deletion.failure {
        failure.reason.clear();
    }
    // Due at once, whenever it is due at some time of its own: the sweeper may come early or late.
    if deletion.due_at.is_some() && deletion.due_at != deletion.purge_at {
        deletion.due_at = Some(*START);
    }
    if let Some(lease) = &mut deletion.lease
        && lease.until != PAST
    {
        lease.until = never();
    }
    deletion
}

/// The deletion with its lease run out.
pub(crate) fn expired(deletion: &Deletion) -> Deletion {
    let lease = deletion.lease.as_ref().map(|lease| Lease {
        until: PAST,
        ..lease.clone()
    });
    Deletion {
        lease,
        ..deletion.clone()
    }
}

impl World {
    pub(crate) fn now(&self) -> Timestamp {
        now(self.is_late)
    }

    pub(crate) fn is_leased(&self, id: usize) -> bool {
        self.meta(id).is_leased(self.now())
    }
}
