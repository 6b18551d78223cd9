//! Tells the bus. What could not be told is owed: the cursor `notified` remembers, the sweeper tells it later.
//!
//! A bus that is away holds nothing up: neither a delete, nor the purge when its time has come.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::warn;

use crate::domain::collection::CollectionName;
use crate::domain::deletion::{Deletion, Pass};
use crate::domain::event::{self, Event};
use crate::domain::key::RecordKey;
use crate::domain::page::{Exceptions, Outcome, Page};
use crate::ports::{
    AdvanceDeletions, Clock, EnginePorts, PublishEvents, ReadDeletions, StoreOutcome,
};
use crate::service::advance::Engine;
use crate::service::advance::settle::settle;
use crate::service::advance::slice::{Slice, Stop};

/// How long one telling may take: a bus that keeps putting events off is as good as away.
const TELLING: Duration = Duration::from_secs(2);

/// Tells while a slice works; silent for the rest of the slice once the bus did not answer.
pub(super) struct Notifier {
    silent: bool,
}

impl Notifier {
    pub(super) fn new() -> Self {
        Self { silent: false }
    }

    /// `DeletionAccepted`, once.
    pub(super) async fn accepted<P: EnginePorts>(
        &mut self,
        engine: &Engine<P>,
        slice: &Slice<'_, P::Clock>,
        deletion: &mut Deletion,
    ) {
        if !deletion.notified.accepted
            && self
                .tell(engine, slice, deletion, &[event::accepted(deletion)])
                .await
        {
            deletion.notified.accepted = true;
        }
    }

    /// The records of a page that has just been done. Kept with the next checkpoint.
    pub(super) async fn page_deleted<P: EnginePorts>(
        &mut self,
        engine: &Engine<P>,
        slice: &Slice<'_, P::Clock>,
        deletion: &mut Deletion,
        page: &Page,
        exceptions: &Exceptions,
    ) {
        // An earlier page is owed: they are told in order, later.
        if deletion.notified.deleted_pages + 1 != page.number {
            return;
        }
        let events = event::records_deleted(deletion, page.number, &deleted(page, exceptions));
        if self.tell(engine, slice, deletion, &events).await {
            deletion.notified.deleted_pages = page.number;
        }
    }

    /// The records that a purge has just removed; `done` is how many pages it has done.
    pub(super) async fn page_purged<P: EnginePorts>(
        &mut self,
        engine: &Engine<P>,
        slice: &Slice<'_, P::Clock>,
        deletion: &mut Deletion,
        page: &Page,
        exceptions: &Exceptions,
    ) {
        if deletion.notified.purged_pages + 1 != deletion.cursor {
            return;
        }
        let events = event::records_purged(deletion, page.number, &purged(page, exceptions));
        if self.tell(engine, slice, deletion, &events).await {
            deletion.notified.purged_pages = deletion.cursor;
        }
    }

