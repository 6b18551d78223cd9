//! Whether a record belongs to a deletion because of what is above it: the only place that decides it.
//!
//! A record belongs to it if a record of the deletion is above it; below a root that is the root, whoever has marked what
//! is in between. A record below anything else was moved there, or its parent is another record by now. Parents are read
//! after their children, and the root after all of them, so a child is never judged by a parent that its own was replaced
//! with: below a root that was created anew nothing is the deletion's.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::kit::ours::is_root;
use crate::kit::records::Records;
use crate::kit::rows::{read_row, read_rows};
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, CollectionName};
use domain::deletion::{Deletion, Pass};
use domain::key::RecordKey;
use domain::page::{Entry, Page};
use domain::row::{Row, RowMark};
use domain::scope::{Scope, Source};
use ports::{EnginePorts, Fields, ReadDeletions};

/// Judges records of one deletion.
pub(crate) struct Membership<'a, P: EnginePorts> {
    work: Work<'a, P>,
    deletion: &'a Deletion,
    scope: &'a Scope,
    /// Whether a record belongs to it if its parent is missing.
    orphans_are_ours: bool,
    /// Whether a record that the request lists may still be waiting for its turn in the delete.
    is_listing: bool,
    /// Whether what is below the root's key is below the root, although another record may have that key by now.
    is_root_any: bool,
    /// Records above that wait for their turn in the delete.
    pub(crate) waiting: HashSet<(CollectionName, RecordKey)>,
    /// The records of the same page.
    beside: HashSet<(&'a CollectionName, &'a RecordKey)>,
    /// The ids that the request lists, once they are read.
    ids: Option<HashSet<RecordKey>>,
}

/// What a record above another one says about it.
enum Above {
    /// It is the deletion's.
    Ours,
    /// There is no such record any more.
    Gone,
    /// It is not the deletion's, and nothing above it matters.
    NotOurs,
    /// Its own parent decides.
    Further(RecordKey),
}

impl<'a, P: EnginePorts> Membership<'a, P> {
    /// For records that are found below those of the deletion when its pages are done: a parent that is missing by now was
    /// one of them, and one that is live is not, whatever the request lists; except for those that wait for their turn until
    /// nothing is left below them.
    pub(crate) fn of_found(work: Work<'a, P>, deletion: &'a Deletion, scope: &'a Scope) -> Self {
        Self {
            work,
            deletion,
            scope,
            orphans_are_ours: true,
            is_listing: false,
            is_root_any: false,
            waiting: HashSet::new(),
            beside: HashSet::new(),
            ids: None,
        }
    }

    /// For records of a page that was written before: since then they may have been moved below another parent, which is
    /// missing. Late arrivals have been found when the records above them were gone, and a parent in the same page may be
    /// gone before them.
    pub(crate) fn of_page(
        work: Work<'a, P>,
        deletion: &'a Deletion,
        scope: &'a Scope,
        page: &'a Page,
    ) -> Self {
        let record = |entry: &'a Entry| (&entry.collection, &entry.key);
        // What the delete has not come to is not gone because of it.
        let is_left = deletion.has_left(page.number);
        let beside = page.entries.iter().filter(|_| !is_left);
        Self {
            orphans_are_ours: deletion.is_late(page.number),
            is_listing: deletion.state.pass() == Pass::Delete,
            beside: beside.map(record).collect(),
            ..Self::of_found(work, deletion, scope)
        }
    }

    /// The same for a page that nobody has begun, of the present run: a parent that is missing was there when it was
    /// written, and a root that was created anew since has other children.
    pub(crate) fn not_begun(self) -> Self {
        Self {
            orphans_are_ours: true,
            is_root_any: true,
            ..self
        }
    }

