//! Tells the bus. What could not be told is owed: the cursor `notified` remembers, the sweeper tells it later.
//!
//! A bus that is away holds nothing up: neither a delete, nor the purge when its time has come.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::warn;

use crate::domain::collection::{CollectionName, Collections};
use crate::domain::deletion::{Deletion, Pass, State};
use crate::domain::event;
use crate::domain::event::{Event, Group};
use crate::domain::page::{Entry, Exceptions, Judged, Outcome, Page};
use crate::domain::told::Told;
use crate::engine::effects::{after_root, tells_more};
use crate::engine::kit::clear::clear_documents;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{
    ChangeDeletions, EnginePorts, KeepTold, PublishEvents, ReadDeletions, StoreOutcome,
};

/// How long one telling may take: a bus that keeps putting events off is as good as away.
const TELLING: Duration = Duration::from_secs(2);

/// Tells while a slice works; silent for the rest of the slice once the bus did not answer.
pub(crate) struct Notifier {
    silent: bool,
}

impl Notifier {
    pub(crate) fn new() -> Self {
        Self { silent: false }
    }

    /// `DeletionAccepted`, once.
    pub(crate) async fn accepted<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &mut Deletion,
    ) {
        if !deletion.notified.accepted
            && self
                .tell(work, deletion, &[event::accepted(deletion)])
                .await
        {
            deletion.notified.accepted = true;
        }
    }

    /// The records of a page that a pass has just done; its position is the deletion's cursor. Kept with the next
    /// checkpoint.
    pub(crate) async fn page<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &mut Deletion,
        pass: Pass,
        (page, exceptions, told): (&Page, &Exceptions, &Told),
    ) {
        let position = deletion.cursor;
        let telling = deletion.notified.of(pass);
        let before = if position > telling.pages {
            telling.pages
        } else {
            telling.retold
        };
        // An earlier page is owed: they are told in order, later.
        if before + 1 != position {
            return;
        }
        let events = events_of(
            work.collections(),
            deletion,
            pass,
            position,
            (page, exceptions, told),
        );
        if self.tell(work, deletion, &events).await {
            note(deletion, pass, position);
        }
    }

    async fn tell<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &Deletion,
        events: &[Event],
    ) -> bool {
        if self.silent {
            return false;
        }
        match publish(work, events).await {
            Ok(()) => true,
            // If the slice itself is over, the next store call says so.
            Err(stop) => {
                warn!(deletion_id = %deletion.id, stop = %stop, "events of deletion {} are owed", deletion.id);
                self.silent = true;
                false
            }
        }
    }
}

/// Tells everything that an ended deletion still owes, and sets when the sweeper looks at it next. What fails stays
/// owed.
///
/// # Errors
///
/// What kept it from that; the log has it.
pub(crate) async fn tell_owed<P: EnginePorts>(
    work: Work<'_, P>,
    ended: &Deletion,
) -> Result<(), Stop> {
    let mut told = ended.clone();
    let result = tell_all(work, &mut told).await;
    let next = match &result {
        Ok(()) => ended.told(told.notified, &work.engine.timing),
        Err(_) => told.put_off(work.now(), &work.engine.timing),
    };
    if let Err(stop) = &result {
        warn!(deletion_id = %ended.id, stop = %stop, "events of deletion {} are owed", ended.id);
    }
    let stored = work.closing(work.deletions().store(&next)).await;
    result?;
    match stored? {
        StoreOutcome::Stored => Ok(()),
        StoreOutcome::Changed(_) => Err(Stop::Overtaken),
    }
}

async fn tell_all<P: EnginePorts>(work: Work<'_, P>, deletion: &mut Deletion) -> Result<(), Stop> {
    if !deletion.notified.accepted {
        publish(work, &[event::accepted(deletion)]).await?;
        deletion.notified.accepted = true;
    }
    for pass in [Pass::Delete, Pass::Restore, Pass::Purge] {
        if deletion.notified.of(pass).is_owed() {
            tell_pass(work, deletion, pass).await?;
        }
    }
    Ok(())
}

/// What an ended pass owes: its pages in its order, then its end.
async fn tell_pass<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    pass: Pass,
) -> Result<(), Stop> {
    let state = deletion.notified.of(pass).ended;
    if state == Some(State::Restored) && deletion.state == State::Restored {
        clear_root_document(work, deletion).await?;
        if let Some((page, told)) = Box::pin(after_root(work, deletion)).await? {
            let changed = |change| event::aggregate_changed(deletion, page.number, change);
            let events: Vec<_> = told.changes.iter().map(changed).collect();
            publish(work, &events).await?;
        }
    }
    let done = match pass {
        Pass::Delete => deletion.acted,
        Pass::Restore | Pass::Purge => deletion.notified.of(pass).done,
    };
    // First what was done again in pages that an earlier run had told, whichever run did it.
    if deletion.notified.of(pass).is_again() {
        let again = deletion.notified.of(pass).pages.min(done);
        for position in deletion.notified.of(pass).retold + 1..=again {
            tell_page(work, deletion, pass, position).await?;
        }
    }
    for position in deletion.notified.of(pass).pages + 1..=done {
        tell_page(work, deletion, pass, position).await?;
    }
    if let Some(event) = event::finished(deletion, pass) {
        publish(work, &[event]).await?;
    }
    let telling = deletion.notified.of_mut(pass);
    telling.finished = true;
    telling.failure = None;
    Ok(())
}

