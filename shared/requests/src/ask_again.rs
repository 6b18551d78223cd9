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
    /// How often at the most.
    most: u32,
    /// How often at least, whatever it took so far.
    least: u32,
    pause: Duration,
}

impl<'c, C: Clock + Ids> Tries<'c, C> {
    /// Before the first try.
    pub(super) fn of(clock: &'c C) -> Self {
        Self {
            clock,
            began: clock.now(),
            again: 0,
            most: TRIES,
            least: 0,
            pause: PAUSE,
        }
    }

    /// For what must not be left half done, such as an undo: it is tried twice more, whatever the first call took.
    pub(super) fn whatever_it_took(clock: &'c C) -> Self {
        Self {
            least: 2,
            ..Self::of(clock)
        }
    }

    /// For what is undone if it fails: it is tried once more, whatever the first call took, because the connection may be
    /// what failed.
    pub(super) fn once_more(clock: &'c C) -> Self {
        Self {
            least: 1,
            ..Self::of(clock)
        }
    }

    /// For one read of the many that a request makes one after another: their pauses would add up.
    pub(super) fn at_once(clock: &'c C) -> Self {
        Self {
            most: 2,
            pause: Duration::ZERO,
            ..Self::of(clock)
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
        let is_over = self.again == self.most || (is_late && self.again >= self.least);
        if !error.retryable || is_over {
            return Err(error);
        }
        self.again += 1;
        let jittered = self.pause.mul_f64(0.5 + self.clock.fraction());
        self.clock.sleep(jittered * self.again).await;
        Ok(())
    }
}

/// Makes a call that may be made twice, until it is answered or another try is not useful.
///
/// # Errors
///
/// What the last call said.
pub(super) async fn ask_again<T, C, F, Fut>(
    mut tries: Tries<'_, C>,
    mut call: F,
) -> Result<T, DependencyError>
where
    C: Clock + Ids,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, DependencyError>>,
{
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

    /// How often a call is made that takes so long and always fails like this, and the pauses in between.
    fn calls_of(
        tries: impl Fn(&TestClock) -> Tries<'_, TestClock>,
        took: Duration,
        error: impl Fn() -> DependencyError,
    ) -> (u32, Vec<Duration>) {
        let (clock, mut calls) = (TestClock::default(), 0);
        let answer = ask_again(tries(&clock), || {
            calls += 1;
            *clock.at.lock().unwrap() += took;
            std::future::ready(Err::<(), _>(error()))
        });
        answer.now_or_never().unwrap().unwrap_err();
        let slept = clock.slept.into_inner().unwrap();
        (calls, slept)
    }

    fn usual(clock: &TestClock) -> Tries<'_, TestClock> {
        Tries::of(clock)
    }

    fn persistent(clock: &TestClock) -> Tries<'_, TestClock> {
        Tries::whatever_it_took(clock)
    }

    fn impatient(clock: &TestClock) -> Tries<'_, TestClock> {
        Tries::once_more(clock)
    }

    fn hurried(clock: &TestClock) -> Tries<'_, TestClock> {
        Tries::at_once(clock)
    }

    fn away() -> DependencyError {
        DependencyError::unavailable("record store", "read rows", "away")
    }

    #[test]
    fn a_store_that_does_not_answer_is_asked_three_times_more_and_ever_later() {
        let (calls, slept) = calls_of(usual, Duration::ZERO, away);

        assert_eq!(calls, 4);
        assert_eq!(slept, [40, 80, 120].map(Duration::from_millis));
    }

    #[test]
    fn what_is_refused_is_not_asked_again() {
        let refused = || DependencyError::refused("record store", "read rows", "no such table");

        let (calls, _) = calls_of(usual, Duration::ZERO, refused);

        assert_eq!(calls, 1);
    }

    #[test]
    fn nobody_asks_again_for_longer_than_a_client_waits() {
        let (calls, _) = calls_of(usual, Duration::from_secs(2), away);

        assert_eq!(calls, 2);
    }

    #[test]
    fn what_must_not_be_left_half_done_is_tried_twice_more_whatever_it_took() {
        let (calls, _) = calls_of(persistent, Duration::from_secs(8), away);

        assert_eq!(calls, 3);
    }

    #[test]
    fn what_is_undone_if_it_fails_is_tried_once_more_whatever_it_took() {
        let (calls, _) = calls_of(impatient, Duration::from_secs(8), away);

        assert_eq!(calls, 2);
    }

    #[test]
    fn one_read_of_many_is_asked_for_twice_more_at_once() {
        let (calls, slept) = calls_of(hurried, Duration::ZERO, away);

        assert_eq!((calls, slept.iter().sum()), (3, Duration::ZERO));
    }
}
