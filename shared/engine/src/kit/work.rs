//! What every step of a slice uses, as one value: the engine, and the slice that decides which calls may still begin.

use jiff::Timestamp;

use crate::kit::engine::Engine;
use crate::kit::settle::settle;
use crate::kit::slice::{Slice, Stop};
use domain::collection::{Collection, CollectionName, Collections};
use ports::{Attempt, Clock, DependencyError, EnginePorts};

/// An engine at work in one slice.
pub(crate) struct Work<'a, P: EnginePorts> {
    /// Its ports, collections and settings.
    pub(crate) engine: &'a Engine<P>,
    /// The time that it has.
    pub(crate) slice: &'a Slice<'a, P::Clock>,
}

// By hand: derived ones would require the traits of the ports.
impl<P: EnginePorts> Clone for Work<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: EnginePorts> Copy for Work<'_, P> {}

impl<'a, P: EnginePorts> Work<'a, P> {
    pub(crate) fn new(engine: &'a Engine<P>, slice: &'a Slice<'a, P::Clock>) -> Self {
        Self { engine, slice }
    }

    pub(crate) fn rows(&self) -> &'a P::Rows {
        self.engine.ports.rows()
    }

    pub(crate) fn documents(&self) -> &'a P::Documents {
        self.engine.ports.documents()
    }

    pub(crate) fn deletions(&self) -> &'a P::Deletions {
        self.engine.ports.deletions()
    }

    pub(crate) fn collections(&self) -> &'a Collections {
        &self.engine.collections
    }

    /// The collection of this name, or the reason why its records cannot be worked on.
    pub(crate) fn collection(&self, name: &CollectionName) -> Result<&'a Collection, Stop> {
        self.engine.collection(name)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.slice.clock().now()
    }

    /// Makes a store call, if there is time to begin one.
    pub(crate) fn call<T: 'a>(
        &self,
        call: impl Future<Output = Result<T, DependencyError>> + Send + 'a,
    ) -> impl Future<Output = Result<T, Stop>> + Send + 'a {
        self.slice.call(call)
    }

    /// Makes one of the calls that end a slice.
    pub(crate) fn closing<T: 'a>(
        &self,
        call: impl Future<Output = Result<T, DependencyError>> + Send + 'a,
    ) -> impl Future<Output = Result<T, Stop>> + Send + 'a {
        self.slice.closing(call)
    }

    /// Calls a store for all items in batches, and again for those that it puts off. Returns the answers in the order
    /// of the items.
    pub(crate) async fn settle<I, T, F, Fut>(
        &self,
        items: &[I],
        batch: usize,
        call: F,
    ) -> Result<Vec<T>, Stop>
    where
        I: Clone + Send + Sync,
        T: Send,
        F: Fn(Vec<I>) -> Fut + Sync,
        Fut: Future<Output = Result<Vec<Attempt<T>>, DependencyError>> + Send,
    {
        settle(self.slice, items, batch, call).await
    }
}
