//! What hangs below a record that a comparison removes: nothing is removed without a look below it, or what is there would
//! be live below nothing, and then below the next record of that key.
//!
//! It was written without the API, while the record was hidden. It is removed first, children before parents, each with
//! the deletion's mark on it, as a purge removes late arrivals. Another deletion's record stays: its own mark hides it.
//! There may be more of those than a stretch can read, also below what is found: the next one continues where this one has
//! come to. What is clear is removed before a look that takes long goes on, so that the next stretch does not look below it
//! once more. Once something stays that should not, the look below that record is over: the record stays, and hides what is
//! there.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::looked::{Looked, Removing};
use crate::effects::remove_schedules;
use crate::kit::manifest::{self, record};
use crate::kit::records::Records;
use crate::kit::related;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::strategies;
use domain::collection::Collection;
use domain::cursor::{Place, PlaceBelow};
use domain::deletion::Deletion;
use domain::deletion::comparison::{Drift, Findings};
use domain::page::{Entry, Outcome};
use domain::row::Row;
use domain::scope::Scope;
use ports::{EnginePorts, Related};

/// The most children of one query.
const LOOK: usize = 100;

/// After so many queries what is clear is removed: a stretch that ends before that looks below it once more.
const QUERIES: usize = 16;

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

/// What a look below a record has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing is there any more.
    Clear,
    /// Something stays.
    Stays,
    /// It takes long, and there are records that are clear and not removed yet: they are first.
    Long,
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
    let (scope, entries) = (manifest::scope(work, deletion).await?, records.entries);
    for place in &records.places {
        let Some(mut at) = looked.begin(entries, removing, *place) else {
            cleared.kept.insert(*place);
            cleared.looked += 1;
            continue;
        };
        let mut hanging = Hanging {
            work,
            deletion,
            scope: &scope,
            removed: cleared.removed,
            waiting: cleared.looked,
            asked: 0,
            from: looked.deeper(),
            looked: &mut *looked,
            entries,
            at: (removing, at.clone()),
            path: Vec::new(),
        };
        let (parent, mut look) = (records.entry(*place), Look::Clear);
        while look == Look::Clear && hanging.has_more(parent, &at) {
            hanging.at.1 = at.clone();
            (look, at) = if hanging.goes_on(&at) {
                hanging.some(parent, at).await?
            } else {
                (Look::Long, at)
            };
        }
        cleared.removed = hanging.removed;
        match look {
            Look::Clear => {}
            Look::Stays => drop(cleared.kept.insert(*place)),
            Look::Long => return Ok(cleared),
        }
        cleared.looked += 1;
    }
    Ok(cleared)
}

/// A look below a record of a page.
struct Hanging<'a, P: EnginePorts> {
    work: Work<'a, P>,
    deletion: &'a Deletion,
    scope: &'a Scope,
    removed: Removed,
    /// How many records are clear and not removed yet, at all levels.
    waiting: usize,
    /// How many queries were made since something was removed.
    asked: usize,
    /// Where an earlier stretch has come to below what it has found.
    from: Vec<PlaceBelow>,
    looked: &'a mut Looked,
    entries: &'a [Entry],
    /// The present query below the record of the page.
    at: (Removing, Place),
    /// Those below what was found there.
    path: Vec<PlaceBelow>,
}