async fn tell_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    pass: Pass,
    position: u32,
) -> Result<(), Stop> {
    let number = deletion.page_at(pass, position);
    if let Some((page, exceptions, told)) = read(work, deletion, number).await? {
        let events = events_of(
            work.collections(),
            deletion,
            pass,
            position,
            (&page, &exceptions, &told),
        );
        publish(work, &events).await?;
    }
    note(deletion, pass, position);
    Ok(())
}

/// The page at this position is told.
pub(crate) fn note(deletion: &mut Deletion, pass: Pass, position: u32) {
    let telling = deletion.notified.of_mut(pass);
    if position > telling.pages {
        telling.pages = position;
    } else {
        telling.retold = position;
    }
}

/// The events of a page of a pass: what was done when the page was first done, unless that is told; and what later runs
/// did again.
fn events_of(
    collections: &Collections,
    deletion: &Deletion,
    pass: Pass,
    position: u32,
    (page, exceptions, told): (&Page, &Exceptions, &Told),
) -> Vec<Event> {
    let telling = deletion.notified.of(pass);
    let is_new =
        |run: Option<u32>| run.map_or(position > telling.pages, |run| run >= telling.since);
    let mut by_run: BTreeMap<Option<u32>, BTreeMap<&CollectionName, Vec<&Entry>>> = BTreeMap::new();
    for (place, entry) in page.entries.iter().enumerate() {
        let run = exceptions.redone_in(pass, place);
        if is_new(run) && is_done(deletion, pass, page, place, exceptions) {
            by_run
                .entry(run)
                .or_default()
                .entry(&entry.collection)
                .or_default()
                .push(entry);
        }
    }
    let mut events = Vec::new();
    for (run, records) in &by_run {
        let groups: Vec<Group<'_>> = records
            .iter()
            .flat_map(|(name, entries)| groups(collections, name, entries, told))
            .collect();
        events.extend(event::of_groups(deletion, pass, page.number, *run, &groups));
    }
    let changes = told.changes.iter().filter(|change| change.pass == pass);
    events.extend(
        changes
            .filter(|change| is_new(change.run))
            .map(|change| event::aggregate_changed(deletion, page.number, change)),
    );
    events
}

/// The groups of records of one collection; one that no file declares any more has no event of its own.
fn groups<'e>(
    collections: &'e Collections,
    name: &'e CollectionName,
    entries: &[&Entry],
    told: &Told,
) -> Vec<Group<'e>> {
    match collections.get(name.as_ref()) {
        Some(collection) => Group::all(collection, entries, told),
        None => vec![Group {
            keys: entries.iter().map(|entry| entry.key.clone()).collect(),
            ..Group::plain(name)
        }],
    }
}

fn is_done(
    deletion: &Deletion,
    pass: Pass,
    page: &Page,
    place: usize,
    exceptions: &Exceptions,
) -> bool {
    let is_deleted = || page.outcome(place, exceptions) == Outcome::Deleted;
    match pass {
        Pass::Delete => is_deleted(),
        // What this deletion never took it has not brought back, though it is live.
        Pass::Restore => {
            deletion.is_acted(page.number)
                && is_deleted()
                && !exceptions.restored.contains_key(&place)
        }
        Pass::Purge => !exceptions.purged.contains_key(&place),
    }
}

async fn read<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
) -> Result<Option<(Page, Exceptions, Told)>, Stop> {
    let deletions = work.deletions();
    let Some(page) = work
        .call(deletions.page(&deletion.tenant, deletion.id, number))
        .await?
    else {
        return Ok(None);
    };
    let exceptions = work
        .call(deletions.exceptions(&deletion.tenant, deletion.id, number))
        .await?;
    let told = if tells_more(work.collections(), &page) {
        let read = deletions.told(&deletion.tenant, deletion.id, number);
        work.call(read).await?
    } else {
        None
    };
    Ok(Some((
        page,
        exceptions.unwrap_or_default(),
        told.unwrap_or_default(),
    )))
}

async fn publish<P: EnginePorts>(work: Work<'_, P>, events: &[Event]) -> Result<(), Stop> {
    let bus = work.engine.ports.events();
    let slice = work.slice.at_most(TELLING);
    let work = Work::new(work.engine, &slice);
    work.settle(events, P::Events::PUBLISH_BATCH, |batch| async move {
        bus.publish(&batch).await
    })
    .await?;
    Ok(())
}

/// The root's document, once its row is live again.
pub(crate) async fn clear_root_document<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    let Some(root) = &deletion.root else {
        return Ok(());
    };
    let collection = work.collection(&deletion.collection)?;
    let entry = Entry::new(collection.name.clone(), root.clone(), Judged::Live);
    // Refused for what it holds: compare finds it, and search checks its hits.
    clear_documents(work, deletion, collection, &[entry], &[0]).await?;
    Ok(())
}
