//! Finds the next page of a manifest: the children of the records in the pages before, level by level.

use std::collections::HashSet;

use crate::kit::manifest;
use crate::kit::membership::Membership;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::step::{Found, Step, entry_of};
use crate::select::walk::{STEPS, Walk};
use domain::deletion::{Deletion, Pass};
use domain::effects::Effects;
use domain::page::{Entry, PAGE_BYTES, Page, SelectCursor};
use domain::scope::Scope;
use ports::EnginePorts;

mod above;
pub(crate) mod coming_back;
pub(crate) mod late;
pub(crate) mod links;
pub(crate) mod requested;
pub(crate) mod shared_records;
pub(crate) mod step;
pub(crate) mod walk;

/// Which records a selection wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All that the deletion covers.
    All,
    /// Those without a mark that are the deletion's all the same: late arrivals.
    Late,
}

/// Selects a page with this number, continuing at the cursor; `None` when nothing is left. A page is empty when many
/// parents in a row have no children, or the slice is well under way. A page of late arrivals always says where it ends:
/// what is below them is searched too.
pub(crate) async fn select<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    from: (u32, SelectCursor),
    wanted: Wanted,
) -> Result<Option<Page>, Stop> {
    let Some(mut page) = fill(work, deletion, scope, from, wanted).await? else {
        return Ok(None);
    };
    page.entries = Box::pin(shared_records::not_failed_before(
        work,
        (deletion, scope),
        page.entries,
    ))
    .await?;
    Ok(Some(page))
}

async fn fill<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    (number, mut cursor): (u32, SelectCursor),
    wanted: Wanted,
) -> Result<Option<Page>, Stop> {
    // A record with our mark is in a page already. A writer that moves a record to another parent may make the walk
    // find it once more, even while this page, which marks nothing yet, is being filled.
    let mut selection = Selection {
        deletion,
        wanted,
        number,
        walk: Walk::new(work, scope),
    };
    let mut seen = HashSet::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut bytes = 0;
    let (mut steps, began) = (0, work.now());
    let mut is_sparse = false;
    let is_enough = |steps| steps >= STEPS || (steps > 0 && work.slice.is_long_since(began));
    while entries.len() < work.engine.page_keys && bytes < PAGE_BYTES && !is_enough(steps) {
        // A step over shared records queries for many records at once: it counts as many steps.
        let is_shared = matches!(cursor, SelectCursor::Shared(_));
        let limit = work.engine.page_keys - entries.len();
        if is_sparse && limit < work.engine.page_keys / 4 {
            // The fuller the page, the fewer rows a query may read: of few that match it would find one after many.
            break;
        }
        let mut step = selection.step(&cursor, (&entries, bytes), limit).await?;
        if let Step::Rows { rows, .. } = &step {
            let fitting = fitting(work, rows, bytes)?;
            if fitting < rows.len() {
                if !entries.is_empty() && fitting == 0 {
                    break;
                }
                // Cut where the page is full: when asked for fewer rows, the store itself returns where to continue.
                let limit = fitting.max(1);
                step = selection.step(&cursor, (&entries, bytes), limit).await?;
            }
        }
        steps += if is_shared {
            shared_records::QUESTIONS
        } else {
            selection.walk.taken()
        };
        let (found, next) = match step {
            // Shared records are checked after the last page with links: the links are marked by then.
            Step::Over if !is_shared && selection.continues_with_shared_records() => {
                cursor = SelectCursor::SHARED;
                if !entries.is_empty() {
                    break;
                }
                continue;
            }
            Step::Over if entries.is_empty() => return Ok(None),
            Step::Over => {
                let next = (wanted == Wanted::Late).then_some(cursor);
                return Ok(Some(Page {
                    number,
                    entries,
                    next,
                }));
            }
            Step::Entries { entries, next } => (entries, next),
            Step::Rows { rows, next } => {
                let rows = selection.still_below(rows).await?;
                is_sparse = matches!(next, SelectCursor::Requested(_)) && rows.len() < limit / 2;
                let entry = |found: Found| {
                    let declared = work.collection(&found.collection)?;
                    let entry = entry_of(declared, found.row, deletion);
                    Ok(entry.with(found.fingerprint).below(found.above))
                };
                let entries: Result<Vec<Entry>, Stop> = rows.into_iter().map(entry).collect();
                (entries?, next)
            }
        };
        for entry in found {
            // Links of several pages may reference the same record.
            if seen.insert((entry.collection.clone(), entry.key.clone())) {
                bytes += entry.bytes();
                entries.push(entry);
            }
        }
        cursor = next;
    }
    Ok(Some(Page {
        number,
        entries,
        next: Some(cursor),
    }))
}

