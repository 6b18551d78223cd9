//! The state of the OpenSearch domain, as its owner (not its data) reports it.

use crate::DependencyError;

/// Whether a purge may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// There is no reason against it.
    Well,
    /// There is one; says which.
    Sick(String),
}

/// Asks for the domain's state.
pub trait DomainHealth: Send + Sync {
    /// The domain's state.
    ///
    /// # Errors
    ///
    /// When there was no answer, or there is no such domain.
    fn health(&self) -> impl Future<Output = Result<Health, DependencyError>> + Send;
}