impl<P: EnginePorts> Hanging<'_, P> {
    /// Whether there may be more below a record from this place on.
    fn has_more(&self, parent: &Entry, at: &Place) -> bool {
        at.child < self.scope.children_of(&parent.collection).len()
    }

    /// Whether the present look goes on at this place, which is stored if the look takes long.
    fn goes_on(&mut self, at: &Place) -> bool {
        if at.after.is_none() {
            return true;
        }
        if self.waiting == 0 {
            let (removing, place) = &self.at;
            let at = (*removing, place);
            self.looked.reach(self.entries, at, &self.path);
        }
        self.waiting == 0
    }

    /// Removes what one query finds below a record; what has become of it, and the place behind it.
    async fn some(&mut self, parent: &Entry, at: Place) -> Result<(Look, Place), Stop> {
        let (work, scope) = (self.work, self.scope);
        let name = scope.children_of(&parent.collection).get(at.child);
        let Some(name) = name else {
            return Ok((Look::Clear, at));
        };
        let collection = work.collection(name)?;
        let Some(children) = Related::children(collection, &parent.key) else {
            return Ok((Look::Clear, at.behind(None)));
        };
        self.asked += 1;
        let found = related::page(work, &children, at.after.as_ref(), LOOK).await?;
        let look = Box::pin(self.remove(collection, found.rows)).await?;
        Ok((look, at.behind(found.next)))
    }

    /// Removes what is below one of those.
    async fn clear(&mut self, parent: &Entry) -> Result<Look, Stop> {
        let (level, record) = (self.path.len(), record(parent));
        let from = self.from.get(level).filter(|from| from.record == record);
        let mut at = Place {
            child: from.map_or(0, |from| from.child),
            after: from.and_then(|from| from.after.clone()),
            ..Place::FIRST
        };
        let mut look = Look::Clear;
        while look == Look::Clear && self.has_more(parent, &at) {
            self.path.push(PlaceBelow {
                record: record.clone(),
                child: at.child,
                after: at.after.clone(),
            });
            (look, at) = if self.goes_on(&at) {
                self.some(parent, at).await?
            } else {
                (Look::Long, at)
            };
            self.path.truncate(level);
        }
        if look != Look::Long {
            self.from.truncate(level);
        }
        Ok(look)
    }

    /// Removes those of these rows that carry no mark, and those that an earlier look has marked, with what is below
    /// them.
    async fn remove(&mut self, collection: &Collection, mut rows: Vec<Row>) -> Result<Look, Stop> {
        let deletion = self.deletion;
        let is_live = |row: &Row| row.mark(collection).is_live();
        rows.retain(|row| {
            let is_free = is_live(row) || row.mark(collection).is_of(deletion.id);
            row.is_of(&deletion.tenant, collection) && is_free
        });
        let live: Vec<bool> = rows.iter().map(is_live).collect();
        let entry = |row| Entry::of_row(collection, row, deletion.id);
        let entries: Vec<Entry> = rows.into_iter().map(entry).collect();
        let mut clear = Records {
            collection,
            entries: &entries,
            places: Vec::new(),
        };
        let (mut all, mut place) = (Look::Clear, 0);
        while let Some(entry) = entries.get(place) {
            let look = self.clear(entry).await?;
            let is_again = look == Look::Long && !clear.places.is_empty();
            match look {
                Look::Clear => {
                    clear.places.push(place);
                    self.waiting += 1;
                }
                Look::Stays => all = look,
                Look::Long if is_again => {}
                // What waits is above: it is removed first, if this is not over.
                Look::Long if all == Look::Clear => return Ok(look),
                Look::Long => {}
            }
            if is_again || self.asked >= QUERIES {
                if !self.take(&clear, &live).await? {
                    all = Look::Stays;
                }
                clear.places.clear();
            }
            place += usize::from(!is_again);
        }
        if !self.take(&clear, &live).await? {
            all = Look::Stays;
        }
        Ok(all)
    }

    /// Removes records that nothing is below any more; whether none of them stays.
    async fn take(&mut self, records: &Records<'_>, live: &[bool]) -> Result<bool, Stop> {
        if records.places.is_empty() {
            return Ok(true);
        }
        let (work, deletion) = (self.work, self.deletion);
        (self.asked, self.waiting) = (0, self.waiting - records.places.len());
        let unmarked = records.places.iter().copied().filter(|place| live[*place]);
        let unmarked = records.at(unmarked.collect());
        let mut found = remove_schedules(work, deletion, &unmarked).await?;
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
        Ok(stay.is_empty() && !found.values().any(Outcome::is_failed))
    }
}