    /// Whether each of these rows is below a record of the deletion.
    pub(crate) async fn of(
        &mut self,
        collection: &Collection,
        rows: &[Row],
    ) -> Result<Vec<bool>, Stop> {
        let collections = self.work.collections();
        let mut levels: Vec<HashMap<RecordKey, Above>> = Vec::new();
        let named = rows
            .iter()
            .filter_map(|row| row.parent_key(collection, &self.deletion.tenant));
        let mut keys: BTreeSet<RecordKey> = named.collect();
        let mut below = collection;
        while let Some(parent) = collections.parent_of(below).filter(|_| !keys.is_empty()) {
            let level = self.level(parent, keys.into_iter().collect()).await?;
            let further = level.values().filter_map(|above| match above {
                Above::Further(key) => Some(key.clone()),
                Above::Ours | Above::Gone | Above::NotOurs => None,
            });
            keys = further.collect();
            levels.push(level);
            below = parent;
        }
        let mut ours: HashSet<RecordKey> = HashSet::new();
        for (place, level) in levels.iter().enumerate().rev() {
            let is_ours = |above: &Above| match above {
                Above::Ours => true,
                // What is missing above a record that is there is not known to be the deletion's.
                Above::Gone => place == 0 && self.orphans_are_ours,
                Above::NotOurs => false,
                Above::Further(key) => ours.contains(key),
            };
            let mine = level.iter().filter(|(_, above)| is_ours(above));
            ours = mine.map(|(key, _)| key.clone()).collect();
        }
        let is_read = |root: &RecordKey| {
            let above = levels.iter().filter_map(|level| level.get(root));
            above.into_iter().any(|above| matches!(above, Above::Ours))
        };
        if let Some(root) = &self.deletion.root
            && !ours.is_empty()
            && !self.is_root_any
            && !is_read(root)
            && self.is_root_recreated(root).await?
        {
            // And so is everything below it.
            ours.clear();
        }
        let is_below = |row: &Row| {
            let parent = row.parent_key(collection, &self.deletion.tenant);
            parent.is_some_and(|key| ours.contains(&key))
        };
        Ok(rows.iter().map(is_below).collect())
    }

    /// Whether another record has the root's key; it is read after what is below it.
    async fn is_root_recreated(&self, root: &RecordKey) -> Result<bool, Stop> {
        let declared = self.work.collection(&self.deletion.collection)?;
        let row = read_row(self.work, declared, root, Fields::Judged).await?;
        Ok(row.is_some_and(|row| !row.mark(declared).is_of(self.deletion.id)))
    }

    async fn level(
        &mut self,
        parent: &Collection,
        keys: Vec<RecordKey>,
    ) -> Result<HashMap<RecordKey, Above>, Stop> {
        let rows = read_rows(self.work, parent, &keys, Fields::Judged).await?;
        let mut level = HashMap::new();
        for (key, row) in keys.into_iter().zip(rows) {
            let above = match row {
                None if self.beside.contains(&(&parent.name, &key)) => Above::Ours,
                None => Above::Gone,
                Some(row) => self.judge(parent, &row).await?,
            };
            level.insert(key, above);
        }
        Ok(level)
    }

    async fn judge(&mut self, collection: &Collection, row: &Row) -> Result<Above, Stop> {
        let deletion = self.deletion;
        if !row.is_of(&deletion.tenant, collection) {
            return Ok(Above::NotOurs);
        }
        let mark = row.mark(collection);
        if mark.is_of(deletion.id) {
            return Ok(Above::Ours);
        }
        let Some(root) = &deletion.root else {
            // What is below a record of another deletion belongs to that one.
            if matches!(mark, RowMark::By(_)) && !deletion.takes_over(collection, mark) {
                return Ok(Above::NotOurs);
            }
            // Of what was to be taken over, its owner may have taken it back.
            let is_back =
                deletion.adopts && mark.is_live() && collection.name == deletion.collection;
            // Its turn in the delete is still to come.
            let name = (collection.name.clone(), row.key.clone());
            let is_later = row.is_written_after(collection, deletion.deleted_at);
            let is_waiting = self.waiting.contains(&name) && !is_later;
            if !is_back
                && (is_waiting || (self.is_listing && self.is_requested(collection, row).await?))
            {
                return Ok(Above::Ours);
            }
            return Ok(further(deletion, collection, row));
        };
        if collection.name == deletion.collection && row.key == *root {
            // A root without our mark is another record.
            let is_it = self.is_root_any;
            return Ok(if is_it { Above::Ours } else { Above::NotOurs });
        }
        Ok(further(deletion, collection, row))
    }

