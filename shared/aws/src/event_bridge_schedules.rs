//! The schedules of records, in `EventBridge` Scheduler.
//!
//! It has no batch call: one call removes one schedule.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_scheduler::operation::delete_schedule::DeleteScheduleError;

use super::sdk_error::dependency_error;
use ports::{Attempt, DependencyError, RemoveSchedules, ScheduleOutcome, can_name_a_schedule};

/// Codes of a scheduler that is reachable but too busy, or where another caller changes the same schedule.
const BUSY: [&str; 3] = [
    "ConflictException",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// One group of schedules.
#[derive(Debug, Clone)]
pub struct EventBridgeSchedules {
    client: Client,
    group: String,
}

impl EventBridgeSchedules {
    /// The schedules of the group of this name.
    pub fn new(client: Client, group: impl Into<String>) -> Self {
        Self {
            client,
            group: group.into(),
        }
    }
}

impl RemoveSchedules for EventBridgeSchedules {
    async fn remove(&self, name: &str) -> Result<Attempt<ScheduleOutcome>, DependencyError> {
        if !can_name_a_schedule(name) {
            return Ok(Attempt::Done(ScheduleOutcome::Missing));
        }
        let answer = self
            .client
            .delete_schedule()
            .group_name(&self.group)
            .name(name)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Attempt::Done(ScheduleOutcome::Removed)),
            Err(error) => failed(error),
        }
    }
}

fn failed(
    error: SdkError<DeleteScheduleError>,
) -> Result<Attempt<ScheduleOutcome>, DependencyError> {
    match error.as_service_error() {
        // A missing group gives the same answer, and has no schedules either.
        Some(DeleteScheduleError::ResourceNotFoundException(_)) => {
            Ok(Attempt::Done(ScheduleOutcome::Missing))
        }
        Some(answer) if answer.code().is_some_and(|code| BUSY.contains(&code)) => {
            Ok(Attempt::Retry(answer.code().unwrap_or_default().to_owned()))
        }
        _ => Err(dependency_error("scheduler", "remove a schedule", error)),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_scheduler::error::ErrorMetadata;
    use aws_sdk_scheduler::types::error::ResourceNotFoundException;

    use super::*;

    fn answered(status: u16, error: DeleteScheduleError) -> SdkError<DeleteScheduleError> {
        let raw = HttpResponse::new(status.try_into().unwrap(), "".into());
        SdkError::service_error(error, raw)
    }

    fn coded(status: u16, code: &str) -> SdkError<DeleteScheduleError> {
        let meta = ErrorMetadata::builder().code(code).build();
        answered(status, DeleteScheduleError::generic(meta))
    }

    #[test]
    fn a_schedule_that_is_not_there_is_as_good_as_removed() {
        let missing = ResourceNotFoundException::builder()
            .message("no such schedule")
            .build()
            .unwrap();
        let error = DeleteScheduleError::ResourceNotFoundException(missing);

        assert_eq!(
            failed(answered(404, error)).unwrap(),
            Attempt::Done(ScheduleOutcome::Missing)
        );
    }

    #[test]
    fn a_busy_scheduler_is_asked_again_and_others_say_whether_it_may_pass() {
        for code in BUSY {
            assert_eq!(
                failed(coded(429, code)).unwrap(),
                Attempt::Retry(code.to_owned())
            );
        }
        assert!(
            failed(coded(500, "InternalServerException"))
                .unwrap_err()
                .retryable
        );
        for code in ["AccessDeniedException", "ValidationException"] {
            assert!(!failed(coded(400, code)).unwrap_err().retryable, "{code}");
        }
    }
}
