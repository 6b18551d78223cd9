//! What a failure of an AWS call means for the caller: try again later, or never.
//!
//! This is the one place that decides it. The default is "never": an unknown code must not be retried silently for a
//! day.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use ports::DependencyError;

/// Codes that mean "the same call may succeed later", of all the services in use. Any 5xx means it too.
const LATER: [&str; 18] = [
    "InternalError",
    "InternalException",
    "InternalFailure",
    "InternalServerError",
    "KmsThrottled",
    "OverLimit",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ServiceUnavailable",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// One entry of a batch is refused, for a permanent reason, in a call that succeeds.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

/// Converts the error of a call to the error of a port.
pub(super) fn dependency_error<E>(
    dependency: &'static str,
    operation: &'static str,
    error: SdkError<E>,
) -> DependencyError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if may_succeed_later(&error) {
        DependencyError::unavailable(dependency, operation, error)
    } else {
        DependencyError::refused(dependency, operation, error)
    }
}

fn may_succeed_later<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    match error {
        // No answer, or an incomplete one.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        SdkError::ServiceError(answer) => {
            answer.raw().status().as_u16() >= 500 || answer.err().code().is_some_and(is_later)
        }
        // A request that could not even be built.
        _ => false,
    }
}

/// Whether this code means "later".
pub(super) fn is_later(code: &str) -> bool {
    LATER.contains(&code)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::get_item::GetItemError;

    use super::*;

    fn answered(status: u16, code: &str) -> SdkError<GetItemError> {
        let meta = ErrorMetadata::builder()
            .code(code)
            .message("said the store")
            .build();
        let raw = HttpResponse::new(status.try_into().unwrap(), "".into());
        SdkError::service_error(GetItemError::generic(meta), raw)
    }

    fn retryable(error: SdkError<GetItemError>) -> bool {
        dependency_error("record store", "read rows", error).retryable
    }

    #[test]
    fn throttling_conflicts_and_5xx_may_succeed_later() {
        assert!(retryable(answered(400, "ThrottlingException")));
        assert!(retryable(answered(400, "TransactionConflictException")));
        assert!(retryable(answered(500, "SomethingNew")));
        assert!(retryable(SdkError::timeout_error("20 s")));
    }

    #[test]
    fn a_refusal_is_final_and_so_is_what_nobody_has_thought_about() {
        for code in [
            "ValidationException",
            "AccessDeniedException",
            "ResourceNotFoundException",
            "SomethingNew",
        ] {
            assert!(!retryable(answered(400, code)), "{code}");
        }
        assert!(!retryable(SdkError::construction_failure("no such field")));
    }

    #[test]
    fn the_chain_says_what_the_store_said() {
        let error = dependency_error(
            "record store",
            "read rows",
            answered(400, "ValidationException"),
        );

        let chain = telemetry::chain(&error);

        assert!(
            chain.starts_with("record store could not read rows: "),
            "{chain}"
        );
        assert!(
            chain.contains("ValidationException") && chain.contains("said the store"),
            "{chain}"
        );
    }
}
