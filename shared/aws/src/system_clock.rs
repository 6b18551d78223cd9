//! Real time and real randomness: the only place that reads them.

use std::time::Duration;

use jiff::Timestamp;
use uuid::{ContextV7, Uuid};

use domain::deletion::DeletionId;
use domain::time::to_millisecond;
use ports::{Clock, Ids};

/// The system's clock, and ids made from it and from the system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// To the millisecond, which is the precision of every store.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else gets"
    )]
    fn now(&self) -> Timestamp {
        to_millisecond(Timestamp::now())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl Ids for SystemClock {
    fn deletion(&self, now: Timestamp) -> DeletionId {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
        DeletionId::new(Uuid::new_v7(uuid::Timestamp::from_unix(
            ContextV7::new(),
            seconds,
            nanos,
        )))
    }

    #[expect(clippy::disallowed_methods, reason = "this is where ids come from")]
    fn token(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn fraction(&self) -> f64 {
        // The last 32 bits of such an id are random.
        let random =
            u32::try_from(self.token().as_u128() & u128::from(u32::MAX)).unwrap_or_default();
        f64::from(random) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_moment_they_were_made_for() {
        let at = |second| SystemClock.deletion(Timestamp::from_second(second).unwrap());

        assert!(at(1_700_000_000) < at(1_700_000_001));
        assert_ne!(at(1_700_000_000), at(1_700_000_000));
    }

    #[test]
    fn fractions_lie_between_0_and_1_and_differ() {
        let fractions: Vec<f64> = (0..100).map(|_| SystemClock.fraction()).collect();

        assert!(
            fractions
                .iter()
                .all(|fraction| (0.0..1.0).contains(fraction))
        );
        assert!(
            fractions.iter().any(|fraction| *fraction < 0.5)
                && fractions.iter().any(|fraction| *fraction > 0.5)
        );
    }

    #[test]
    fn the_time_has_no_more_than_milliseconds() {
        assert_eq!(SystemClock.now().subsec_nanosecond() % 1_000_000, 0);
    }
}
