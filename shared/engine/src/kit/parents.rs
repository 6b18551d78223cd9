//! Which parents are there when a restore is over, so that their children may come back.
//!
//! A restore runs backwards, so children come before their parents: a parent that comes back too counts if everything
//! above it does, up to a row that is there. Where a root hides what comes back until the end, whoever has marked what is
//! in between. A record that was created after the deletion was accepted is not the parent that the child had, even if it
//! has its key.

use std::collections::{HashMap, HashSet};

use crate::kit::archived::{READ, copies, is_same, whole};
use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::{Deletion, State};
use domain::key::RecordKey;
use domain::row::Row;
use ports::{EnginePorts, Fields};

/// The keys of those parents that are there or come back, among those that these rows reference.
pub(crate) async fn parents<'r, P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    rows: impl Iterator<Item = &'r Row>,
) -> Result<HashSet<RecordKey>, Stop> {
    let mut keys = parent_keys(collection, rows);
    let (mut levels, mut below) = (Vec::new(), collection);
    while !keys.is_empty()
        && let Some(parent) = work.collections().parent_of(below)
    {
        let mut level = Level::default();
        for some in keys.chunks(READ) {
            Box::pin(level.read(work, deletion, parent, some)).await?;
        }
        let above: HashSet<RecordKey> = level.hanging.values().cloned().collect();
        keys = above.into_iter().collect();
        keys.sort();
        levels.push(level);
        below = parent;
    }
    let mut there = HashSet::new();
    for level in levels.into_iter().rev() {
        let hanging = level.hanging.into_iter();
        let below: Vec<RecordKey> = hanging
            .filter(|(_, above)| there.contains(above))
            .map(|(key, _)| key)
            .collect();
        there = level.there;
        there.extend(below);
    }
    Ok(there)
}

/// Whether the row's parent is there, or the row needs none.
pub(crate) fn has_parent(collection: &Collection, row: &Row, parents: &HashSet<RecordKey>) -> bool {
    match (&collection.parent, row.parent_key(collection)) {
        (None, _) => true,
        (Some(link), None) => !link.required,
        (Some(_), Some(key)) => parents.contains(&key),
    }
}

/// The keys of the parents that these rows reference, each once.
fn parent_keys<'r>(collection: &Collection, rows: impl Iterator<Item = &'r Row>) -> Vec<RecordKey> {
    let keys = rows.filter_map(|row| row.parent_key(collection));
    let mut named: Vec<RecordKey> = keys.collect::<HashSet<_>>().into_iter().collect();
    named.sort();
    named
}

/// The parents of one collection.
#[derive(Default)]
struct Level {
    /// Parents that are there.
    there: HashSet<RecordKey>,
    /// Parents that come back if their own parent is there: that parent.
    hanging: HashMap<RecordKey, RecordKey>,
}

impl Level {
    async fn read<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &Deletion,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> Result<(), Stop> {
        if !deletion.strategy.keeps_copies() {
            let rows = read_rows(work, collection, keys, Fields::Judged).await?;
            for (key, row) in keys.iter().zip(rows) {
                if let Some(row) = row {
                    self.judge(deletion, collection, key, &row);
                }
            }
            return Ok(());
        }
        let rows = whole(work, collection, keys).await?;
        let copies = copies(work, deletion, collection, keys).await?;
        for ((key, row), copy) in keys.iter().zip(rows).zip(copies) {
            match (
                row.as_ref().map(|row| &row.row),
                copy.as_ref().map(|copy| &copy.row),
            ) {
                // Another record at that key cannot be the parent.
                (Some(row), Some(copy)) if !is_same(deletion, collection, row, copy) => {}
                (Some(row), _) => self.judge(deletion, collection, key, row),
                (None, Some(copy)) => self.hang(collection, key, copy),
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// A parent whose row is there.
    fn judge(&mut self, deletion: &Deletion, collection: &Collection, key: &RecordKey, row: &Row) {
        let mark = row.mark(collection);
        let has_root = deletion.is_hidden_by_its_root();
        if !row.is_of(&deletion.tenant, collection) {
            return;
        }
        // A restore that is over has cleared what it could: its mark is left on a record that waits for its own parent.
        let is_left = deletion.state == State::Restored;
        if mark.is_of(deletion.id) && (!has_root || is_left) {
            self.hang(collection, key, row);
        } else if mark.is_of(deletion.id)
            || ((has_root || mark.is_live())
                && !row.is_written_after(collection, deletion.deleted_at))
        {
            self.there.insert(key.clone());
        }
    }

    /// A parent that comes back below its own.
    fn hang(&mut self, collection: &Collection, key: &RecordKey, row: &Row) {
        match (&collection.parent, row.parent_key(collection)) {
            (Some(_), Some(above)) => drop(self.hanging.insert(key.clone(), above)),
            (Some(link), None) if link.required => {}
            (_, None) | (None, _) => drop(self.there.insert(key.clone())),
        }
    }
}
