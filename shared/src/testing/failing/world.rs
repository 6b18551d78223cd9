//! The queue, the bus, the scheduler and the search domain, disturbed.

use std::time::Duration;

use super::{Failing, Operation};
use crate::domain::event::Event;
use crate::domain::message::DeletionMessage;
use crate::ports::{
    Attempt, DependencyError, DomainHealth, Health, PublishEvents, RemoveSchedules,
    ScheduleOutcome, SendDeletion,
};

impl<P: SendDeletion> SendDeletion for Failing<P> {
    async fn send(
        &self,
        message: &DeletionMessage,
        delay: Duration,
    ) -> Result<(), DependencyError> {
        self.call(Operation::Send, self.inner.send(message, delay))
            .await
    }
}

impl<P: PublishEvents> PublishEvents for Failing<P> {
    const PUBLISH_BATCH: usize = P::PUBLISH_BATCH;

    async fn publish(&self, events: &[Event]) -> Result<Vec<Attempt<()>>, DependencyError> {
        let act = |events: Vec<Event>| async move { self.inner.publish(&events).await };
        self.batch(Operation::Publish, events, act).await
    }
}

impl<P: DomainHealth> DomainHealth for Failing<P> {
    async fn health(&self) -> Result<Health, DependencyError> {
        self.call(Operation::Health, self.inner.health()).await
    }
}

impl<P: RemoveSchedules> RemoveSchedules for Failing<P> {
    async fn remove(&self, name: &str) -> Result<Attempt<ScheduleOutcome>, DependencyError> {
        self.one(Operation::RemoveSchedule, self.inner.remove(name))
            .await
    }
}
