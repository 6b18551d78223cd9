//! Finds the next page of a manifest: children of the pages before, level by level, below whatever was found.

use std::collections::HashSet;

use crate::domain::collection::{ChildLookup, Collection, Collections};
use crate::domain::deletion::Deletion;
use crate::domain::effects::Effects;
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Judged, PAGE_BYTES, Page, Position, SelectCursor};
use crate::domain::row::Row;
use crate::domain::scope::Scope;
use crate::ports::{EnginePorts, Fields, ReadDeletions, ReadRows, RowPage, RowQuery, Through};
use crate::service::advance::kept;
use crate::service::advance::settle::settle;
use crate::service::advance::slice::{Slice, Stop};
use crate::service::advance::{Engine, only_root_has_children};

/// How many questions one page may take: parents without children are asked about all the same, and what a slice has
/// found out must be written down before it ends, or the next one begins there again.
pub(super) const STEPS: usize = 500;

/// One step of a walk over the parents of a manifest.
pub(super) enum Step {
    /// Rows below one parent, or of one that the scope names, and where the walk goes on.
    Found {
        collection: crate::domain::collection::CollectionName,
        rows: Vec<Row>,
        next: SelectCursor,
    },
    /// Records that the scope names by key, or that links let go, and where the walk goes on: as many as fit into the page.
    Named {
        entries: Vec<Entry>,
        next: SelectCursor,
    },
    /// There is no further parent.
    Over,
}

/// Walks over what the scope names and then over the manifest, as a queue of parents. Holds one page at a time.
pub(super) struct Walk<'a, P: EnginePorts> {
    pub(super) engine: &'a Engine<P>,
    pub(super) slice: &'a Slice<'a, P::Clock>,
    pub(super) scope: &'a Scope,
    loaded: Option<Page>,
}

impl<'a, P: EnginePorts> Walk<'a, P> {
    pub(super) fn new(
        engine: &'a Engine<P>,
        slice: &'a Slice<'a, P::Clock>,
        scope: &'a Scope,
    ) -> Self {
        Self {
            engine,
            slice,
            scope,
            loaded: None,
        }
    }

    /// Goes to the next parent from `cursor` on and reads at most `limit` rows below it. `open` are the entries of the
    /// page that is being written, with its number.
    pub(super) async fn step(
        &mut self,
        deletion: &Deletion,
        mut cursor: SelectCursor,
        open: (u32, &[Entry]),
        limit: usize,
    ) -> Result<Step, Stop> {
        loop {
            if cursor.page == 0 {
                let room = PAGE_BYTES.saturating_sub(open.1.iter().map(Entry::bytes).sum());
                if let Some(step) = self.named(deletion, &cursor, limit, room).await? {
                    return Ok(step);
                }
                cursor = SelectCursor::ROOT;
            }
            let Some(parent) = self.parent(deletion, &cursor, open).await? else {
                if cursor.page >= open.0 || only_root_has_children(self.scope, deletion) {
                    return Ok(Step::Over);
                }
                cursor = SelectCursor {
                    page: cursor.page + 1,
                    ..SelectCursor::ROOT
                };
                continue;
            };
            let below = self.scope.children_of(&parent.collection);
            let Some(child) = below
                .get(cursor.child)
                .filter(|_| has_ours_below(deletion, &parent))
            else {
                cursor = SelectCursor {
                    entry: cursor.entry + 1,
                    child: 0,
                    after: None,
                    ..cursor
                };
                continue;
            };
            let collection = self.engine.collection(child)?;
            let found = self
                .below(
                    deletion,
                    collection,
                    &parent.key,
                    cursor.after.as_ref(),
                    limit,
                )
                .await?;
            let next = match found.next {
                Some(after) => SelectCursor {
                    after: Some(after),
                    ..cursor
                },
                None => SelectCursor {
                    child: cursor.child + 1,
                    after: None,
                    ..cursor
                },
            };
            return Ok(Step::Found {
                collection: child.clone(),
                rows: found.rows,
                next,
            });
        }
    }

