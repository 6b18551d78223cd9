//! The fakes, as the contracts want to have them.

use std::future::{Ready, ready};
use std::time::Duration;

use domain::collection::{Collection, DocumentAt};
use domain::deletion::Deletion;
use domain::event::Event;
use domain::key::RecordKey;
use ports::{
    ArchiveRows, ClearRows, EraseRows, FindMarked, MarkRows, PurgeRows, ReadRows, Stored, WriteRows,
};
use serde_json::{Map, Value};
use testing::contract::archive::ArchiveHarness;
use testing::contract::deletions::DeletionsHarness;
use testing::contract::documents::{DocumentsHarness, PLACED_INDEXES};
use testing::contract::events::EventsHarness;
use testing::contract::queue::QueueHarness;
use testing::contract::rows::RowsHarness;
use testing::contract::schedules::SchedulesHarness;
use testing::{
    Failing, FakeClock, FakeDeletions, FakeDocuments, FakeEvents, FakeQueue, FakeRows,
    FakeSchedules, Faults, samples,
};

pub(super) fn rows() -> Ready<Option<FakeHarness<FakeRows>>> {
    let rows = FakeRows::default();
    ready(Some(FakeHarness {
        port: rows.clone(),
        rows,
    }))
}

pub(super) fn failing_rows() -> Ready<Option<FakeHarness<Failing<FakeRows>>>> {
    let (rows, faults) = (FakeRows::default(), Faults::new(&FakeClock::default()));
    faults.interleave(7);
    ready(Some(FakeHarness {
        port: Failing::new(rows.clone(), &faults),
        rows,
    }))
}

pub(super) fn documents() -> Ready<Option<FakeHarness<FakeDocuments>>> {
    let port = FakeDocuments::of(&samples::collections());
    for index in PLACED_INDEXES {
        port.make_index(index);
    }
    ready(Some(FakeHarness {
        port,
        rows: FakeRows::default(),
    }))
}

pub(super) fn deletions() -> Ready<Option<FakeHarness<FakeDeletions>>> {
    let rows = FakeRows::default();
    ready(Some(FakeHarness {
        port: FakeDeletions::beside(&rows),
        rows,
    }))
}

pub(super) fn queue() -> Ready<Option<FakeQueueHarness>> {
    let clock = FakeClock::default();
    ready(Some(FakeQueueHarness {
        queue: FakeQueue::new(&clock),
        clock,
    }))
}

pub(super) fn events() -> Ready<Option<FakeHarness<FakeEvents>>> {
    ready(Some(FakeHarness {
        port: FakeEvents::default(),
        rows: FakeRows::default(),
    }))
}

pub(super) fn schedules() -> Ready<Option<FakeHarness<FakeSchedules>>> {
    ready(Some(FakeHarness {
        port: FakeSchedules::default(),
        rows: FakeRows::default(),
    }))
}

/// A port, and the rows that are seen through it.
pub(super) struct FakeHarness<P> {
    port: P,
    rows: FakeRows,
}

pub(super) struct FakeQueueHarness {
    queue: FakeQueue,
    clock: FakeClock,
}

impl<P: ReadRows + MarkRows + ClearRows + PurgeRows + WriteRows + FindMarked> RowsHarness
    for FakeHarness<P>
{
    type Rows = P;

    fn rows(&self) -> &P {
        &self.port
    }

    async fn put(&self, collection: &Collection, row: Map<String, Value>) {
        self.rows.put(collection, row);
    }

    async fn get(&self, collection: &Collection, key: &RecordKey) -> Option<Map<String, Value>> {
        self.rows.get(collection, key)
    }
}

impl<P: ArchiveRows<Whole = Map<String, Value>> + EraseRows> ArchiveHarness for FakeHarness<P> {
    type Rows = P;

    fn rows(&self) -> &P {
        &self.port
    }

    fn enlarge(whole: &mut Map<String, Value>) {
        whole.insert("larger".into(), Value::Null);
    }

    async fn put(&self, collection: &Collection, row: Map<String, Value>) {
        self.rows.put(collection, row);
    }

    async fn get(&self, collection: &Collection, key: &RecordKey) -> Option<Map<String, Value>> {
        self.rows.get(collection, key)
    }
}

impl DocumentsHarness for FakeHarness<FakeDocuments> {
    type Documents = FakeDocuments;

    fn documents(&self) -> &FakeDocuments {
        &self.port
    }

    async fn put(&self, collection: &Collection, id: &str, source: Map<String, Value>) {
        self.port.put(collection, id, source);
    }

    async fn put_at(&self, at: &DocumentAt, source: Map<String, Value>) {
        self.port.put_at(at, source);
    }

    async fn put_version(&self, at: &DocumentAt, version: i64, source: Map<String, Value>) -> bool {
        self.port.put_version(at, version, source)
    }

    async fn get_at(&self, at: &DocumentAt) -> Option<Map<String, Value>> {
        self.port.get_at(at)
    }

    async fn get(&self, collection: &Collection, id: &str) -> Option<Map<String, Value>> {
        self.port.get(collection, id)
    }

    async fn drop_index(&self, collection: &Collection) {
        self.port.drop_index(collection);
    }

    async fn has_index(&self, collection: &Collection) -> bool {
        self.port.has_index(collection)
    }

    async fn refresh(&self) {}
}

impl DeletionsHarness for FakeHarness<FakeDeletions> {
    type Deletions = FakeDeletions;

    async fn seen_row(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Option<Stored<Map<String, Value>>> {
        self.rows.stored(collection, key).await.expect("it answers")
    }

    fn deletions(&self) -> &FakeDeletions {
        &self.port
    }

    async fn put_row(&self, collection: &Collection, row: Map<String, Value>) {
        self.rows.put(collection, row);
    }

    async fn remove_row(&self, collection: &Collection, key: &RecordKey) {
        self.rows.remove(collection, key);
    }

    async fn get_row(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Option<Map<String, Value>> {
        self.rows.get(collection, key)
    }

    async fn make_newer(&self, deletion: &Deletion) {
        self.port.make_newer(deletion);
    }

    async fn make_known(&self, deletion: &Deletion) {
        self.port.make_known(deletion);
    }

    async fn settle(&self) {}
}

impl QueueHarness for FakeQueueHarness {
    type Queue = FakeQueue;

    fn queue(&self) -> &FakeQueue {
        &self.queue
    }

    async fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn arrived(&self, _enough: usize) -> Vec<String> {
        self.queue
            .arrived()
            .into_iter()
            .map(|sent| sent.body)
            .collect()
    }
}

impl EventsHarness for FakeHarness<FakeEvents> {
    type Events = FakeEvents;

    fn events(&self) -> &FakeEvents {
        &self.port
    }

    async fn heard(&self, _enough: usize) -> Vec<(String, String, Value)> {
        let heard = |event: Event| {
            (
                "tombstone".to_owned(),
                event.kind.into_owned(),
                event.detail,
            )
        };
        self.port.published().into_iter().map(heard).collect()
    }
}

impl SchedulesHarness for FakeHarness<FakeSchedules> {
    type Schedules = FakeSchedules;

    fn schedules(&self) -> &FakeSchedules {
        &self.port
    }

    async fn put(&self, name: &str) {
        self.port.put(name);
    }

    async fn all(&self) -> Vec<String> {
        self.port.all()
    }
}
