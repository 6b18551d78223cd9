//! A manifest of millions of records with late children: its purge takes bounded memory and a fixed number of calls for
//! each record. The pages, and the rows that they list, are made when they are read, so that the stores take no memory
//! either.

#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::collection::Collection;
use domain::deletion::{DeleteCounts, Deletion, DeletionId, State};
use domain::event::Event;
use domain::key::RecordKey;
use domain::notice::Notice;
use domain::open::Announcement;
use domain::page::{Entry, Exceptions, Page};
use domain::principal::Tenant;
use domain::row::Row;
use domain::scope::Scope;
use engine::{Engine, advance};
use ports::{
    AdvanceDeletions, Ancestor, Attempt, ChangeDeletions, Clock, DeletionItems, DeletionRange,
    DeletionSummary, DependencyError, OutgoingOf, PublishEvents, PutPageOutcome, ReadDeletions,
    RestoreOutcome, StoreNotices, StoreOutcome, StoresOf, Wired,
};
use testing::samples::{self, key, key2};
use testing::{FakeDeletions, FakeDocuments, FakeQueue, FakeRows, FakeSchedules};

use crate::engine::world::figures::{asked, peak_grown, peak_kilobytes};
use crate::engine::world::{Ignore as _, SLICE, World};

/// A box of letters, each of which has lines: every letter may have late children.
const BOXES: &str = r#"
[boxes]
table       = "boxes"
key         = ["box_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[letters]
table       = "letters"
key         = ["box_id", "letter_id"]
tenant      = "owner"
parent      = { collection = "boxes", by = ["box_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[lines]
table       = "lines"
key         = ["letter_id", "line_id"]
tenant      = "owner"
parent      = { collection = "letters", by = ["box_id", "letter_id"], on_delete = "cascade", required = true }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

const PAGE: u32 = 1000;

/// How many late lines there are.
const LATE: u32 = 60;

/// How many letters: six million in the longest run (`RECORDS=6000000`), less otherwise.
fn letters() -> u32 {
    u32::try_from(asked("RECORDS", 30_000)).expect("not that many")
}

fn letter(n: u32) -> RecordKey {
    key2("b", &format!("l{n:07}"))
}

/// A control table in which pages 2 to `last` are made when they are read.
#[derive(Clone)]
struct Manifest {
    stored: FakeDeletions,
    world: World,
    deletion: Deletion,
    last: u32,
    seen: Arc<Mutex<Seen>>,
}

/// What was read.
struct Seen {
    /// The lowest page that was read: rows of a page are there when it is read for the first time.
    lowest: u32,
    pages: u64,
}

impl Manifest {
    /// A page, and the rows that it lists.
    fn made(&self, number: u32) -> Page {
        let mut seen = self.seen.lock().unwrap();
        let is_first = number < seen.lowest;
        seen.lowest = seen.lowest.min(number);
        let collection = self.world.collection("letters");
        let (mark, id) = (self.deletion.mark(), self.deletion.id);
        let entry = |n: u32| {
            let key = letter((number - 2) * PAGE + n);
            let attributes = self
                .world
                .live_row("letters", &key, Some(&samples::key("b")));
            if is_first {
                let marked = samples::marked(collection, attributes.clone(), &mark);
                self.world.rows.put(collection, marked);
            }
            Entry::of_row(collection, Row { key, attributes }, id)
        };
        Page {
            number,
            entries: (0..PAGE).map(entry).collect(),
            next: None,
        }
    }
}

impl ReadDeletions for Manifest {
    async fn page(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Page>, DependencyError> {
        self.world.clock.advance(Duration::from_millis(500));
        self.seen.lock().unwrap().pages += 1;
        if (2..=self.last).contains(&number) {
            return Ok(Some(self.made(number)));
        }
        self.stored.page(tenant, id, number).await
    }

    async fn deletion(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Deletion>, DependencyError> {
        self.stored.deletion(tenant, id).await
    }

    const DELETIONS_BATCH: usize = FakeDeletions::DELETIONS_BATCH;

    async fn deletions(
        &self,
        tenant: &Tenant,
        ids: &[DeletionId],
    ) -> Result<Vec<Attempt<DeletionItems>>, DependencyError> {
        self.stored.deletions(tenant, ids).await
    }

    async fn scope(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Scope>, DependencyError> {
        self.stored.scope(tenant, id).await
    }

    async fn ids(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        part: u32,
    ) -> Result<Option<Vec<RecordKey>>, DependencyError> {
        self.stored.ids(tenant, id, part).await
    }

    async fn exceptions(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Exceptions>, DependencyError> {
        self.stored.exceptions(tenant, id, number).await
    }

    async fn open(&self, tenant: &Tenant) -> Result<Vec<Announcement>, DependencyError> {
        self.stored.open(tenant).await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        range: DeletionRange,
        limit: usize,
    ) -> Result<Vec<DeletionSummary>, DependencyError> {
        self.stored.list(tenant, range, limit).await
    }
}

impl ChangeDeletions for Manifest {
    async fn store(&self, next: &Deletion) -> Result<StoreOutcome, DependencyError> {
        self.stored.store(next).await
    }
}

impl AdvanceDeletions for Manifest {
    async fn finish_restore(
        &self,
        collection: &Collection,
        restored: &Deletion,
        page: &Page,
        ancestors: &[Ancestor],
    ) -> Result<RestoreOutcome, DependencyError> {
        let stored = &self.stored;
        stored
            .finish_restore(collection, restored, page, ancestors)
            .await
    }

    async fn put_page(
        &self,
        deletion: &Deletion,
        page: &Page,
    ) -> Result<PutPageOutcome, DependencyError> {
        self.stored.put_page(deletion, page).await
    }

    async fn put_exceptions(
        &self,
        deletion: &Deletion,
        number: u32,
        exceptions: &Exceptions,
    ) -> Result<(), DependencyError> {
        self.stored
            .put_exceptions(deletion, number, exceptions)
            .await
    }

    async fn close(&self, deletion: &Deletion) -> Result<(), DependencyError> {
        self.stored.close(deletion).await
    }

    async fn drop_ids(&self, deletion: &Deletion, part: u32) -> Result<(), DependencyError> {
        self.stored.drop_ids(deletion, part).await
    }

    async fn drop_page(&self, deletion: &Deletion, number: u32) -> Result<(), DependencyError> {
        self.stored.drop_page(deletion, number).await
    }
}

impl StoreNotices for Manifest {
    async fn notice(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Notice>, DependencyError> {
        self.stored.notice(tenant, id, number).await
    }

    async fn put_notice(
        &self,
        deletion: &Deletion,
        number: u32,
        notice: &Notice,
    ) -> Result<(), DependencyError> {
        self.stored.put_notice(deletion, number, notice).await
    }
}

/// A bus that remembers nothing.
#[derive(Clone)]
struct Nowhere;

impl PublishEvents for Nowhere {
    async fn publish(&self, events: &[Event]) -> Result<Vec<Attempt<()>>, DependencyError> {
        Ok(events.iter().map(|_| Attempt::Done(())).collect())
    }
}

type Ports = Wired<
    StoresOf<FakeRows, FakeDocuments, Manifest>,
    OutgoingOf<FakeQueue, Nowhere, FakeSchedules>,
    testing::FakeClock,
>;

/// A box whose purge has begun, with so many pages of letters; the engine that does it, and what it reads.
async fn purging(pages: u32) -> (World, Deletion, Engine<Ports>) {
    let world = World::new(BOXES);
    world.put("boxes", &key("b"), None);
    let deletion = world.accept("boxes", &key("b")).await;
    world.come_to_rest().await;
    let mut deletion = world.now(&deletion);
    assert_eq!((deletion.state, deletion.pages), (State::Deleted, 1));
    let letters = u64::from(pages * PAGE);
    let counts = DeleteCounts {
        selected: letters,
        deleted: letters,
        ..DeleteCounts::default()
    };
    let name = world.collection("letters").name.clone();
    deletion.deleted.insert(name, counts);
    let last = pages + 1;
    (deletion.pages, deletion.acted, deletion.cursor) = (last, last, last);
    (
        deletion.notified.delete.pages,
        deletion.notified.delete.done,
    ) = (last, last);
    world.until_purge(&deletion);
    let deletion = deletion
        .begin_purge(world.clock.now(), &world.timing)
        .expect("its time has come");
    let scope = world.deletions.scope(&deletion.tenant, deletion.id).await;
    let scope = scope.unwrap().expect("it has one");
    world.deletions.put(&deletion, &scope, &[]);
    for n in 0..LATE {
        let parent = letter(n * (pages * PAGE / LATE));
        let line = key2(parent.sort.as_deref().unwrap(), "late");
        world.put("lines", &line, Some(&parent));
    }
    let seen = Seen {
        lowest: last + 1,
        pages: 0,
    };
    let manifest = Manifest {
        stored: world.deletions.clone(),
        world: world.clone(),
        deletion: deletion.clone(),
        last,
        seen: Arc::new(Mutex::new(seen)),
    };
    let engine = Engine {
        ports: Wired {
            stores: StoresOf {
                rows: world.rows.clone(),
                documents: world.documents.clone(),
                deletions: manifest,
            },
            outgoing: OutgoingOf {
                queue: world.queue.clone(),
                events: Nowhere,
                schedules: world.schedules.clone(),
            },
            clock: world.clock.clone(),
            domain: (),
        },
        collections: Arc::clone(&world.collections),
        timing: world.timing,
        patience: world.patience,
        page_keys: world.page_keys,
        unreadable_rows: telemetry::Counter::default(),
    };
    (world, deletion, engine)
}

#[tokio::test]
async fn a_manifest_of_any_length_with_late_children_is_purged_with_so_many_calls_for_each_record()
{
    let pages = letters() / PAGE;
    let (world, deletion, engine) = purging(pages).await;
    let (before, began, calls) = (peak_kilobytes(), Instant::now(), world.rows.calls());

    let mut slices = 0;
    while world.now(&deletion).state == State::Purging {
        slices += 1;
        assert!(slices < 10 + pages, "it does not get on");
        let end = world.clock.now().checked_add(SLICE).expect("a moment");
        let advanced = Box::pin(advance(&engine, &deletion.tenant, deletion.id, end)).await;
        advanced.unwrap().ignore();
        let _ = world.queue.take();
    }

    let records = u64::from(pages * PAGE);
    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Purged, "{:?}", stands.failure);
    assert_eq!(stands.purged["letters"].purged, records);
    assert_eq!(stands.purged["lines"].purged, u64::from(LATE));
    for collection in ["boxes", "letters", "lines"] {
        assert_eq!(world.rows.keys(world.collection(collection)), []);
    }
    let read = engine.ports.stores.deletions.seen.lock().unwrap().pages;
    let calls = world.rows.calls() - calls;
    let grown = peak_grown(before);
    println!(
        "{records} records and {LATE} late ones: {slices} slices in {:?}; {read} reads of {} pages; {calls} calls for rows, {} for 1,000 records; the peak of memory grew by {grown:?} KB",
        began.elapsed(),
        stands.pages,
        calls * 1_000 / records,
    );
    // Each page is done once. The search below it stores its place every 500 questions, and then reads it again, and
    // whether a dead worker has written the next page of late arrivals.
    let late = 4 * u64::from(LATE);
    assert!(
        read <= 7 * u64::from(pages) + 2 * u64::from(slices) + late,
        "{read}"
    );
    // A query below each record, and what removes the records in batches.
    assert!(calls <= records * 12 / 10 + 50 * u64::from(LATE), "{calls}");
}
