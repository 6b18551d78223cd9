//! A bus that remembers what was published, and refuses what the real one would refuse.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use domain::event::Event;
use domain::json_text::is_taken;
use ports::{Attempt, DependencyError, PublishEvents};

/// What every EventBridge, and every local service, accepts in one entry, and in one call.
const ENTRY_BYTES: usize = 256 * 1024;

/// The event bus. An event that was sent twice is here twice.
#[derive(Debug, Clone, Default)]
pub struct FakeEvents(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    published: Vec<Event>,
    refused: Option<String>,
}

impl FakeEvents {
    /// Everything that was published, in order, repetitions included.
    #[must_use]
    pub fn published(&self) -> Vec<Event> {
        self.state().published.clone()
    }

    /// Refuses each call with an event that contains this text, from now on.
    pub fn refuse(&self, text: &str) {
        self.state().refused = Some(text.to_owned());
    }

    /// What a consumer has that skips events with an id that it has seen: each event once, as it first arrived.
    #[must_use]
    pub fn distinct(&self) -> Vec<Event> {
        let mut seen = BTreeSet::new();
        let mut events = self.published();
        events.retain(|event| seen.insert(event.detail["event_id"].to_string()));
        events
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with the lock held")
    }
}

impl PublishEvents for FakeEvents {
    async fn publish(&self, events: &[Event]) -> Result<Vec<Attempt<()>>, DependencyError> {
        let refused =
            |why: &'static str| Err(DependencyError::refused("event bus", "publish events", why));
        if events.len() > Self::PUBLISH_BATCH {
            return refused("more than 10 entries in one call");
        }
        if events
            .iter()
            .any(|event| event.kind.len() + event.text().len() > ENTRY_BYTES)
        {
            return refused("more than 256 KB in one entry");
        }
        if !events.iter().all(|event| is_taken(&event.text())) {
            return refused("a character that the queues behind the bus refuse");
        }
        let has_refused = |text: &String| {
            let mut details = events.iter().map(|event| event.detail.to_string());
            details.any(|detail| detail.contains(text.as_str()))
        };
        if self.state().refused.as_ref().is_some_and(has_refused) {
            return refused("an event that it does not like");
        }
        // As the adapter: events that do not fit into one call must be sent again, and the first is always sent.
        let mut bytes = 0;
        let fits = events.iter().take_while(|event| {
            bytes += event.kind.len() + event.text().len();
            bytes <= ENTRY_BYTES
        });
        let now = fits.count();
        self.state().published.extend_from_slice(&events[..now]);
        let mut answers = vec![Attempt::Done(()); now];
        answers.resize(events.len(), Attempt::Retry("the call is full".to_owned()));
        Ok(answers)
    }
}
