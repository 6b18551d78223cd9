//! The engine's value: its ports, the collections, and its settings.

use std::sync::Arc;

use crate::kit::slice::Stop;
use domain::collection::{Collection, CollectionName, Collections};
use domain::deletion::{RetryLimits, Timing};
use telemetry::Counter;

/// The engine: its ports, the collections, and its settings.
#[derive(Debug)]
pub struct Engine<P> {
    /// What it works with.
    pub ports: P,
    /// The collections as the files declare them now; the scope of a deletion is frozen.
    pub collections: Arc<Collections>,
    /// The times of the protocol.
    pub timing: Timing,
    /// When to give up.
    pub patience: RetryLimits,
    /// The most keys of a page it writes, from 1 to 1,000.
    pub page_keys: usize,
    /// How many rows it could not read as their collections are declared.
    pub unreadable_rows: Counter,
}

impl<P> Engine<P> {
    /// The collection of this name, or the reason why its records cannot be worked on.
    pub(crate) fn collection(&self, name: &CollectionName) -> Result<&Collection, Stop> {
        self.collections
            .get(name.as_ref())
            .ok_or_else(|| Stop::unknown_collection(name))
    }
}