    async fn tell<P: EnginePorts>(
        &mut self,
        engine: &Engine<P>,
        slice: &Slice<'_, P::Clock>,
        deletion: &Deletion,
        events: &[Event],
    ) -> bool {
        if self.silent {
            return false;
        }
        match publish(engine, slice, events).await {
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
/// owed. Without a slice it takes half of a grace, which is left when a slice is over.
pub async fn tell_owed<P: EnginePorts>(
    engine: &Engine<P>,
    ended: &Deletion,
    slice: Option<&Slice<'_, P::Clock>>,
) -> bool {
    let own;
    let slice = if let Some(slice) = slice {
        slice
    } else {
        let clock = engine.ports.clock();
        let end = clock
            .now()
            .checked_add(engine.timing.grace / 2)
            .unwrap_or(jiff::Timestamp::MAX);
        own = Slice::new(clock, end, engine.timing.grace / 2);
        &own
    };
    let mut told = ended.clone();
    let result = tell_all(engine, slice, &mut told).await;
    let next = match &result {
        Ok(()) => told.told(told.notified, &engine.timing),
        Err(_) => told.put_off(slice.clock().now(), &engine.timing),
    };
    if let Err(stop) = &result {
        warn!(deletion_id = %ended.id, stop = %stop, "events of deletion {} are owed", ended.id);
    }
    matches!(
        slice.closing(engine.ports.deletions().store(&next)).await,
        Ok(StoreOutcome::Stored)
    ) && result.is_ok()
}

async fn tell_all<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
) -> Result<(), Stop> {
    if !deletion.notified.delete_finished {
        let mut past = deletion.as_delete_ended();
        let told = tell_delete(engine, slice, &mut past).await;
        deletion.notified = past.notified;
        told?;
    }
    if deletion.state.pass() == Pass::Purge {
        tell_purge(engine, slice, deletion).await?;
    }
    Ok(())
}

async fn tell_delete<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
) -> Result<(), Stop> {
    if !deletion.notified.accepted {
        publish(engine, slice, &[event::accepted(deletion)]).await?;
        deletion.notified.accepted = true;
    }
    while deletion.notified.deleted_pages < deletion.acted {
        let number = deletion.notified.deleted_pages + 1;
        if let Some((page, exceptions)) = read(engine, slice, deletion, number).await? {
            let events = event::records_deleted(deletion, number, &deleted(&page, &exceptions));
            publish(engine, slice, &events).await?;
        }
        deletion.notified.deleted_pages = number;
    }
    publish(engine, slice, &[event::finished(deletion)]).await?;
    deletion.notified.delete_finished = true;
    Ok(())
}

async fn tell_purge<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
) -> Result<(), Stop> {
    while deletion.notified.purged_pages < deletion.cursor {
        let done = deletion.notified.purged_pages + 1;
        let number = deletion.pages + 1 - done;
        if let Some((page, exceptions)) = read(engine, slice, deletion, number).await? {
            let events = event::records_purged(deletion, number, &purged(&page, &exceptions));
            publish(engine, slice, &events).await?;
        }
        deletion.notified.purged_pages = done;
    }
    publish(engine, slice, &[event::finished(deletion)]).await?;
    deletion.notified.purge_finished = true;
    Ok(())
}

async fn read<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    number: u32,
) -> Result<Option<(Page, Exceptions)>, Stop> {
    let deletions = engine.ports.deletions();
    let Some(page) = slice
        .call(deletions.page(&deletion.tenant, deletion.id, number))
        .await?
    else {
        return Ok(None);
    };
    let exceptions = slice
        .call(deletions.exceptions(&deletion.tenant, deletion.id, number))
        .await?;
    Ok(Some((page, exceptions.unwrap_or_default())))
}

async fn publish<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    events: &[Event],
) -> Result<(), Stop> {
    let bus = engine.ports.events();
    let slice = &slice.at_most(TELLING);
    settle(
        slice,
        events,
        P::Events::PUBLISH_BATCH,
        |batch| async move { bus.publish(&batch).await },
    )
    .await?;
    Ok(())
}

fn deleted(page: &Page, exceptions: &Exceptions) -> BTreeMap<CollectionName, Vec<RecordKey>> {
    keys(page, |place| {
        page.outcome(place, exceptions) == Outcome::Deleted
    })
}

fn purged(page: &Page, exceptions: &Exceptions) -> BTreeMap<CollectionName, Vec<RecordKey>> {
    keys(page, |place| !exceptions.purged.contains_key(&place))
}

fn keys(page: &Page, told: impl Fn(usize) -> bool) -> BTreeMap<CollectionName, Vec<RecordKey>> {
    let mut keys: BTreeMap<CollectionName, Vec<RecordKey>> = BTreeMap::new();
    for (_, entry) in page
        .entries
        .iter()
        .enumerate()
        .filter(|(place, _)| told(*place))
    {
        keys.entry(entry.collection.clone())
            .or_default()
            .push(entry.key.clone());
    }
    keys
}
