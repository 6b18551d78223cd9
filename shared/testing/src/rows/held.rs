//! Whole rows that were read and are still in memory somewhere: how many bytes that is at most.

use std::sync::{Arc, Weak};

use ports::Stored;

/// The rows that were handed out.
#[derive(Debug)]
pub(super) struct Held<K> {
    rows: Vec<(Weak<Stored<K>>, usize)>,
    most: usize,
}

impl<K> Default for Held<K> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            most: 0,
        }
    }
}

impl<K> Held<K> {
    /// Hands out a row of so many bytes.
    pub(super) fn hand_out(&mut self, stored: Stored<K>, bytes: usize) -> Arc<Stored<K>> {
        let stored = Arc::new(stored);
        self.rows.retain(|(row, _)| row.strong_count() > 0);
        self.rows.push((Arc::downgrade(&stored), bytes));
        let now = self.rows.iter().map(|(_, bytes)| bytes).sum();
        self.most = self.most.max(now);
        stored
    }

    /// The most bytes that were in memory at a time.
    pub(super) fn most(&self) -> usize {
        self.most
    }
}
