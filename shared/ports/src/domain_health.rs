//! The state of the OpenSearch domain, as its owner (not its data) tells it.

use crate::DependencyError;

/// Whether a purge may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Nothing speaks against it.
    Well,
    /// Something does; says what.
    Sick(String),
}

/// Asks for the domain's state.
pub trait DomainHealth: Send + Sync {
    /// How the domain is.
    ///
    /// # Errors
    ///
    /// When nobody answered, or there is no such domain.
    fn health(&self) -> impl Future<Output = Result<Health, DependencyError>> + Send;
}
