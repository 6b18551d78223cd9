//! Walks over what the scope names, then over the manifest, as a queue of parents.

use crate::domain::collection::{ChildLookup, Collection};
use crate::domain::deletion::Deletion;
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Judged, PAGE_BYTES, Page, Position, SelectCursor};
use crate::domain::scope::Scope;
use crate::engine::kit::records::read_rows;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::engine::select::step::Step;
use crate::ports::{EnginePorts, Fields, ReadDeletions, ReadRows, RowPage, RowQuery, Through};

/// Whether anything but the root can have children: if not, the manifest need not be read as a queue.
pub(crate) fn only_root_has_children(scope: &Scope, deletion: &Deletion) -> bool {
    match deletion.root {
        Some(_) => scope
            .cascade
            .keys()
            .all(|name| *name == deletion.collection),
        None => scope.cascade.is_empty(),
    }
}

/// How many questions one page may take: parents without children are asked about all the same, and what a slice has
/// found out must be written down before it ends, or the next one begins there again.
pub(crate) const STEPS: usize = 500;

/// Walks over what the scope names and then over the manifest, as a queue of parents. Holds one page at a time.
pub(crate) struct Walk<'a, P: EnginePorts> {
    pub(crate) work: Work<'a, P>,
    pub(crate) scope: &'a Scope,
    loaded: Option<Page>,
}

impl<'a, P: EnginePorts> Walk<'a, P> {
    pub(crate) fn new(work: Work<'a, P>, scope: &'a Scope) -> Self {
        Self {
            work,
            scope,
            loaded: None,
        }
    }

    /// Goes to the next parent from `cursor` on and reads at most `limit` rows below it. `open` are the entries of the
    /// page that is being written, with its number.
    pub(crate) async fn step(
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
            let collection = self.work.collection(child)?;
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
    pub(crate) async fn page(
        &mut self,
        deletion: &Deletion,
        number: u32,
    ) -> Result<Option<&Page>, Stop> {
        if self
            .loaded
            .as_ref()
            .is_none_or(|page| page.number != number)
        {
            let deletions = self.work.deletions();
            let read = deletions.page(&deletion.tenant, deletion.id, number);
            self.loaded = self.work.call(read).await?;
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
        let mut found = self.work.call(self.work.rows().query(query)).await?;
        if matches!(through, Through::Index(_)) {
            let keys: Vec<_> = found.rows.iter().map(|row| row.key.clone()).collect();
            let rows = read_rows(self.work, collection, &keys, Fields::Judged).await?;
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
