//! Publishes events. Events that could not be published are owed: the cursor `notified` stores what has been published,
//! and the sweeper publishes them later.
//!
//! A bus that is unavailable delays nothing: neither a delete, nor the purge when its time has come.

use tracing::warn;

use crate::effects::{follow_root, has_values, needs_notice};
use crate::kit::clear::clear_documents;
use crate::kit::manifest;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::events::{events_of, note, publish};
use domain::deletion::{Deletion, Pass, State};
use domain::event;
use domain::notice::Notice;
use domain::page::{Entry, Exceptions, Judged, Page};
use ports::{ChangeDeletions, EnginePorts, StoreNotices, StoreOutcome};

/// Publishes everything that an ended deletion still owes, and sets when the sweeper processes it next. What fails
/// stays owed.
///
/// # Errors
///
/// The error that prevented it; it is also logged.
pub(crate) async fn publish_owed<P: EnginePorts>(
    work: Work<'_, P>,
    ended: &Deletion,
) -> Result<(), Stop> {
    let mut publishing = ended.clone();
    let result = publish_all(work, &mut publishing).await;
    let next = match &result {
        Ok(()) => ended.events_published(publishing.notified, &work.engine.timing),
        Err(_) => publishing.put_off(work.now(), &work.engine.timing),
    };
    if let Err(stop) = &result {
        warn!(deletion_id = %ended.id, stop = %stop, "events of deletion {} are owed", ended.id);
    }
    let stored = work.closing(work.deletions().store(&next)).await;
    result?;
    match stored? {
        StoreOutcome::Stored => Ok(()),
        StoreOutcome::Changed(_) => Err(Stop::Superseded),
    }
}

async fn publish_all<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
) -> Result<(), Stop> {
    if !deletion.notified.accepted {
        publish(work, &[event::accepted(deletion)]).await?;
        deletion.notified.accepted = true;
    }
    for pass in [Pass::Delete, Pass::Restore, Pass::Purge] {
        if deletion.notified.of(pass).is_owed() {
            publish_pass(work, deletion, pass).await?;
        }
    }
    Ok(())
}

/// What an ended pass owes: its pages in its order, then its end.
async fn publish_pass<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    pass: Pass,
) -> Result<(), Stop> {
    let state = deletion.notified.of(pass).ended;
    if state == Some(State::Restored) && deletion.state == State::Restored {
        clear_root_document(work, deletion).await?;
        if let Some((page, notice)) = Box::pin(follow_root(work, deletion)).await? {
            let changed = |change| event::aggregate_changed(deletion, page.number, change);
            let events: Vec<_> = notice.changes.iter().map(changed).collect();
            publish(work, &events).await?;
        }
    }
    let done = match pass {
        Pass::Delete => deletion.acted,
        Pass::Restore | Pass::Purge => deletion.notified.of(pass).done,
    };
    // First what was done again in pages that an earlier run had published, whichever run did it.
    if deletion.notified.of(pass).is_again() {
        let again = deletion.notified.of(pass).pages.min(done);
        for position in deletion.notified.of(pass).retold + 1..=again {
            publish_page(work, deletion, pass, position).await?;
        }
    }
    for position in deletion.notified.of(pass).pages + 1..=done {
        publish_page(work, deletion, pass, position).await?;
    }
    if let Some(event) = event::finished(deletion, pass) {
        publish(work, &[event]).await?;
    }
    let events_of_pass = deletion.notified.of_mut(pass);
    events_of_pass.finished = true;
    events_of_pass.failure = None;
    Ok(())
}

async fn publish_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    pass: Pass,
    position: u32,
) -> Result<(), Stop> {
    let number = deletion.page_at(pass, position);
    if let Some((page, exceptions, notice)) = read(work, deletion, number).await? {
        let events = events_of(
            work.collections(),
            deletion,
            pass,
            position,
            (&page, &exceptions, &notice),
        );
        publish(work, &events).await?;
    }
    note(deletion, pass, position);
    Ok(())
}

async fn read<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
) -> Result<Option<(Page, Exceptions, Notice)>, Stop> {
    let Some(page) = manifest::page(work, deletion, number).await? else {
        return Ok(None);
    };
    let exceptions = manifest::exceptions(work, deletion, number).await?;
    let deletions = work.deletions();
    let collections = work.collections();
    let notice = if needs_notice(collections, &page) || has_values(collections, &page) {
        let read = deletions.notice(&deletion.tenant, deletion.id, number);
        work.call(read).await?
    } else {
        None
    };
    Ok(Some((page, exceptions, notice.unwrap_or_default())))
}

/// Clears the root's document, once its row is live again.
pub(crate) async fn clear_root_document<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    let Some(root) = &deletion.root else {
        return Ok(());
    };
    let collection = work.collection(&deletion.collection)?;
    let entry = Entry::new(collection.name.clone(), root.clone(), Judged::Live);
    // Refused for its content: compare finds it, and search checks its hits.
    let records = Records {
        collection,
        entries: &[entry],
        places: vec![0],
    };
    clear_documents(work, &records, deletion.id).await.map(drop)
}
