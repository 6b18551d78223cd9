//! Which parents are there when a restore is over, so that their children may come back.
//!
//! A restore runs backwards, so children come before their parents: a parent that comes back too counts if everything
//! above it does, up to a row that is there. Where a root hides what comes back until the end, whoever has marked what is
//! in between. A record that has the parent's key and is not the parent that the child had does not count
//! (`domain::above`).

use std::collections::{HashMap, HashSet};

use crate::kit::archived::{AtKey, READ, at_key, copies, whole};
use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::above::{Above, Parent, Standing};
use domain::collection::Collection;
use domain::deletion::{Deletion, State};
use domain::fingerprint::is_created_apart;
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::Row;
use ports::{EnginePorts, Fields};

/// What is above some rows of one collection.
pub(crate) struct Parents<'a> {
    collection: &'a Collection,
    tenant: &'a Tenant,
    /// Nearest first.
    levels: Vec<HashMap<RecordKey, There>>,
}

/// A parent that is there, or comes back if its own parent is.
struct There {
    now: Standing,
    hangs_on: Option<RecordKey>,
}

/// Reads the parents that these rows reference, and what is above those that come back themselves.
pub(crate) async fn parents<'a, 'r, P: EnginePorts>(
    work: Work<'a, P>,
    deletion: &'a Deletion,
    collection: &'a Collection,
    rows: impl Iterator<Item = &'r Row>,
) -> Result<Parents<'a>, Stop> {
    let tenant = &deletion.tenant;
    let mut keys = parent_keys(collection, tenant, rows);
    let (mut levels, mut below) = (Vec::new(), collection);
    while !keys.is_empty()
        && let Some(parent) = work.collections().parent_of(below)
    {
        let mut level = Level::default();
        for some in keys.chunks(READ) {
            Box::pin(level.read(work, deletion, parent, some)).await?;
        }
        let above = level.0.values().filter_map(|there| there.hangs_on.clone());
        keys = above.collect::<HashSet<_>>().into_iter().collect();
        keys.sort();
        levels.push(level.0);
        below = parent;
    }
    Ok(Parents {
        collection,
        tenant,
        levels,
    })
}

impl Parents<'_> {
    /// Whether the row's parent is there and is the one that the record had, or the row needs none; the same of what is
    /// above a parent that comes back.
    pub(crate) fn has(&self, row: &Row, above: Above) -> bool {
        let mut key = match (
            &self.collection.parent,
            row.parent_key(self.collection, self.tenant),
        ) {
            (None, _) => return true,
            (Some(link), _) if link.of.is_rowless => return true,
            (Some(link), None) => return !link.required,
            (Some(_), Some(key)) => key,
        };
        for level in &self.levels {
            let there = level.get(&key);
            let Some(there) = there.filter(|there| above.judge(&there.now) != Parent::Another)
            else {
                return false;
            };
            match &there.hangs_on {
                None => return true,
                Some(further) => key = further.clone(),
            }
        }
        false
    }
}

/// The keys of the parents that these rows reference, each once.
fn parent_keys<'r>(
    collection: &Collection,
    tenant: &Tenant,
    rows: impl Iterator<Item = &'r Row>,
) -> Vec<RecordKey> {
    let keys = rows.filter_map(|row| row.parent_key(collection, tenant));
    let mut named: Vec<RecordKey> = keys.collect::<HashSet<_>>().into_iter().collect();
    named.sort();
    named
}

/// The parents of one collection.
#[derive(Default)]
struct Level(HashMap<RecordKey, There>);

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
            for row in rows.into_iter().flatten() {
                self.judge(deletion, collection, &row);
            }
            return Ok(());
        }
        let rows = whole(work, collection, keys).await?;
        let copies = copies(work, deletion, collection, keys).await?;
        for (row, copy) in rows.into_iter().zip(copies) {
            match (
                row.as_ref().map(|row| &row.row),
                copy.as_ref().map(|copy| &copy.row),
            ) {
                // Another record at that key cannot be the parent.
                (Some(row), Some(copy))
                    if at_key(deletion, collection, row, copy) == AtKey::Another
                        || is_created_apart(row, copy, collection) => {}
                (Some(row), _) => self.judge(deletion, collection, row),
                (None, Some(copy)) => self.hang(deletion, collection, copy),
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// A parent whose row is there.
    fn judge(&mut self, deletion: &Deletion, collection: &Collection, row: &Row) {
        let mark = row.mark(collection);
        let has_root = deletion.is_hidden_by_its_root();
        if !row.is_of(&deletion.tenant, collection) {
            return;
        }
        let now = Standing::of(row, collection, deletion.deleted_at);
        // A restore that is over has cleared what it could: its mark is left on a record that waits for its own parent.
        let is_left = deletion.state == State::Restored;
        if mark.is_of(deletion.id) && (!has_root || is_left) {
            self.hang(deletion, collection, row);
        } else if mark.is_of(deletion.id) {
            self.add(row, now.taken(), None);
        } else if has_root || mark.is_live() {
            self.add(row, now, None);
        }
    }

    /// A parent that comes back below its own.
    fn hang(&mut self, deletion: &Deletion, collection: &Collection, row: &Row) {
        let now = Standing::of(row, collection, deletion.deleted_at).taken();
        match (
            &collection.parent,
            row.parent_key(collection, &deletion.tenant),
        ) {
            (Some(link), _) if link.of.is_rowless => self.add(row, now, None),
            (Some(_), Some(above)) => self.add(row, now, Some(above)),
            (Some(link), None) if link.required => {}
            (_, None) | (None, _) => self.add(row, now, None),
        }
    }

    fn add(&mut self, row: &Row, now: Standing, hangs_on: Option<RecordKey>) {
        self.0.insert(row.key.clone(), There { now, hangs_on });
    }
}
