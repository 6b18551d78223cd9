//! The consumer function: translates a batch of queue messages into slices of the engine, and back.
//!
//! Each body is parsed on its own: one that cannot be read is reported as failed and reaches the DLQ with its history,
//! while the others are processed. A message that is done, even with "nothing to do", is acknowledged. One of a later
//! version, or about a deletion that a later version wrote, is never acknowledged: a build that knows the version gets
//! it from queue or DLQ.

use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::deletion::State;
use domain::message::{DeletionMessage, MessageError};
use engine::{Advanced, Engine, advance};
use jiff::Timestamp;
use ports::{Clock, EnginePorts};
use telemetry::{self, Unit, chain};
use tracing::{info, warn};

/// The batch cannot be answered: a record without an id would mean "the whole batch failed".
#[derive(Debug, thiserror::Error)]
#[error("a record of the batch has no message id")]
pub struct MessageIdMissing;

/// The outcome of a batch.
#[derive(Debug, Default)]
pub struct Handled {
    /// Which messages must be delivered again.
    pub response: SqsBatchResponse,
    /// How many of them because of a later version.
    pub newer: u64,
    /// How many deletions were given up.
    pub parked: u64,
    /// How many deletions became `PURGED`.
    pub purged: u64,
    /// How many rows could not be read as their collections are declared.
    pub unreadable: u64,
}

/// The outcome of one message.
enum Worked {
    Done,
    Parked,
    Purged,
    Again,
    LeftToALaterVersion,
}

/// Processes a batch and returns which messages must be delivered again.
///
/// # Errors
///
/// When a record has no id; the invocation then fails openly.
pub async fn handle<P: EnginePorts>(
    engine: &Engine<P>,
    event: SqsEvent,
    deadline: Timestamp,
) -> Result<Handled, MessageIdMissing> {
    let mut handled = Handled::default();
    for record in event.records {
        let id = record
            .message_id
            .clone()
            .filter(|id| !id.is_empty())
            .ok_or(MessageIdMissing)?;
        let worked = work(engine, &record, &id, deadline).await;
        match worked {
            Worked::Done => continue,
            Worked::Parked => {
                handled.parked += 1;
                continue;
            }
            Worked::Purged => {
                handled.purged += 1;
                continue;
            }
            Worked::LeftToALaterVersion => handled.newer += 1,
            Worked::Again => {}
        }
        handled.response.batch_item_failures.push(failure(id));
    }
    handled.unreadable = engine.unreadable_rows.take();
    Ok(handled)
}

/// What a batch reports to operators, if there is something: one line for the log.
#[must_use]
pub fn metrics(function: &str, now: Timestamp, handled: &Handled) -> Option<String> {
    let mut counts = vec![
        (telemetry::NEWER_VERSIONS, Unit::Count, handled.newer),
        (telemetry::PARKED, Unit::Count, handled.parked),
        ("Purged", Unit::Count, handled.purged),
        (telemetry::UNREADABLE_ROWS, Unit::Count, handled.unreadable),
    ];
    counts.retain(|(_, _, count)| *count > 0);
    (!counts.is_empty()).then(|| telemetry::metrics(function, now, &counts))
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}

async fn work<P: EnginePorts>(
    engine: &Engine<P>,
    record: &SqsMessage,
    id: &str,
    deadline: Timestamp,
) -> Worked {
    let message = match DeletionMessage::parse(record.body.as_deref().unwrap_or_default()) {
        Ok(message) => message,
        Err(error) => {
            // Never the body: whatever it contains, it must not be logged.
            warn!(message_id = id, error = %error, "message {id} is not a deletion message of this version");
            return match error {
                MessageError::Unparsable(_) => Worked::Again,
                MessageError::TooNew(_) => Worked::LeftToALaterVersion,
            };
        }
    };
    let now = engine.ports.clock().now();
    let slice_end = slice_end(now, deadline, engine.timing.slice, engine.timing.grace);
    let deletion_id = message.deletion_id;
    match advance(engine, &message.tenant, deletion_id, slice_end).await {
        Ok(advanced) => {
            report(&message, advanced);
            match advanced {
                Advanced::Ended(State::Purged) => Worked::Purged,
                Advanced::Ended(state) if state.is_parked() => Worked::Parked,
                _ => Worked::Done,
            }
        }
        Err(error) if error.is_newer => {
            warn!(%deletion_id, error = %chain(&error), "deletion {deletion_id} is left to a later version");
            Worked::LeftToALaterVersion
        }
        Err(error) => {
            warn!(%deletion_id, error = %chain(&error), "what became of deletion {deletion_id} could not be recorded");
            Worked::Again
        }
    }
}

fn report(message: &DeletionMessage, advanced: Advanced) {
    let deletion_id = message.deletion_id;
    let request_id = &message.request_id;
    match advanced {
        // Rolled back or expired: acknowledged, and counted by this line.
        Advanced::Unknown => {
            info!(%deletion_id, request_id, outcome = "unknown", "there is no deletion {deletion_id}");
        }
        Advanced::NothingToDo(state) => {
            info!(%deletion_id, request_id, outcome = "nothing_to_do", %state, "deletion {deletion_id} is {state}");
        }
        Advanced::Busy => {
            info!(%deletion_id, request_id, outcome = "busy", "deletion {deletion_id} is being worked on");
        }
        Advanced::Continued => {
            info!(%deletion_id, request_id, outcome = "continued", "slice of deletion {deletion_id} is over");
        }
        Advanced::Ended(state) => {
            info!(%deletion_id, request_id, outcome = "ended", %state, "deletion {deletion_id} is {state}");
        }
        Advanced::Left => {
            info!(%deletion_id, request_id, outcome = "left", "deletion {deletion_id} is left to others");
        }
    }
}

/// When the slice must end: after its configured length, and always a grace before the function is stopped.
///
/// A deadline in the past is a constant of a local runtime (cargo-lambda sends one of 1970), not a reason to do
/// nothing.
#[must_use]
pub fn slice_end(
    now: Timestamp,
    deadline: Timestamp,
    slice: Duration,
    grace: Duration,
) -> Timestamp {
    let configured = now.checked_add(slice).unwrap_or(Timestamp::MAX);
    if deadline <= now {
        return configured;
    }
    configured.min(deadline.checked_sub(grace).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_ends_a_grace_before_the_function_is_stopped() {
        let now = Timestamp::from_second(1_000).unwrap();
        let deadline = Timestamp::from_second(1_050).unwrap();

        let end = slice_end(
            now,
            deadline,
            Duration::from_mins(1),
            Duration::from_secs(30),
        );

        assert_eq!(end, Timestamp::from_second(1_020).unwrap());
    }

    #[test]
    fn a_deadline_in_1970_does_not_stop_the_work() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let deadline = Timestamp::from_second(600).unwrap();

        let end = slice_end(
            now,
            deadline,
            Duration::from_mins(1),
            Duration::from_secs(30),
        );

        assert_eq!(end, Timestamp::from_second(1_000_060).unwrap());
    }
}
