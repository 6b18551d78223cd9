//! A dependency did not do what was asked.

/// Carries the decision whether to try again, made where it can be known. The text does not repeat the source.
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
    /// Whether what is stored was written by a later version of this program. It is left alone, whatever it is; the
    /// same call succeeds in a build that knows the version.
    pub is_newer: bool,
    /// What the client said.
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl DependencyError {
    /// The dependency is unavailable or busy: the same call may succeed later.
    pub fn unavailable(
        dependency: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            dependency,
            operation,
            retryable: true,
            is_newer: false,
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
            is_newer: false,
            source: source.into(),
        }
    }

    /// What is stored was written by a later version, and is not touched.
    pub fn newer(
        dependency: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            is_newer: true,
            ..Self::refused(dependency, operation, source)
        }
    }
}
