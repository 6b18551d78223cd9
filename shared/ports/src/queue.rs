//! The delete queue: its sending half.

use std::time::Duration;

use crate::DependencyError;
use domain::message::DeletionMessage;

/// Sends "work on this deletion".
pub trait SendDeletion: Send + Sync {
    /// Sends the message, to arrive not before `delay`, which is at most 15 minutes. It may arrive more than once, and in any order.
    ///
    /// # Errors
    ///
    /// When the queue did not answer; it may have been sent all the same.
    fn send(
        &self,
        message: &DeletionMessage,
        delay: Duration,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;
}