/// One page while it is selected.
struct Selection<'a, P: EnginePorts> {
    deletion: &'a Deletion,
    wanted: Wanted,
    number: u32,
    walk: Walk<'a, P>,
}

impl<P: EnginePorts> Selection<'_, P> {
    /// The next step from the cursor on, of at most `limit` records; `entries` are those that the page has already.
    async fn step(
        &mut self,
        cursor: &SelectCursor,
        (entries, bytes): (&[Entry], usize),
        limit: usize,
    ) -> Result<Step, Stop> {
        let (deletion, number) = (self.deletion, self.number);
        if let SelectCursor::Shared(place) = cursor {
            let room = (limit, PAGE_BYTES.saturating_sub(bytes));
            let step = shared_records::step(&mut self.walk, deletion, place, number, room);
            return Box::pin(step).await;
        }
        if self.wanted == Wanted::Late {
            let step = late::step(&mut self.walk, deletion, cursor, number, limit);
            return Box::pin(step).await;
        }
        let open = (number, entries);
        self.walk.step(deletion, cursor.clone(), open, limit).await
    }

    /// Those of these rows that are still below the root. A record that was found to be missing when its page was done may
    /// have been moved away, with all that is below it.
    async fn still_below(&self, rows: Vec<Found>) -> Result<Vec<Found>, Stop> {
        let deletion = self.deletion;
        let is_missing = deletion.deleted.values().any(|counts| counts.missing > 0);
        if self.wanted == Wanted::Late || deletion.root.is_none() || !is_missing {
            return Ok(rows);
        }
        let (work, scope) = (self.walk.work, self.walk.scope);
        let membership = Membership::of_found(work, deletion, scope).not_begun();
        Box::pin(late::below(work, membership, rows)).await
    }

    /// A purge does not search for shared records.
    fn continues_with_shared_records(&self) -> bool {
        (self.wanted == Wanted::All || self.deletion.state.pass() == Pass::Delete)
            && shared_records::follows_selection(self.deletion, self.walk.scope)
    }
}

/// How many of these rows still fit into a page that holds `bytes`.
fn fitting<P: EnginePorts>(work: Work<'_, P>, rows: &[Found], bytes: usize) -> Result<usize, Stop> {
    let mut total = bytes;
    for (place, found) in rows.iter().enumerate() {
        let collection = work.collection(&found.collection)?;
        total += found.row.key.bytes() + Effects::of(&found.row, collection).bytes();
        total += found.above.bytes();
        if total > PAGE_BYTES {
            return Ok(place);
        }
    }
    Ok(rows.len())
}

/// The page after `before`: as another worker has already written it, or selected now; `None` when nothing is left.
pub(crate) async fn next_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
    before: Option<&Page>,
    number: u32,
) -> Result<Option<Page>, Stop> {
    let cursor = match before {
        Some(page) => match &page.next {
            Some(cursor) => cursor.clone(),
            None => return Ok(None),
        },
        None if deletion.root.is_none() && number == 1 => SelectCursor::REQUESTED,
        None => {
            let why = "a page of the manifest is missing";
            return Err(Stop::broken("PAGE_MISSING", why));
        }
    };
    let from = (number, cursor);
    let Some(page) = select(work, deletion, scope, from, Wanted::All).await? else {
        return Ok(None);
    };
    manifest::put(work, deletion, page).await.map(Some)
}
