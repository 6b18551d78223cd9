//! Finds the next page of a manifest: the children of the records in the pages before, level by level.

use std::collections::HashSet;

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::step::Step;
use crate::select::walk::{STEPS, Walk};
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::effects::Effects;
use domain::page::{Entry, PAGE_BYTES, Page, SelectCursor};
use domain::row::Row;
use domain::scope::Scope;
use ports::{AdvanceDeletions, EnginePorts, PutPageOutcome};

mod coming_back;
pub(crate) mod links;
pub(crate) mod requested;
pub(crate) mod shared_records;
pub(crate) mod step;
pub(crate) mod walk;

/// Selects page `number`, continuing at `cursor`; `None` when nothing is left. A page is empty when many parents in a
/// row have no children.
pub(crate) async fn select<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    number: u32,
    mut cursor: SelectCursor,
) -> Result<Option<Page>, Stop> {
    // A record with our mark is in a page already. A writer that moves a record to another parent may make the walk
    // find it once more, even while this page, which marks nothing yet, is being filled.
    let mut walk = Walk::new(work, scope);
    let mut seen = HashSet::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut bytes = 0;
    let mut steps = 0;
    while entries.len() < work.engine.page_keys && steps < STEPS {
        // A step over shared records queries for many records at once: it counts as many steps.
        let shared = match &cursor {
            SelectCursor::Shared(place) => Some(place.clone()),
            SelectCursor::Requested(_) | SelectCursor::Below(_) => None,
        };
        steps += if shared.is_some() {
            shared_records::QUESTIONS
        } else {
            1
        };
        let mut limit = work.engine.page_keys - entries.len();
        let mut step = if let Some(place) = &shared {
            let room = (limit, PAGE_BYTES.saturating_sub(bytes));
            Box::pin(shared_records::step(
                &mut walk, deletion, place, number, room,
            ))
            .await?
        } else {
            walk.step(deletion, cursor.clone(), (number, &entries), limit)
                .await?
        };
        if let Step::Rows {
            rows, collection, ..
        } = &step
        {
            let fitting = fitting(work.collection(collection)?, rows, bytes);
            if fitting < rows.len() {
                if !entries.is_empty() && fitting == 0 {
                    break;
                }
                // Cut where the page is full: when asked for fewer rows, the store itself returns where to continue.
                limit = fitting.max(1);
                step = walk
                    .step(deletion, cursor.clone(), (number, &entries), limit)
                    .await?;
            }
        }
        match step {
            // Shared records are checked after the last page with links: the links are marked by then.
            Step::Over
                if shared.is_none() && shared_records::follows_selection(deletion, scope) =>
            {
                cursor = SelectCursor::SHARED;
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
            Step::Entries {
                entries: named,
                next,
            } => {
                for entry in named {
                    // Links of several pages may have referenced the same record.
                    let once = shared.is_none()
                        || seen.insert((entry.collection.clone(), entry.key.clone()));
                    if once {
                        bytes += entry.bytes();
                        entries.push(entry);
                    }
                }
                cursor = next;
            }
            Step::Rows {
                collection,
                rows,
                next,
                ..
            } => {
                let declared = work.collection(&collection)?;
                for row in rows {
                    if !seen.insert((collection.clone(), row.key.clone())) {
                        continue;
                    }
                    let entry = Entry::of_row(declared, row, deletion.id);
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
pub(crate) fn fitting(collection: &Collection, rows: &[Row], bytes: usize) -> usize {
    let mut total = bytes;
    rows.iter()
        .take_while(|row| {
            total += row.key.bytes() + Effects::of(row, collection).bytes();
            total <= PAGE_BYTES
        })
        .count()
}

/// The page after `before`: as another worker has already written it, or selected now; `None` when nothing is left.
pub(crate) async fn next_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
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
    let Some(page) = select(work, deletion, scope, number, cursor).await? else {
        return Ok(None);
    };
    match work
        .call(work.deletions().put_page(deletion, &page))
        .await?
    {
        PutPageOutcome::Written => Ok(Some(page)),
        PutPageOutcome::Earlier(theirs) => Ok(Some(*theirs)),
    }
}
