//! The slice: the one place that decides whether a store call may still begin.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use domain::collection::CollectionName;
use domain::deletion::Failure;
use ports::{Clock, DependencyError};

/// Why a slice ends before its pass does.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Its time is over.
    SliceEnd,
    /// Another writer changed the deletion: that change counts.
    Superseded,
    /// A store kept answering "later" until the time was over.
    Busy(String),
    /// It waits for another deletion, whose own patience ends the wait.
    Waits(String),
    /// A dependency did not do what was asked.
    Dependency(DependencyError),
    /// The deletion itself cannot be worked on.
    Broken(Failure),
    /// The pass can never reach its end with the stores as they are: it ends at once, for this reason.
    Impossible(Failure),
}

impl Stop {
    /// See [`Stop::Broken`].
    pub(crate) fn broken(code: &str, reason: &str) -> Self {
        Self::Broken(Failure::new(code, reason))
    }

    /// No file declares this collection.
    pub(crate) fn unknown_collection(name: &CollectionName) -> Self {
        let reason = format!("no collections file declares `{name}` any more");
        Self::broken("COLLECTION_UNKNOWN", &reason)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SliceEnd => f.write_str("the slice is over"),
            Self::Superseded => f.write_str("somebody else changed the deletion"),
            Self::Busy(reason) => write!(f, "still busy: {reason}"),
            Self::Waits(reason) => f.write_str(reason),
            Self::Dependency(error) => write!(f, "{error}"),
            Self::Broken(failure) | Self::Impossible(failure) => f.write_str(&failure.reason),
        }
    }
}

/// The time that a worker has.
pub(crate) struct Slice<'a, C> {
    clock: &'a C,
    work_until: Timestamp,
    end: Timestamp,
    length: Duration,
    /// Whether one of several calls at the same time has failed: no other begins then.
    failed: Option<&'a AtomicBool>,
}

impl<'a, C: Clock> Slice<'a, C> {
    /// A slice until `end`. The last tenth (at most two seconds) is reserved for the release and the continuation.
    pub(crate) fn new(clock: &'a C, end: Timestamp, length: Duration) -> Self {
        let closing = (length / 10).min(Duration::from_secs(2));
        Self {
            clock,
            work_until: end.checked_sub(closing).unwrap_or(end),
            end,
            length,
            failed: None,
        }
    }

    /// A slice of this length that begins now.
    pub(crate) fn from_now(clock: &'a C, length: Duration) -> Self {
        let end = clock.now().checked_add(length).unwrap_or(Timestamp::MAX);
        Self::new(clock, end, length)
    }

    /// The same slice, with no more than this left of it.
    pub(crate) fn at_most(&self, most: Duration) -> Self {
        let until = self.clock.now().checked_add(most).unwrap_or(Timestamp::MAX);
        Self {
            work_until: self.work_until.min(until),
            ..*self
        }
    }

    /// The same slice, in which a call begins only as long as nothing has failed.
    pub(crate) fn unless(&self, failed: &'a AtomicBool) -> Self {
        Self {
            failed: Some(failed),
            ..*self
        }
    }

    /// Makes a store call, if there is time to begin one.
    pub(crate) fn call<'f, T: 'f>(
        &'f self,
        call: impl Future<Output = Result<T, DependencyError>> + Send + 'f,
    ) -> impl Future<Output = Result<T, Stop>> + Send + 'f {
        self.before(self.work_until, Box::pin(call))
    }

    /// Makes one of the calls that end a slice.
    pub(crate) fn closing<'f, T: 'f>(
        &'f self,
        call: impl Future<Output = Result<T, DependencyError>> + Send + 'f,
    ) -> impl Future<Output = Result<T, Stop>> + Send + 'f {
        self.before(self.end, Box::pin(call))
    }

    /// Waits, unless the time would be over before that, or before the end of what follows: a slice that cannot store
    /// why it ended looks like a crash, which counts as an attempt.
    pub(crate) async fn pause(&self, duration: Duration, then: Duration) -> Result<(), Stop> {
        let later = |at: Timestamp, by| at.checked_add(by).unwrap_or(Timestamp::MAX);
        let resumed = later(self.clock.now(), duration);
        if self.has_failed() || resumed >= self.work_until || later(resumed, then) >= self.end {
            return Err(Stop::SliceEnd);
        }
        self.clock.sleep(duration).await;
        Ok(())
    }

    /// Whether so much of a slice has passed since this moment that what was found should be stored: a slice that ends
    /// before that has found it in vain.
    pub(crate) fn is_long_since(&self, began: Timestamp) -> bool {
        let took = self.clock.now().duration_since(began);
        Duration::try_from(took).unwrap_or_default() >= self.length / 4
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &'a C {
        self.clock
    }

    /// The call is passed boxed: an SDK's future is large, and would be part of every future around it.
    async fn before<T>(
        &self,
        limit: Timestamp,
        call: Pin<Box<dyn Future<Output = Result<T, DependencyError>> + Send + '_>>,
    ) -> Result<T, Stop> {
        // A future does nothing until it is awaited, so this decides whether the call begins.
        if self.has_failed() || self.clock.now() >= limit {
            return Err(Stop::SliceEnd);
        }
        call.await.map_err(Stop::Dependency)
    }

    fn has_failed(&self) -> bool {
        self.failed
            .is_some_and(|failed| failed.load(Ordering::Relaxed))
    }
}
