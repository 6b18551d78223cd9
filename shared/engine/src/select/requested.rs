//! What the request itself lists in a deletion without a root: the first phase of its selection, before the walk over
//! its pages.
//!
//! Each id is judged, so that counts are exact. One that is absent, another tenant's, or that the caller may not delete
//! is `missing`; the three are never distinguished. An author's records, and those that meet conditions, are queried in
//! the table, or through an index and read again from the table, like everything that is found through an index.

use crate::kit::identified::{self, Identified, identifying, read_identified};
use crate::kit::manifest::fitting;
use crate::kit::membership::is_meant;
use crate::kit::related;
use crate::kit::slice::Stop;
use crate::kit::unreadable::unreadable;
use crate::kit::work::Work;
use crate::select::above::Parents;
use crate::select::coming_back::Restores;
use crate::select::step::{Found, Step, entry_of};
use domain::above::Above;
use domain::collection::{Collection, CollectionName};
use domain::cursor::RequestedPlace;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Entry, Judged, Position, SelectCursor};
use domain::row::{Row, Unreadable};
use domain::scope::{Scope, Source};
use ports::{EnginePorts, Fields, ReadDeletions, Related};

/// What the scope of a deletion lists.
pub(crate) struct Requested<'a, P: EnginePorts> {
    pub(crate) work: Work<'a, P>,
    pub(crate) scope: &'a Scope,
    pub(crate) deletion: &'a Deletion,
}

