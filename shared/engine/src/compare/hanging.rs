//! What hangs below a record that a comparison removes: nothing is removed without a look below it, or what is there would
//! be live below nothing, and then below the next record of that key.
//!
//! It was written without the API, while the record was hidden. It is removed first, children before parents, each with
//! the deletion's mark on it, as a purge removes late arrivals. Another deletion's record stays: its own mark hides it.
//! There may be more of those than a stretch can read: the next one continues where this one has come to. Once something
//! stays that should not, the look below that record is over: the record stays, and hides what is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::looked::{Looked, Removing};
use crate::effects::remove_schedules;
use crate::kit::manifest;
use crate::kit::records::Records;
use crate::kit::related;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::strategies;
use domain::collection::Collection;
use domain::cursor::Place;
use domain::deletion::Deletion;
use domain::deletion::comparison::{Drift, Findings};
use domain::page::{Entry, Outcome};
use domain::row::Row;
use domain::scope::Scope;
use ports::{EnginePorts, Related};

/// The most children of one query.
const LOOK: usize = 100;

/// How many queries of a record's children may find that there is more, and nothing to remove, before the look below those
/// children is given up: only the place below the record itself is stored, so all of this must fit into a stretch.
const FRUITLESS: usize = 200;

/// What has become of the records below others.
#[derive(Debug, Default)]
pub(crate) struct Cleared {
    /// How many of the records, from the first on, have had their look: those before one that takes long are removed
    /// first, so that the place in it says that they are done.
    pub(crate) looked: usize,
    /// The places of those below which something stays.
    pub(crate) kept: BTreeSet<usize>,
    /// How many were removed.
    removed: Removed,
}

/// How many records were removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

/// Removes what is below these records, at least below the first one. What is removed is progress: a comparison that ends
/// early finds it gone.
pub(crate) async fn clear<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    removing: Removing,
    looked: &mut Looked,
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
        fruitless: 0,
    };
    for place in &records.places {
        let (parent, entries) = (records.entry(*place), records.entries);
        let Some(mut at) = looked.begin(entries, removing, *place) else {
            cleared.kept.insert(*place);
            cleared.looked += 1;
            continue;
        };
        let mut is_clear = true;
        while is_clear && hanging.has_more(parent, &at) {
            if at.after.is_some() {
                if cleared.looked > 0 {
                    cleared.removed = hanging.removed;
                    return Ok(cleared);
                }
                looked.reach(entries, removing, &at);
            }
            hanging.fruitless = 0;
            (is_clear, at) = hanging.some(parent, at).await?;
        }
        if !is_clear {
            cleared.kept.insert(*place);
        }
        cleared.looked += 1;
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
    /// See [`FRUITLESS`].
    fruitless: usize,
}

impl<P: EnginePorts> Hanging<'_, P> {
    /// Whether there may be more below a record from this place on.
    fn has_more(&self, parent: &Entry, at: &Place) -> bool {
        at.child < self.scope.children_of(&parent.collection).len()
    }

    /// Removes what one query finds below a record; whether nothing of it stays, and the place behind it.
    async fn some(&mut self, parent: &Entry, at: Place) -> Result<(bool, Place), Stop> {
        let (work, scope) = (self.work, self.scope);
        let name = scope.children_of(&parent.collection).get(at.child);
        let Some(name) = name else {
            return Ok((true, at));
        };
        let collection = work.collection(name)?;
        let Some(children) = Related::children(collection, &parent.key) else {
            return Ok((true, at.behind(None)));
        };
        let found = related::page(work, &children, at.after.as_ref(), LOOK).await?;
        let before = self.removed;
        let is_clear = Box::pin(self.remove(collection, found.rows)).await?;
        if found.next.is_some() && self.removed == before {
            self.fruitless += 1;
        }
        Ok((is_clear, at.behind(found.next)))
    }

    /// Removes what is below one of those; whether nothing stays there.
    async fn clear(&mut self, parent: &Entry) -> Result<bool, Stop> {
        let (mut is_clear, mut at) = (true, Place::FIRST);
        while is_clear && self.has_more(parent, &at) {
            (is_clear, at) = self.some(parent, at).await?;
            is_clear &= self.fruitless < FRUITLESS;
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
