//! A queue that keeps what was sent until the test takes it, which is possible only after its delay has passed on the
//! clock.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;

use super::clock::FakeClock;
use domain::deletion::DeletionId;
use domain::json_text::is_taken;
use domain::message::DeletionMessage;
use ports::{Clock, DependencyError, SendDeletion};

const NAME: &str = "queue";

/// What SQS allows.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The body, as it is sent.
    pub body: String,
    /// It must not arrive before this has passed.
    pub delay: Duration,
    /// When it arrives.
    pub arrives_at: Timestamp,
}

impl Sent {
    /// The message that the body holds.
    ///
    /// # Panics
    ///
    /// When the body is not one of our messages.
    #[must_use]
    pub fn message(&self) -> DeletionMessage {
        DeletionMessage::parse(&self.body).expect("what was sent can be read")
    }
}

/// The sending half of a queue; a test takes the messages out and gives them to a worker, once, twice or never.
#[derive(Debug, Clone, Default)]
pub struct FakeQueue {
    clock: FakeClock,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl FakeQueue {
    /// An empty queue that uses this clock.
    #[must_use]
    pub fn new(clock: &FakeClock) -> Self {
        Self {
            clock: clock.clone(),
            sent: Arc::default(),
        }
    }

    /// Takes out what has arrived so far, in the order in which it was sent.
    #[must_use]
    pub fn arrived(&self) -> Vec<Sent> {
        let now = self.clock.now();
        self.sent()
            .extract_if(.., |sent| sent.arrives_at <= now)
            .collect()
    }

    /// Takes everything out, whether it has arrived or not, in the order in which it was sent.
    #[must_use]
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent())
    }

    /// Takes out what was sent about this deletion, whether it has arrived or not, in the order in which it was sent.
    #[must_use]
    pub fn take_of(&self, id: DeletionId) -> Vec<Sent> {
        self.sent()
            .extract_if(.., |sent| sent.message().deletion_id == id)
            .collect()
    }

    /// How many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sent().len()
    }

    /// Whether no message waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sent(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().expect("no test panics with the lock held")
    }
}

impl SendDeletion for FakeQueue {
    async fn send(
        &self,
        message: &DeletionMessage,
        delay: Duration,
    ) -> Result<(), DependencyError> {
        if delay > LONGEST_DELAY {
            return Err(DependencyError::refused(
                NAME,
                "send a message",
                "a delay of more than 15 minutes",
            ));
        }
        let body = message
            .body()
            .map_err(|error| DependencyError::refused(NAME, "send a message", error))?;
        if !is_taken(&body) {
            let why = "a character that is not one of XML 1.0";
            return Err(DependencyError::refused(NAME, "send a message", why));
        }
        let arrives_at = self
            .clock
            .now()
            .checked_add(delay)
            .unwrap_or(Timestamp::MAX);
        self.sent().push(Sent {
            body,
            delay,
            arrives_at,
        });
        Ok(())
    }
}
