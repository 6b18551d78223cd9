//! Asks a store again for a request if it did not answer, and may answer in a moment.
//!
//! The engine has a slice to do so, and its `settle`; a request has the time that its client waits. A lost race is
//! something else: the slower request is judged again by the current state (`accept`, `act`, `write`).

use std::time::Duration;

use jiff::Timestamp;

use ports::{Clock, DependencyError, Ids};

/// How often a call is repeated.
const TRIES: u32 = 3;

/// For how long another try is useful: the gateway waits 30 s for the whole request.
const TRY_FOR: Duration = Duration::from_secs(3);

/// The pause before the second try; each further pause is longer by the same amount, all with jitter.
const PAUSE: Duration = Duration::from_millis(40);

/// The tries of one call.
pub(super) struct Tries<'c, C> {
    clock: &'c C,
    began: Timestamp,
    again: u32,
}

impl<'c, C: Clock + Ids> Tries<'c, C> {
    /// Before the first try.
    pub(super) fn of(clock: &'c C) -> Self {
        Self {
            clock,
            began: clock.now(),
            again: 0,
        }
    }

    /// Pauses before the next try of a call that has failed with this error.
    ///
    /// # Errors
    ///
    /// That error, if another try would not help, or it was the last one.
    pub(super) async fn again(&mut self, error: DependencyError) -> Result<(), DependencyError> {
        let took = self.clock.now().duration_since(self.began);
        let is_late = Duration::try_from(took).unwrap_or_default() > TRY_FOR;
        if !error.retryable || self.again == TRIES || is_late {
            return Err(error);
        }
        self.again += 1;
        let jittered = PAUSE.mul_f64(0.5 + self.clock.fraction());
        self.clock.sleep(jittered * self.again).await;
        Ok(())
    }
}

/// Makes a call that may be made twice, until it is answered or another try is not useful.
///
/// # Errors
///
/// The error of the last call.
pub(super) async fn ask_again<T, C, F, Fut>(clock: &C, mut call: F) -> Result<T, DependencyError>
where
    C: Clock + Ids,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, DependencyError>>,
{
    let mut tries = Tries::of(clock);
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => tries.again(error).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;
    use domain::deletion::DeletionId;

    /// A clock that advances by each pause, and by the time that each call takes.
    #[derive(Default)]
    struct TestClock {
        at: Mutex<Duration>,
        slept: Mutex<Vec<Duration>>,
    }

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH + *self.at.lock().unwrap()
        }

        async fn sleep(&self, duration: Duration) {
            *self.at.lock().unwrap() += duration;
            self.slept.lock().unwrap().push(duration);
        }
    }

    impl Ids for TestClock {
        fn deletion(&self, _now: Timestamp) -> DeletionId {
            DeletionId::new(Uuid::nil())
        }

        fn token(&self) -> Uuid {
            Uuid::nil()
        }

        fn fraction(&self) -> f64 {
            0.5
        }
    }

    /// How often a call is made that takes this long and always fails like this, and the pauses in between.
    fn calls_of(took: Duration, error: impl Fn() -> DependencyError) -> (u32, Vec<Duration>) {
        let (clock, mut calls) = (TestClock::default(), 0);
        let answer = ask_again(&clock, || {
            calls += 1;
            *clock.at.lock().unwrap() += took;
            std::future::ready(Err::<(), _>(error()))
        });
        answer.now_or_never().unwrap().unwrap_err();
        let slept = clock.slept.into_inner().unwrap();
        (calls, slept)
    }

    fn away() -> DependencyError {
        DependencyError::unavailable("record store", "read rows", "away")
    }

    #[test]
    fn a_store_that_does_not_answer_is_asked_three_times_more_and_ever_later() {
        let (calls, slept) = calls_of(Duration::ZERO, away);

        assert_eq!(calls, 4);
        assert_eq!(slept, [40, 80, 120].map(Duration::from_millis));
    }

    #[test]
    fn what_is_refused_is_not_asked_again() {
        let refused = || DependencyError::refused("record store", "read rows", "no such table");

        let (calls, _) = calls_of(Duration::ZERO, refused);

        assert_eq!(calls, 1);
    }

    #[test]
    fn nobody_asks_again_for_longer_than_a_client_waits() {
        let (calls, _) = calls_of(Duration::from_secs(2), away);

        assert_eq!(calls, 2);
    }
}