impl<P: EnginePorts> Requested<'_, P> {
    /// The next records that the scope lists, at most `limit` of them and, if they are listed by key, at most `room`
    /// bytes (one is always taken); `None` when there are no more.
    pub(crate) async fn next(
        &self,
        parents: &mut Parents,
        place: &RequestedPlace,
        (limit, room): (usize, usize),
    ) -> Result<Option<Step>, Stop> {
        match &self.scope.source {
            Source::Root => Ok(None),
            Source::Ids { parts, .. } => self.by_id(parents, place, *parts, (limit, room)).await,
            Source::Author { collections, .. } | Source::Matching { collections } => {
                match collections.get(place.source) {
                    Some(name) => {
                        let step = self.by_query(parents, place, name, limit).await?;
                        Ok(Some(step))
                    }
                    None => Ok(None),
                }
            }
        }
    }

    async fn by_id(
        &self,
        parents: &mut Parents,
        place: &RequestedPlace,
        parts: u32,
        (limit, room): (usize, usize),
    ) -> Result<Option<Step>, Stop> {
        let part = u32::try_from(place.part)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        if part > parts {
            return Ok(None);
        }
        let read = self
            .work
            .deletions()
            .ids(&self.deletion.tenant, self.deletion.id, part);
        let ids = self.work.call(read).await?;
        let ids = ids.ok_or_else(|| Stop::broken("IDS_MISSING", "ids of the scope are missing"))?;
        let begin = offset(place)?;
        let open = ids.get(begin..).unwrap_or_default();
        let keys = &open[..limit.min(open.len())];
        let collection = self.work.collection(&self.deletion.collection)?;
        let mut restores = Restores::default();
        let rows = loop {
            let rows = read_identified(self.work, collection, keys).await?;
            let meant = rows.iter().flatten().map(|(row, _)| row);
            let meant = meant.filter(|row| self.is_meant(collection, row));
            let ended = restores.have_ended(self.work, self.deletion, collection, meant);
            if ended.await? {
                break rows;
            }
        };
        let rows = self.below_theirs(parents, collection, rows).await?;
        let mut entries: Vec<Entry> = keys
            .iter()
            .zip(rows)
            .map(|(key, row)| self.judged(collection, key, row))
            .collect();
        entries.truncate(fitting(&entries, room));
        let end = begin + entries.len();
        let next = if end < ids.len() {
            RequestedPlace {
                after: Some(Position(end.to_string())),
                ..*place
            }
        } else {
            RequestedPlace {
                part: place.part + 1,
                after: None,
                ..*place
            }
        };
        let next = SelectCursor::Requested(next);
        Ok(Some(Step::Entries { entries, next }))
    }

    fn judged(
        &self,
        collection: &Collection,
        key: &RecordKey,
        (row, above): (Option<Identified>, Above),
    ) -> Entry {
        // Another tenant's is not there, whatever is wrong with it.
        let tenant = &self.deletion.tenant;
        let is_tried = |row: &Row| {
            self.is_meant(collection, row) || row.unreadable_to(tenant, collection).is_some()
        };
        // Its owner has taken it back since.
        let is_back = |row: &Row| self.deletion.adopts && row.mark(collection).is_live();
        match row.filter(|(row, _)| is_tried(row) && !is_back(row)) {
            Some((row, fingerprint)) => {
                let entry = entry_of(collection, row, self.deletion);
                entry.with(Some(fingerprint)).below(above)
            }
            None => Entry::new(collection.name.clone(), key.clone(), Judged::Missing),
        }
    }

    /// The next records that a query finds: an author's, or those that meet the conditions.
    async fn by_query(
        &self,
        parents: &mut Parents,
        place: &RequestedPlace,
        name: &CollectionName,
        limit: usize,
    ) -> Result<Step, Stop> {
        let collection = self.work.collection(name)?;
        let listed = Related::listed(collection, self.scope, &self.deletion.tenant);
        let Some(listed) = listed else {
            let what = match self.scope.source {
                Source::Author { .. } => "AUTHOR_INDEX_MISSING",
                Source::Root | Source::Ids { .. } | Source::Matching { .. } => "INDEX_MISSING",
            };
            let reason =
                format!("no query finds the records of this deletion in `{name}` any more");
            return Err(Stop::broken(what, &reason));
        };
        let listed = listed.not_marked_by(self.deletion.id);
        let listed = listed.with(identified::fields(collection));
        // Rows that have to be read whole, or again, are read in smaller portions.
        let limit = if listed.is_over_an_index() || listed.fields() == Fields::All {
            limit.min(identified::AT_ONCE)
        } else {
            limit
        };
        let mut restores = Restores::default();
        let mut found = loop {
            let mut found = related::page(self.work, &listed, place.after.as_ref(), limit).await?;
            self.tell_unreadable(collection, &found.rows);
            found.rows.retain(|row| self.is_meant(collection, row));
            let rows = found.rows.iter();
            let ended = restores.have_ended(self.work, self.deletion, collection, rows);
            if ended.await? {
                break found;
            }
        };
        if matches!(self.scope.source, Source::Matching { .. }) {
            // What another deletion has is not listed: it would be counted with each request anew.
            found
                .rows
                .retain(|row| row.may_be_live(&self.deletion.tenant, collection));
        }
        let identify = identifying(self.work, collection);
        let rows = found.rows.into_iter().map(|row| Some(identify(row)));
        let rows = self
            .below_theirs(parents, collection, rows.collect())
            .await?;
        let rows = rows.into_iter().filter_map(|(row, above)| {
            let (row, fingerprint) = row?;
            Some(Found {
                collection: name.clone(),
                row,
                fingerprint: Some(fingerprint),
                above,
            })
        });
        let next = RequestedPlace {
            source: place.source + usize::from(found.next.is_none()),
            after: found.next,
            ..*place
        };
        Ok(Step::Rows {
            rows: rows.collect(),
            next: SelectCursor::Requested(next),
        })
    }

    /// Of a row whose texts are of no pattern nobody can say whether it meets the conditions: it is left, and told.
    fn tell_unreadable(&self, collection: &Collection, rows: &[Row]) {
        let ours = rows.iter();
        let ours = ours.filter(|row| row.may_be_of(&self.deletion.tenant, collection));
        for row in ours.filter(|row| !self.is_meant(collection, row)) {
            if let Some(why @ Unreadable::Composed(_)) = row.unreadable(collection) {
                let _reason = unreadable(self.work, self.deletion, collection, why);
            }
        }
    }

    /// The same rows, each with what is above it, where the deletion may take it.
    async fn below_theirs(
        &self,
        parents: &mut Parents,
        collection: &Collection,
        rows: Vec<Option<Identified>>,
    ) -> Result<Vec<(Option<Identified>, Above)>, Stop> {
        let is_live = |row: &&Row| row.is_unmarked(&self.deletion.tenant, collection);
        let live: Vec<Option<&Row>> = rows
            .iter()
            .map(|row| row.as_ref().map(|(row, _)| row).filter(is_live))
            .collect();
        let above = parents
            .of(self.work, self.deletion, collection, &live)
            .await?;
        Ok(rows.into_iter().zip(above).collect())
    }

    /// Whether the row is the tenant's and meets the conditions of the scope.
    fn is_meant(&self, collection: &Collection, row: &Row) -> bool {
        is_meant(self.deletion, self.scope, collection, row)
    }
}

/// The cursor's offset in a part of ids.
fn offset(place: &RequestedPlace) -> Result<usize, Stop> {
    place.after.as_ref().map_or(Ok(0), |after| {
        after
            .0
            .parse()
            .map_err(|_| Stop::broken("CURSOR_INVALID", "the manifest's cursor cannot be read"))
    })
}
