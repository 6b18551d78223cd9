//! Time and chance, passed in so that every test is repeatable.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use domain::deletion::DeletionId;

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns after this long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// What must be unique or random.
pub trait Ids: Send + Sync {
    /// A new deletion's id; later ones sort after earlier ones.
    fn deletion(&self, now: Timestamp) -> DeletionId;

    /// A token that is unique.
    fn token(&self) -> Uuid;

    /// A number from 0 (inclusive) to 1 (exclusive), for the jitter of a back-off.
    fn fraction(&self) -> f64;
}
