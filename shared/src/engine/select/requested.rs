//! What a deletion without a root names itself: the first phase of its selection, before the walk over its pages.
//!
//! Ids are judged each, so that counts are exact: one that is absent, another tenant's, or none that the caller may
//! delete is `missing`, and the three are never told apart. What an author wrote is found over an index and read again on
//! the table, as everything that is found over an index.

use crate::domain::collection::{Collection, CollectionName};
use crate::domain::deletion::Deletion;
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Judged, Position, SelectCursor};
use crate::domain::row::{Row, RowMark};
use crate::domain::scope::Source;
use crate::engine::kit::records::read_rows;
use crate::engine::kit::slice::Stop;
use crate::engine::select::step::Step;
use crate::engine::select::walk::Walk;
use crate::ports::{EnginePorts, Fields, ReadDeletions, ReadRows, RowQuery, Through};

impl<P: EnginePorts> Walk<'_, P> {
    /// The next records that the scope names, at most `limit` of them and, where they are named by key, at most `room`
    /// bytes (one is always taken); `None` when there are no more.
    pub(crate) async fn named(
        &self,
        deletion: &Deletion,
        cursor: &SelectCursor,
        limit: usize,
        room: usize,
    ) -> Result<Option<Step>, Stop> {
        match &self.scope.source {
            Source::Root => Ok(None),
            Source::Ids { parts, .. } => self.by_id(deletion, cursor, *parts, limit, room).await,
            Source::Author {
                author,
                collections,
            } => match collections.get(cursor.entry) {
                Some(name) => self
                    .by_author(deletion, cursor, name, author, limit)
                    .await
                    .map(Some),
                None => Ok(None),
            },
        }
    }

    async fn by_id(
        &self,
        deletion: &Deletion,
        cursor: &SelectCursor,
        parts: u32,
        limit: usize,
        room: usize,
    ) -> Result<Option<Step>, Stop> {
        let part = u32::try_from(cursor.child)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        if part > parts {
            return Ok(None);
        }
        let read = self
            .work
            .deletions()
            .ids(&deletion.tenant, deletion.id, part);
        let ids = self.work.call(read).await?;
        let ids = ids.ok_or_else(|| Stop::broken("IDS_MISSING", "ids of the scope are missing"))?;
        let begin = offset(cursor)?;
        let open = ids.get(begin..).unwrap_or_default();
        let keys = &open[..limit.min(open.len())];
        let collection = self.work.collection(&deletion.collection)?;
        let rows = read_rows(self.work, collection, keys, Fields::Judged).await?;
        let mut entries: Vec<Entry> = keys
            .iter()
            .zip(rows)
            .map(|(key, row)| self.judged(deletion, collection, key, row))
            .collect();
        entries.truncate(fitting(&entries, room));
        let end = begin + entries.len();
        let next = if end < ids.len() {
            SelectCursor {
                after: Some(Position(end.to_string())),
                ..cursor.clone()
            }
        } else {
            SelectCursor {
                child: cursor.child + 1,
                after: None,
                ..cursor.clone()
            }
        };
        Ok(Some(Step::Named { entries, next }))
    }

    fn judged(
        &self,
        deletion: &Deletion,
        collection: &Collection,
        key: &RecordKey,
        row: Option<Row>,
    ) -> Entry {
        match row.filter(|row| self.is_meant(deletion, collection, row)) {
            Some(row) => Entry::found(collection, row, deletion.id),
            None => Entry::new(collection.name.clone(), key.clone(), Judged::Missing),
        }
    }

    async fn by_author(
        &self,
        deletion: &Deletion,
        cursor: &SelectCursor,
        name: &CollectionName,
        author: &str,
        limit: usize,
    ) -> Result<Step, Stop> {
        let collection = self.work.collection(name)?;
        let declared = collection.author.as_ref();
        let Some((declared, index)) = declared.and_then(|by| Some((by, by.gsi.as_ref()?))) else {
            let reason = format!("no index finds the records of an author in `{name}` any more");
            return Err(Stop::broken("AUTHOR_INDEX_MISSING", &reason));
        };
        let query = RowQuery {
            collection,
            through: Through::Index(index),
            equals: &[(&declared.attribute, author)],
            after: cursor.after.as_ref(),
            limit,
            not_marked_by: Some(deletion.id),
            fields: Fields::Judged,
        };
        let found = self.work.call(self.work.rows().query(query)).await?;
        let keys: Vec<RecordKey> = found.rows.into_iter().map(|row| row.key).collect();
        let rows = read_rows(self.work, collection, &keys, Fields::Judged).await?;
        let rows = rows
            .into_iter()
            .flatten()
            .filter(|row| row.author(collection) == Some(author))
            .filter(|row| self.is_meant(deletion, collection, row))
            .filter(|row| row.mark(collection) != RowMark::By(Some(deletion.id)))
            .collect();
        let next = match found.next {
            Some(after) => SelectCursor {
                after: Some(after),
                ..cursor.clone()
            },
            None => SelectCursor {
                entry: cursor.entry + 1,
                after: None,
                ..cursor.clone()
            },
        };
        Ok(Step::Found {
            collection: name.clone(),
            rows,
            next,
        })
    }

    /// Whether the row is the tenant's and meets the conditions of the scope.
    fn is_meant(&self, deletion: &Deletion, collection: &Collection, row: &Row) -> bool {
        row.is_of(&deletion.tenant, collection)
            && self
                .scope
                .only
                .get(&collection.name)
                .is_none_or(|only| only.holds(row, collection))
    }
}

/// Where in a part of ids the cursor stands.
fn offset(cursor: &SelectCursor) -> Result<usize, Stop> {
    cursor.after.as_ref().map_or(Ok(0), |after| {
        after
            .0
            .parse()
            .map_err(|_| Stop::broken("CURSOR_INVALID", "the manifest's cursor cannot be read"))
    })
}

/// How many of these entries fit into `room` bytes; one is always taken.
pub(crate) fn fitting(entries: &[Entry], room: usize) -> usize {
    let mut total = 0;
    let fit = entries.iter().take_while(|entry| {
        total += entry.bytes();
        total <= room
    });
    fit.count().max(1)
}
