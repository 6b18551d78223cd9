//! A dependency did not do what was asked.

/// Carries the decision whether to try again, made where the knowledge is. The text does not repeat the source.
#[derive(Debug, thiserror::Error)]
#[error("{dependency} could not {operation}")]
pub struct DependencyError {
    /// What failed, in the words of the design: "record store", "archive", "search index", "control table", "queue", "event bus", "scheduler".
    pub dependency: &'static str,
    /// What it was asked to do.
    pub operation: &'static str,
    /// Whether the same call may succeed later: no answer, throttled, a 5xx. A refusal (no permission, no such table,
    /// no such index) is not.
    pub retryable: bool,
    /// What the client said.
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl DependencyError {
    /// The dependency is away or busy: the same call may succeed later.
    pub fn unavailable(
        dependency: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            dependency,
            operation,
            retryable: true,
            source: source.into(),
        }
    }

    /// The dependency answered, and refused.
    pub fn refused(
        dependency: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            dependency,
            operation,
            retryable: false,
            source: source.into(),
        }
    }
}
