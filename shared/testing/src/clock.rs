//! Time and randomness that stand still until a test changes them.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use uuid::{Builder, Uuid};

use domain::deletion::DeletionId;
use ports::{Clock, Ids};

/// A clock that moves when a test moves it, and when code sleeps: a sleep returns at once and moves the clock by its
/// whole duration. Its ids are `UUIDv7` of the requested time and a counter, so two runs of a test make the same ones.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    made: u64,
    fraction: f64,
    slept: Vec<Duration>,
}

impl FakeClock {
    /// The time of a clock for which the test sets no other.
    pub const START: &str = "2026-11-21T07:00:00.000Z";

    /// A clock that shows this RFC 3339 time.
    ///
    /// # Panics
    ///
    /// When the text is not such a time.
    #[must_use]
    pub fn at(time: &str) -> Self {
        let now = time.parse().expect("a test gives times in RFC 3339");
        Self(Arc::new(Mutex::new(State {
            now,
            made: 0,
            fraction: 0.5,
            slept: Vec::new(),
        })))
    }

    /// Moves the clock.
    ///
    /// # Panics
    ///
    /// When the time would leave what a timestamp holds.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.now = state
            .now
            .checked_add(by)
            .expect("tests stay within the times that a timestamp holds");
    }

    /// Sets the clock to a moment, forwards or back.
    pub fn set(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// What [`Ids::fraction`] returns from now on; 0.5 until then.
    pub fn set_fraction(&self, fraction: f64) {
        self.state().fraction = fraction;
    }

    /// The duration of each sleep.
    #[must_use]
    pub fn slept(&self) -> Vec<Duration> {
        self.state().slept.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with the lock held")
    }

    fn next(&self) -> [u8; 10] {
        let mut state = self.state();
        state.made += 1;
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&state.made.to_be_bytes());
        bytes
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::at(Self::START)
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        self.state().slept.push(duration);
    }
}

impl Ids for FakeClock {
    fn deletion(&self, now: Timestamp) -> DeletionId {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        DeletionId::new(Builder::from_unix_timestamp_millis(millis, &self.next()).into_uuid())
    }

    fn token(&self) -> Uuid {
        let mut bytes = [0xA5; 16];
        bytes[6..].copy_from_slice(&self.next());
        Builder::from_random_bytes(bytes).into_uuid()
    }

    fn fraction(&self) -> f64 {
        self.state().fraction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_behind_earlier_ones_and_none_is_made_twice() {
        let clock = FakeClock::default();
        let first = clock.deletion(clock.now());
        let second = clock.deletion(clock.now());
        clock.advance(Duration::from_millis(1));
        let third = clock.deletion(clock.now());

        assert!(first < second && second < third);
        assert!(first.to_string() < second.to_string() && second.to_string() < third.to_string());
        assert_ne!(clock.token(), clock.token());
    }

    #[tokio::test]
    async fn a_sleep_takes_its_time_and_keeps_nobody_waiting() {
        let clock = FakeClock::default();
        let before = clock.now();

        clock.sleep(Duration::from_mins(10)).await;

        assert_eq!(clock.now().duration_since(before).as_secs(), 600);
        assert_eq!(clock.slept(), [Duration::from_mins(10)]);
    }
}
