//! The events of a page, and how they are published.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{CollectionName, Collections};
use domain::deletion::{Deletion, Pass};
use domain::event;
use domain::event::{Event, Group};
use domain::notice::Notice;
use domain::page::{Entry, Exceptions, Outcome, Page};
use ports::{Attempt, EnginePorts, PublishEvents};

/// How long to publish before it counts what the bus has taken: one that keeps putting events off is unavailable.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(2);

/// Publishes events in their order, until the bus takes no more or one comes that it cannot take. Returns how many from
/// the first on are published, and what ended it before the last.
pub(crate) async fn publish<P: EnginePorts>(
    work: Work<'_, P>,
    events: &[Event],
) -> (usize, Result<(), Stop>) {
    let fitting = events.iter().take_while(|event| event.fits()).count();
    let bus = work.engine.ports.events();
    let slice = work.slice.at_most(PUBLISH_TIMEOUT);
    let work = Work::new(work.engine, &slice);
    // The answers of a call count, whatever becomes of the others.
    let taken = Mutex::new(vec![false; fitting]);
    let places: Vec<usize> = (0..fitting).collect();
    let settled = work
        .settle(&places, P::Events::PUBLISH_BATCH, |places| {
            let taken = &taken;
            async move {
                let batch: Vec<Event> = places.iter().map(|place| events[*place].clone()).collect();
                let answers = bus.publish(&batch).await?;
                let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
                for (place, answer) in places.iter().zip(&answers) {
                    taken[*place] |= matches!(answer, Attempt::Done(()));
                }
                Ok(answers)
            }
        })
        .await;
    let taken = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
    let published = taken.into_iter().take_while(|taken| *taken).count();
    let result = match settled {
        Ok(_) if fitting < events.len() => Err(Stop::broken(TOO_LARGE, "the event is too large")),
        settled => settled.map(drop),
    };
    (published, result)
}

/// The code of a [`Stop`] because of an event that no bus can take.
pub(crate) const TOO_LARGE: &str = "EVENT_TOO_LARGE";

/// The events of a page of a pass: what was done when the page was first done, unless that has been published; and what
/// later runs did again.
pub(crate) fn events_of(
    collections: &Collections,
    deletion: &Deletion,
    pass: Pass,
    position: u32,
    (page, exceptions, notice): (&Page, &Exceptions, &Notice),
) -> Vec<Event> {
    let events_of_pass = deletion.notified.of(pass);
    let is_new = |run: Option<u32>| {
        run.map_or(position > events_of_pass.pages, |run| {
            run >= events_of_pass.since
        })
    };
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
            .flat_map(|(name, entries)| groups(collections, name, entries, notice))
            .collect();
        events.extend(event::of_groups(deletion, pass, page.number, *run, &groups));
    }
    let changes = notice.changes.iter().filter(|change| change.pass == pass);
    events.extend(
        changes
            .filter(|change| is_new(change.run))
            .map(|change| event::aggregate_changed(collections, deletion, page.number, change)),
    );
    events
}

/// The groups of records of one collection; one that is no longer declared by a file has no event of its own.
fn groups<'e>(
    collections: &'e Collections,
    name: &'e CollectionName,
    entries: &[&Entry],
    notice: &Notice,
) -> Vec<Group<'e>> {
    match collections.get(name.as_ref()) {
        Some(collection) => Group::all(collection, entries, notice),
        None => vec![Group {
            keys: (entries
                .iter()
                .map(|entry| collections.id_of(name, &entry.key)))
            .collect(),
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
        // Records that this deletion never took are not brought back by it, even if they are live.
        Pass::Restore => {
            deletion.is_acted(page.number)
                && is_deleted()
                && !exceptions.restored.contains_key(&place)
        }
        Pass::Purge => !exceptions.purged.contains_key(&place),
    }
}
