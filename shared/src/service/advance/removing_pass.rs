//! The delete pass of what leaves its table, `archive` and `erase`: first all pages are written, forwards; then backwards,
//! the root last and marked until then.
//!
//! While pages are written nothing is touched, so a cancel stops at once. The root hides everything below it as long as
//! it stands; so it goes only when nothing below it has failed, and after one more look for what arrived late: with the
//! root the key becomes free, and what was left behind would show below the next record of that key. What links kept goes
//! before that look, when the links are gone.

use crate::domain::collection::{Collection, Strategy};
use crate::domain::deletion::{Deletion, State};
use crate::domain::page::{Entry, Outcome, Page};
use crate::domain::row::{Row, RowMark};
use crate::domain::scope::Scope;
use crate::ports::{Clock, EnginePorts, ReadDeletions};
use crate::service::advance::archive::Archive;
use crate::service::advance::delete_pass::next_page;
use crate::service::advance::effects::note_recipients;
use crate::service::advance::erase::Erase;
use crate::service::advance::notify::Notifier;
use crate::service::advance::pass::{PagePass, do_page};
use crate::service::advance::slice::{Slice, Stop};
use crate::service::advance::{Engine, keep, kept, look};

/// Writes what pages are missing, then does all from the checkpoint on.
pub(super) async fn run<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut notifier = Notifier::new();
    notifier.accepted(engine, slice, deletion).await;
    if deletion.selected.is_none() {
        write_pages(engine, slice, deletion, scope).await?;
        if deletion.state == State::Cancelling {
            return Ok(());
        }
    }
    match deletion.strategy {
        Strategy::Erase => {
            remove(
                engine,
                slice,
                deletion,
                scope,
                &mut notifier,
                &Erase { scope },
            )
            .await
        }
        Strategy::Flag | Strategy::Archive => {
            remove(
                engine,
                slice,
                deletion,
                scope,
                &mut notifier,
                &Archive { scope },
            )
            .await
        }
    }
}

async fn write_pages<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let deletions = engine.ports.deletions();
    let mut before = match deletion.pages {
        0 => None,
        pages => {
            let read = deletions.page(&deletion.tenant, deletion.id, pages);
            slice.call(read).await?
        }
    };
    // The root's page was written by the acceptance, which notes nobody.
    let is_roots = |page: &&Page| page.number == 1 && deletion.root.is_some();
    if let Some(root) = before.as_ref().filter(is_roots) {
        Box::pin(note_recipients(engine, slice, deletion, scope, root)).await?;
    }
    while deletion.state != State::Cancelling {
        let number = deletion.pages + 1;
        let page = next_page(engine, slice, deletion, scope, before.as_ref(), number).await?;
        let now = slice.clock().now();
        let Some(page) = page else {
            let next = deletion.selection_over(now);
            return keep(engine, slice, deletion, next).await;
        };
        Box::pin(note_recipients(engine, slice, deletion, scope, &page)).await?;
        let next = deletion.page_written(now, &page);
        keep(engine, slice, deletion, next).await?;
        before = Some(page);
    }
    Ok(())
}

async fn remove<P: EnginePorts, A: PagePass<P>>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
    scope: &Scope,
    notifier: &mut Notifier,
    pass: &A,
) -> Result<(), Stop> {
    // Only the first page of a slice can have been begun by somebody else.
    let mut resumed = true;
    loop {
        // What may have been begun is finished before a cancel is honoured.
        let may_be_begun = resumed && deletion.begun_page().is_some();
        if deletion.state == State::Cancelling && !may_be_begun {
            return Ok(());
        }
        let is_before_root = deletion.is_before_root();
        if is_before_root && deletion.deleted.values().any(|counts| counts.failed > 0) {
            return Ok(());
        }
        // The links are gone, so what they kept has its turn. It is done page by page: what is gone is not found again.
        if !scope.keeps.is_empty() && deletion.is_behind_links() {
            Box::pin(kept::next_page(engine, slice, deletion, scope)).await?;
            resumed = false;
            continue;
        }
        if is_before_root && !deletion.looked {
            Box::pin(look::run(engine, slice, deletion, scope)).await?;
            resumed = false;
            continue;
        }
        let Some(number) = deletion.next_backwards() else {
            return Ok(());
        };
        let read = engine
            .ports
            .deletions()
            .page(&deletion.tenant, deletion.id, number);
        let page = slice
            .call(read)
            .await?
            .ok_or_else(|| Stop::broken("PAGE_MISSING", "a page of the manifest is missing"))?;
        do_page(engine, slice, deletion, notifier, pass, &page, resumed).await?;
        resumed = false;
    }
}

/// Whether the record is the deletion's root.
pub(super) fn is_root(deletion: &Deletion, entry: &Entry) -> bool {
    entry.collection == deletion.collection && Some(&entry.key) == deletion.root.as_ref()
}

/// What stands in the way of removing a row: it must be the tenant's, and unmarked or ours; the root was marked at
/// acceptance, so one without our mark is another record.
pub(super) fn obstacle(
    deletion: &Deletion,
    collection: &Collection,
    entry: &Entry,
    row: &Row,
) -> Option<Outcome> {
    let mark = row.mark(collection);
    if !row.is_of(&deletion.tenant, collection)
        || (is_root(deletion, entry) && !mark.is_of(deletion.id))
    {
        return Some(Outcome::Missing);
    }
    match mark {
        RowMark::By(by) if by != Some(deletion.id) => Some(Outcome::AlreadyDeleted),
        _ => None,
    }
}
