//! Walks over what the scope lists, then over the manifest, as a queue of parents.

use tracing::warn;

use crate::kit::manifest;
use crate::kit::related;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::requested::Requested;
use crate::select::step::Step;
use domain::collection::Collection;
use domain::cursor::Place;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Entry, Judged, PAGE_BYTES, Page, SelectCursor};
use domain::row::Row;
use domain::scope::Scope;
use ports::{EnginePorts, Related, RowPage};

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

/// How many queries one page may take: parents without children are queried all the same, and a slice must store its
/// progress before it ends, or the next one begins there again.
pub(crate) const STEPS: usize = 500;

/// Walks over what the scope lists and then over the manifest, as a queue of parents. Holds one page at a time.
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

    /// Moves to the next parent from `cursor` on and reads at most `limit` rows below it. `open` are the entries of the
    /// page that is being written, with its number.
    pub(crate) async fn step(
        &mut self,
        deletion: &Deletion,
        mut cursor: SelectCursor,
        open: (u32, &[Entry]),
        limit: usize,
    ) -> Result<Step, Stop> {
        loop {
            let place = match cursor {
                SelectCursor::Below(place) => place,
                // Shared records are not found by this walk.
                SelectCursor::Shared(_) => return Ok(Step::Over),
                SelectCursor::Requested(place) => {
                    let room = PAGE_BYTES.saturating_sub(open.1.iter().map(Entry::bytes).sum());
                    let asked = Requested {
                        work: self.work,
                        scope: self.scope,
                        deletion,
                    };
                    if let Some(step) = asked.next(&place, limit, room).await? {
                        return Ok(step);
                    }
                    Place::FIRST
                }
            };
            let Some(parent) = self.parent(deletion, &place, open).await? else {
                if place.page >= open.0 || only_root_has_children(self.scope, deletion) {
                    return Ok(Step::Over);
                }
                cursor = SelectCursor::Below(place.next_page());
                continue;
            };
            let below = self.scope.children_of(&parent.collection);
            let Some(child) = below
                .get(place.child)
                .filter(|_| may_have_ours_below(deletion, &parent))
            else {
                cursor = SelectCursor::Below(place.next_entry());
                continue;
            };
            let collection = self.work.collection(child)?;
            let found = match children(deletion, collection, &parent.key) {
                Some(children) => {
                    related::page(self.work, &children, place.after.as_ref(), limit).await?
                }
                None => RowPage {
                    rows: Vec::new(),
                    next: None,
                },
            };
            return Ok(Step::Rows {
                collection: child.clone(),
                rows: ours(deletion, collection, found.rows),
                next: SelectCursor::Below(place.behind(found.next)),
            });
        }
    }

    async fn parent(
        &mut self,
        deletion: &Deletion,
        place: &Place,
        open: (u32, &[Entry]),
    ) -> Result<Option<Entry>, Stop> {
        if place.page == open.0 {
            return Ok(open.1.get(place.entry).cloned());
        }
        if place.page > open.0 {
            return Ok(None);
        }
        let page = self.page(deletion, place.page).await?;
        Ok(page.and_then(|page| page.entries.get(place.entry)).cloned())
    }

    /// A page of the manifest; the last one that was read stays in memory.
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
            self.loaded = manifest::page(self.work, deletion, number).await?;
        }
        Ok(self.loaded.as_ref())
    }
}

/// The rows of one collection below one parent that do not carry the deletion's own mark.
fn children<'a>(
    deletion: &Deletion,
    collection: &'a Collection,
    parent: &'a RecordKey,
) -> Option<Related<'a>> {
    let link = collection.parent.as_ref()?;
    let children = Related::by(collection, &link.lookup, &link.by, parent.values());
    Some(children.not_marked_by(deletion.id))
}

/// Those of these rows that are the tenant's. A child of another tenant, or of none, is not selected, not counted,
/// never shown.
fn ours(deletion: &Deletion, collection: &Collection, mut rows: Vec<Row>) -> Vec<Row> {
    let found = rows.len();
    rows.retain(|row| row.is_of(&deletion.tenant, collection));
    let strangers = found - rows.len();
    if strangers > 0 {
        warn!(
            deletion_id = %deletion.id, collection = %collection.name, strangers,
            "{strangers} rows below deletion {} belong to another tenant and are left alone", deletion.id
        );
    }
    rows
}

/// Whether the deletion reaches below this record. A record that it lists but does not delete is not covered, and what
/// is below a record of another deletion belongs to that deletion, unless there is a root, which hides it from the
/// moment of its acceptance on.
fn may_have_ours_below(deletion: &Deletion, parent: &Entry) -> bool {
    match parent.judged {
        Judged::Live | Judged::LiveNull => true,
        Judged::AlreadyDeleted => deletion.root.is_some(),
        Judged::Missing => false,
    }
}