    async fn parent(
        &mut self,
        deletion: &Deletion,
        cursor: &SelectCursor,
        open: (u32, &[Entry]),
    ) -> Result<Option<Entry>, Stop> {
        if cursor.page == open.0 {
            return Ok(open.1.get(cursor.entry).cloned());
        }
        if cursor.page > open.0 {
            return Ok(None);
        }
        let page = self.page(deletion, cursor.page).await?;
        Ok(page
            .and_then(|page| page.entries.get(cursor.entry))
            .cloned())
    }

    /// A page of the manifest; the last one that was asked for is kept.
    pub(super) async fn page(
        &mut self,
        deletion: &Deletion,
        number: u32,
    ) -> Result<Option<&Page>, Stop> {
        if self
            .loaded
            .as_ref()
            .is_none_or(|page| page.number != number)
        {
            let deletions = self.engine.ports.deletions();
            let read = deletions.page(&deletion.tenant, deletion.id, number);
            self.loaded = self.slice.call(read).await?;
        }
        Ok(self.loaded.as_ref())
    }

    /// Rows of one collection below one parent that do not carry the deletion's own mark: on the table, or over an index
    /// and then read again on the table.
    async fn below(
        &self,
        deletion: &Deletion,
        collection: &Collection,
        parent: &RecordKey,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<RowPage, Stop> {
        let Some(link) = &collection.parent else {
            return Ok(RowPage {
                rows: Vec::new(),
                next: None,
            });
        };
        let mut equals: Vec<(&str, &str)> = link
            .by
            .iter()
            .map(String::as_str)
            .zip(parent.values())
            .collect();
        let through = match &link.lookup {
            ChildLookup::Table => {
                // The table's partition attribute first: the port's rule.
                equals.sort_by_key(|(attribute, _)| *attribute != collection.key.partition);
                Through::Table
            }
            ChildLookup::Index(index) => Through::Index(index),
        };
        let query = RowQuery {
            collection,
            through,
            equals: &equals,
            after,
            limit,
            not_marked_by: Some(deletion.id),
            fields: Fields::Judged,
        };
        let mut found = self
            .slice
            .call(self.engine.ports.rows().query(query))
            .await?;
        if matches!(through, Through::Index(_)) {
            let keys: Vec<_> = found.rows.iter().map(|row| row.key.clone()).collect();
            let rows =
                read_rows(self.engine, self.slice, collection, &keys, Fields::Judged).await?;
            found.rows = rows
                .into_iter()
                .flatten()
                .filter(|row| {
                    equals
                        .iter()
                        .all(|(attribute, value)| row.text(attribute) == Some(*value))
                })
                .filter(|row| !row.mark(collection).is_of(deletion.id))
                .collect();
        }
        // A child of another tenant, or of none, is not selected, not counted, never shown.
        let strangers = found.rows.len();
        found
            .rows
            .retain(|row| row.is_of(&deletion.tenant, collection));
        let strangers = strangers - found.rows.len();
        if strangers > 0 {
            tracing::warn!(
                deletion_id = %deletion.id, collection = %collection.name, strangers,
                "{strangers} rows below deletion {} belong to another tenant and are left alone", deletion.id
            );
        }
        Ok(found)
    }
}

/// Whether the deletion reaches below this record. What it names and does not delete is none of its business, and what is
/// below a record of another deletion is that one's: only a root hides it from the moment of its acceptance on.
fn has_ours_below(deletion: &Deletion, parent: &Entry) -> bool {
    match parent.judged {
        Judged::Live | Judged::LiveNull => true,
        Judged::AlreadyDeleted => deletion.root.is_some(),
        Judged::Missing => false,
    }
}

/// Selects page `number`, going on at `cursor`; `None` when nothing is left. A page is empty when many parents in a row
/// have no children.
pub(super) async fn select<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    scope: &Scope,
    number: u32,
    mut cursor: SelectCursor,
) -> Result<Option<Page>, Stop> {
    // What carries our mark stands in a page already; whoever moves a record to another parent moves it in front of us
    // once more, also while this page, which marks nothing yet, is being filled.
    let mut walk = Walk::new(engine, slice, scope);
    let mut seen = HashSet::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut bytes = 0;
    let mut steps = 0;
    while entries.len() < engine.page_keys && steps < STEPS {
        // One over what links kept asks for many records at once: it counts as many.
        steps += if cursor.kept { kept::QUESTIONS } else { 1 };
        let mut limit = engine.page_keys - entries.len();
        let mut step = if cursor.kept {
            let room = (limit, PAGE_BYTES.saturating_sub(bytes));
            Box::pin(kept::step(&mut walk, deletion, &cursor, number, room)).await?
        } else {
            walk.step(deletion, cursor.clone(), (number, &entries), limit)
                .await?
        };
        if let Step::Found {
            rows, collection, ..
        } = &step
        {
            let fitting = fitting(engine.collection(collection)?, rows, bytes);
            if fitting < rows.len() {
                if !entries.is_empty() && fitting == 0 {
                    break;
                }
                // Cut where the page is full: asked for fewer rows, the store itself says where to go on.
                limit = fitting.max(1);
                step = walk
                    .step(deletion, cursor.clone(), (number, &entries), limit)
                    .await?;
            }
        }
        match step {
            // What links kept is looked at behind the last page with links: they are marked by then.
            Step::Over if !cursor.kept && kept::follows_selection(deletion, scope) => {
                cursor = SelectCursor::KEPT;
                if !entries.is_empty() {
                    break;
                }
            }
            Step::Over => {
                return Ok((!entries.is_empty()).then_some(Page {
                    number,
                    entries,
                    next: None,
                }));
            }
            Step::Named {
                entries: named,
                next,
            } => {
                for entry in named {
                    // Links of several pages let go of the same record.
                    let once =
                        !cursor.kept || seen.insert((entry.collection.clone(), entry.key.clone()));
                    if once {
                        bytes += entry.bytes();
                        entries.push(entry);
                    }
                }
                cursor = next;
            }
            Step::Found {
                collection,
                rows,
                next,
                ..
            } => {
                let declared = engine.collection(&collection)?;
                for row in rows {
                    if !seen.insert((collection.clone(), row.key.clone())) {
                        continue;
                    }
                    let entry = Entry::found(declared, row, deletion.id);
                    bytes += entry.bytes();
                    entries.push(entry);
                }
                cursor = next;
            }
        }
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(Some(Page {
        number,
        entries,
        next: Some(cursor),
    }))
}

/// How many of these rows still fit into a page that holds `bytes`.
fn fitting(collection: &Collection, rows: &[Row], bytes: usize) -> usize {
    let mut total = bytes;
    rows.iter()
        .take_while(|row| {
            total += row.key.bytes() + Effects::of(row, collection).bytes();
            total <= PAGE_BYTES
        })
        .count()
}

/// Reads rows by key, in the order of the keys.
pub(super) async fn read_rows<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    collection: &Collection,
    keys: &[RecordKey],
    fields: Fields,
) -> Result<Vec<Option<Row>>, Stop> {
    let rows = engine.ports.rows();
    settle(slice, keys, P::Rows::READ_BATCH, |batch| async move {
        rows.read(collection, &batch, fields).await
    })
    .await
}

/// Those of these places that are the deletion's to take: of all, or only of some.
pub(super) fn open_of(
    entries: &[Entry],
    places: impl IntoIterator<Item = usize>,
    only: Option<&[usize]>,
) -> Vec<usize> {
    let is_wanted = |place: &usize| only.is_none_or(|only| only.contains(place));
    places
        .into_iter()
        .filter(|place| is_wanted(place) && entries[*place].judged.is_open())
        .collect()
}

/// The records of some entries, by collection, with their places.
pub(super) fn by_collection<'a>(
    collections: &'a Collections,
    entries: &'a [Entry],
) -> Result<Vec<(&'a Collection, Vec<usize>)>, Stop> {
    let mut groups: Vec<(&Collection, Vec<usize>)> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Some((_, places)) = groups
            .iter_mut()
            .find(|(collection, _)| collection.name == entry.collection)
        {
            places.push(place);
        } else {
            let collection = collections.get(entry.collection.as_ref()).ok_or_else(|| {
                let reason = format!(
                    "no collections file declares `{}` any more",
                    entry.collection
                );
                Stop::broken("COLLECTION_UNKNOWN", &reason)
            })?;
            groups.push((collection, vec![place]));
        }
    }
    Ok(groups)
}
