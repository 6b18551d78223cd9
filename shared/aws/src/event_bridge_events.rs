//! The event bus in EventBridge.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};

use super::sdk_error::{Refusal, dependency_error, is_later};
use domain::event::{Event, MOST_BYTES};
use ports::{Attempt, DependencyError, PublishEvents};

const BUS: &str = "event bus";
const OPERATION: &str = "publish events";

/// The source of all our events.
const SOURCE: &str = "tombstone";

/// The most bytes of all events of one call together; above it EventBridge refuses them all. The limit of 1 MB is new
/// and not available everywhere; the old one of 256 KB, which is that of one event, too, is valid in every region and in
/// every local service.
const CALL_BYTES: usize = MOST_BYTES;

/// One EventBridge bus.
#[derive(Debug, Clone)]
pub struct EventBridgeEvents {
    client: Client,
    bus: String,
}

/// Fewer or more answers than events.
#[derive(Debug, thiserror::Error)]
#[error("{0} answers to {1} events")]
struct Misaligned(usize, usize);

impl EventBridgeEvents {
    /// The bus of this name.
    pub fn new(client: Client, bus: impl Into<String>) -> Self {
        Self {
            client,
            bus: bus.into(),
        }
    }

    fn entry(&self, event: &Event, detail: String) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(event.kind.as_ref())
            .detail(detail)
            .event_bus_name(&self.bus)
            .build()
    }
}

impl PublishEvents for EventBridgeEvents {
    /// Large events that do not fit into one call are left for the next one: the caller sends them again.
    async fn publish(&self, events: &[Event]) -> Result<Vec<Attempt<()>>, DependencyError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let details: Vec<String> = events.iter().map(Event::text).collect();
        let sizes = events.iter().zip(&details);
        let now = fitting(sizes.map(|(event, detail)| entry_bytes(&event.kind, detail)));
        let entries = events
            .iter()
            .zip(details)
            .take(now)
            .map(|(event, detail)| self.entry(event, detail))
            .collect();
        let answers = self
            .client
            .put_events()
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| dependency_error(BUS, OPERATION, error))?
            .entries
            .unwrap_or_default();
        if answers.len() != now {
            return Err(DependencyError::unavailable(
                BUS,
                OPERATION,
                Misaligned(answers.len(), now),
            ));
        }
        let mut attempts = answers
            .into_iter()
            .map(attempt)
            .collect::<Result<Vec<_>, _>>()?;
        attempts.resize(events.len(), Attempt::Retry("the call is full".to_owned()));
        Ok(attempts)
    }
}

/// The bytes that EventBridge counts for an entry that has no time and no resources.
fn entry_bytes(kind: &str, detail: &str) -> usize {
    SOURCE.len() + kind.len() + detail.len()
}

/// How many of the events go into one call: at least the first.
fn fitting(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let fits = sizes.take_while(|size| {
        bytes += size;
        bytes <= CALL_BYTES
    });
    fits.count().max(1)
}

fn attempt(answer: PutEventsResultEntry) -> Result<Attempt<()>, DependencyError> {
    match answer.error_code {
        None => Ok(Attempt::Done(())),
        Some(code) if is_later(&code) => Ok(Attempt::Retry(code)),
        Some(code) => {
            let message = answer.error_message.unwrap_or_default();
            Err(DependencyError::refused(
                BUS,
                OPERATION,
                Refusal { code, message },
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: Option<&str>) -> Result<Attempt<()>, DependencyError> {
        attempt(
            PutEventsResultEntry::builder()
                .set_error_code(code.map(str::to_owned))
                .build(),
        )
    }

    #[test]
    fn a_busy_bus_is_asked_again_and_a_refused_event_fails_the_call() {
        assert_eq!(answered(None).unwrap(), Attempt::Done(()));
        for code in [
            "ThrottlingException",
            "InternalFailure",
            "InternalException",
        ] {
            assert_eq!(
                answered(Some(code)).unwrap(),
                Attempt::Retry(code.to_owned())
            );
        }
        assert!(!answered(Some("MalformedDetail")).unwrap_err().retryable);
    }

    #[test]
    fn large_events_are_spread_over_calls_and_the_first_always_goes() {
        assert_eq!(fitting([100; 10].into_iter()), 10);
        assert_eq!(fitting([125_000; 10].into_iter()), 2);
        assert_eq!(fitting([240_000; 10].into_iter()), 1);
        assert_eq!(fitting([2_000_000; 2].into_iter()), 1);
        assert_eq!(entry_bytes("RecordsDeleted", "{\"ä\":1}"), 9 + 14 + 8);
    }
}
