//! The event bus.

use crate::{Attempt, DependencyError};
use domain::event::Event;

/// Publishes events.
pub trait PublishEvents: Send + Sync {
    /// The most events of one call.
    const PUBLISH_BATCH: usize = 10;

    /// Publishes events; each may arrive more than once, with the same id. Those that do not fit into one call are to
    /// be asked for again.
    ///
    /// # Errors
    ///
    /// When the bus did not answer (which were published is then unknown), or refused.
    fn publish(
        &self,
        events: &[Event],
    ) -> impl Future<Output = Result<Vec<Attempt<()>>, DependencyError>> + Send;
}
