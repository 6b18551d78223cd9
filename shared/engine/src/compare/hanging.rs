//! What hangs below a record that a comparison removes: nothing is removed without a look below it, or what is there would
//! be live below nothing, and then below the next record of that key.
//!
//! It was written without the API, while the record was hidden. It is removed first, children before parents, each with
//! the deletion's mark on it, as a purge removes late arrivals. Another deletion's record stays: its own mark hides it.

use std::collections::{BTreeMap, BTreeSet};

use crate::effects::remove_schedules;
use crate::kit::manifest;
use crate::kit::records::Records;
use crate::kit::related;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::strategies;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::deletion::comparison::{Drift, Findings};
use domain::page::{Entry, Outcome, Position};
use domain::row::Row;
use domain::scope::Scope;
use ports::{EnginePorts, Related};

/// The most children of one query.
const LOOK: usize = 100;

/// What has become of the records below others.
#[derive(Debug, Default)]
pub(crate) struct Cleared {
    /// The places of those below which something stays.
    pub(crate) kept: BTreeSet<usize>,
    /// How many were removed.
    removed: Removed,
}

/// How many records were removed.
#[derive(Debug, Clone, Copy, Default)]
struct Removed {
    /// Written without the API.
    live: u64,
    /// With the deletion's mark: what the restore has left, or an earlier look has marked.
    marked: u64,
}

impl Cleared {
    /// Counts what was removed.
    pub(crate) fn count(&self, findings: &mut Findings) {
        let Removed { live, marked } = self.removed;
        for (drift, removed) in [(Drift::LiveChild, live), (Drift::OrphanMark, marked)] {
            if removed > 0 {
                findings.count(drift, removed, true);
            }
        }
    }
}

/// Removes what is below these records. What is removed is progress: a comparison that ends early finds it gone.
pub(crate) async fn clear<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<Cleared, Stop> {
    let mut cleared = Cleared::default();
    if records.places.is_empty() {
        return Ok(cleared);
    }
    let scope = manifest::scope(work, deletion).await?;
    let mut hanging = Hanging {
        work,
        deletion,
        scope: &scope,
        removed: Removed::default(),
    };
    for place in &records.places {
        if !hanging.clear(records.entry(*place)).await? {
            cleared.kept.insert(*place);
        }
    }
    cleared.removed = hanging.removed;
    Ok(cleared)
}

/// A look below records.
struct Hanging<'a, P: EnginePorts> {
    work: Work<'a, P>,
    deletion: &'a Deletion,
    scope: &'a Scope,
    removed: Removed,
}

impl<P: EnginePorts> Hanging<'_, P> {
    /// Removes what is below a record; whether nothing stays there.
    async fn clear(&mut self, parent: &Entry) -> Result<bool, Stop> {
        let (work, scope) = (self.work, self.scope);
        let mut is_clear = true;
        for name in scope.children_of(&parent.collection) {
            let collection = work.collection(name)?;
            let Some(children) = Related::children(collection, &parent.key) else {
                continue;
            };
            let mut after: Option<Position> = None;
            loop {
                let found = related::page(work, &children, after.as_ref(), LOOK).await?;
                is_clear &= Box::pin(self.remove(collection, found.rows)).await?;
                after = found.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(is_clear)
    }

    /// Removes those of these rows that carry no mark, and those that an earlier look has marked, with what is below
    /// them; whether none of them stays.
    async fn remove(&mut self, collection: &Collection, mut rows: Vec<Row>) -> Result<bool, Stop> {
        let (work, deletion) = (self.work, self.deletion);
        let is_live = |row: &Row| row.mark(collection).is_live();
        rows.retain(|row| {
            let is_free = is_live(row) || row.mark(collection).is_of(deletion.id);
            row.is_of(&deletion.tenant, collection) && is_free
        });
        let live: Vec<bool> = rows.iter().map(is_live).collect();
        let entry = |row| Entry::of_row(collection, row, deletion.id);
        let entries: Vec<Entry> = rows.into_iter().map(entry).collect();
        let mut records = Records {
            collection,
            entries: &entries,
            places: Vec::new(),
        };
        let mut is_clear = true;
        for (place, entry) in entries.iter().enumerate() {
            if self.clear(entry).await? {
                records.places.push(place);
            } else {
                is_clear = false;
            }
        }
        let unmarked = records.places.iter().copied().filter(|place| live[*place]);
        let unmarked = records.at(unmarked.collect());
        let mut found = remove_schedules(work, &entries, &unmarked.places).await?;
        let unmarked = unmarked.without(&found);
        found.extend(strategies::take_unmarked(work, deletion, &unmarked).await?);
        let marked = records.without(&found);
        let mut stay = BTreeMap::new();
        strategies::forget(work, deletion, &marked, &mut stay).await?;
        for place in marked.without(&stay).places {
            if live[place] {
                self.removed.live += 1;
            } else {
                self.removed.marked += 1;
            }
        }
        Ok(is_clear && stay.is_empty() && !found.values().any(Outcome::is_failed))
    }
}