    /// Whether the request lists this record itself: never where it has a root.
    pub(crate) async fn is_requested(
        &mut self,
        collection: &Collection,
        row: &Row,
    ) -> Result<bool, Stop> {
        if !is_meant(self.deletion, self.scope, collection, row) {
            return Ok(false);
        }
        match &self.scope.source {
            Source::Root => Ok(false),
            Source::Ids { parts, .. } => Ok(collection.name == self.deletion.collection
                && self.ids(*parts).await?.contains(&row.key)),
            Source::Author {
                author,
                collections,
            } => Ok(collections.contains(&collection.name)
                && row.author(collection) == Some(author.as_str())),
            // What it asks of a row are the conditions, which `is_meant` has judged.
            Source::Matching { collections } => Ok(collections.contains(&collection.name)),
        }
    }

    async fn ids(&mut self, parts: u32) -> Result<&HashSet<RecordKey>, Stop> {
        let ids = if let Some(ids) = self.ids.take() {
            ids
        } else {
            let (deletions, deletion) = (self.work.deletions(), self.deletion);
            let mut ids = HashSet::new();
            for part in 1..=parts {
                let read = deletions.ids(&deletion.tenant, deletion.id, part);
                ids.extend(self.work.call(read).await?.unwrap_or_default());
            }
            ids
        };
        Ok(self.ids.insert(ids))
    }
}

/// The places of those of these records that carry no mark and are the deletion's all the same, as their rows are now: they
/// are still below it, or were asked for once more. A root without a mark is another record.
pub(crate) async fn still_below<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    (records, page): (&Records<'_>, &Page),
) -> Result<Vec<usize>, Stop> {
    let collection = records.collection;
    let is_live = |row: &Row| row.is_unmarked(&deletion.tenant, collection);
    let is_below = |place: &usize| !is_root(deletion, records.entry(*place));
    let records = records.at(records.places.iter().copied().filter(is_below).collect());
    let rows = records.rows(work).await?;
    let unmarked = records.places.iter().copied().zip(rows);
    let (places, rows): (Vec<usize>, Vec<Row>) = unmarked
        .filter_map(|(place, row)| Some((place, row.filter(is_live)?)))
        .unzip();
    let mut membership = Membership::of_page(work, deletion, scope, page);
    let ours = membership.of(collection, &rows).await?;
    // A purge adds what the request lists only if it has been asked for once more.
    let is_asked = |row: &Row| {
        deletion.is_added_by_a_purge(page.number) && was_requested(deletion, scope, collection, row)
    };
    let found = places.into_iter().zip(&rows).zip(ours);
    Ok(found
        .filter(|((_, row), is_ours)| *is_ours || is_asked(row))
        .map(|((place, _), _)| place)
        .collect())
}

fn further(deletion: &Deletion, collection: &Collection, row: &Row) -> Above {
    row.parent_key(collection, &deletion.tenant)
        .map_or(Above::NotOurs, Above::Further)
}

/// Whether the row is one that the request was for, an author's or by conditions, and says that it was there by then. What
/// may have met the conditions only since then was not.
pub(crate) fn was_requested(
    deletion: &Deletion,
    scope: &Scope,
    collection: &Collection,
    row: &Row,
) -> bool {
    let is_listed = match &scope.source {
        Source::Root | Source::Ids { .. } => false,
        Source::Author {
            author,
            collections,
        } => {
            collections.contains(&collection.name)
                && row.author(collection) == Some(author.as_str())
        }
        Source::Matching { collections } => collections.contains(&collection.name),
    };
    is_listed
        && is_meant(deletion, scope, collection, row)
        && row.is_written_by(collection, deletion.deleted_at)
        && can_be_asked_again(scope, collection)
}

/// Whether what the request lists of a collection can be asked for once more: what is there by now, and says when it was
/// written, must tell whether it was meant then.
pub(crate) fn can_be_asked_again(scope: &Scope, collection: &Collection) -> bool {
    let only = scope.only.get(&collection.name);
    collection.filters.time.is_some() && only.is_none_or(|only| only.are_lasting(collection))
}

/// Whether the row is the tenant's and meets the conditions of the scope.
pub(crate) fn is_meant(
    deletion: &Deletion,
    scope: &Scope,
    collection: &Collection,
    row: &Row,
) -> bool {
    scope.means(&deletion.tenant, collection, row)
}
