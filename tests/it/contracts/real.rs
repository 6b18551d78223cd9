//! The adapters on real stores, as the contracts want to have them.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::time::Duration;

use aws::{
    DynamoDeletions, DynamoRows, EventBridgeEvents, EventBridgeSchedules, OpenSearchDocuments,
    SearchAuth, SqsQueue, search_transport,
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::collection::{Collection, DocumentAt};
use domain::deletion::Deletion;
use domain::key::RecordKey;
use ports::{Stored, WriteRows};
use serde_json::{Map, Value};
use testing::contract::archive::ArchiveHarness;
use testing::contract::deletions::DeletionsHarness;
use testing::contract::documents::{DocumentsHarness, PLACED_INDEXES};
use testing::contract::events::EventsHarness;
use testing::contract::queue::QueueHarness;
use testing::contract::rows::RowsHarness;
use testing::contract::schedules::SchedulesHarness;
use testing::samples;

use crate::stores::dynamo::Tables;
use crate::stores::opensearch::Indexes;
use crate::stores::queues::{Bus, Queue};
use crate::stores::schedules::Schedules;

/// The longest time of one call.
const CALL: Duration = Duration::from_secs(20);

/// An adapter, and the store behind it.
pub(super) struct Real<P, S> {
    port: P,
    store: S,
}

pub(super) fn rows() -> Ready<Option<Real<DynamoRows, Tables>>> {
    let store = Tables::of(&samples::collections());
    ready(Some(Real {
        port: DynamoRows::new(store.client(), store.names()).archived_in(store.archive()),
        store,
    }))
}

pub(super) fn deletions() -> Ready<Option<Real<DynamoDeletions, Tables>>> {
    let store = Tables::of(&samples::collections());
    ready(Some(Real {
        port: DynamoDeletions::new(store.client(), store.control(), store.names()),
        store,
    }))
}

pub(super) async fn documents() -> Option<Real<OpenSearchDocuments, Indexes>> {
    let mut store = Indexes::of(&samples::collections()).await?;
    for index in PLACED_INDEXES {
        store.make(index).await;
    }
    let transport = search_transport(store.endpoint(), SearchAuth::None).expect("a transport");
    Some(Real {
        port: OpenSearchDocuments::new(transport, store.prefix(), CALL),
        store,
    })
}

pub(super) async fn queue() -> Option<Real<SqsQueue, Queue>> {
    let store = Queue::new().await?;
    Some(Real {
        port: SqsQueue::new(store.client.clone(), &store.url),
        store,
    })
}

pub(super) async fn events() -> Option<Real<EventBridgeEvents, Bus>> {
    let store = Bus::new().await?;
    Some(Real {
        port: EventBridgeEvents::new(store.client.clone(), &store.name),
        store,
    })
}

pub(super) async fn schedules() -> Option<Real<EventBridgeSchedules, Schedules>> {
    let store = Schedules::new().await?;
    Some(Real {
        port: EventBridgeSchedules::new(store.client.clone(), &store.group),
        store,
    })
}

impl RowsHarness for Real<DynamoRows, Tables> {
    type Rows = DynamoRows;

    fn rows(&self) -> &DynamoRows {
        &self.port
    }

    async fn put(&self, collection: &Collection, row: Map<String, Value>) {
        self.store.put(collection, &row);
    }

    async fn get(&self, collection: &Collection, key: &RecordKey) -> Option<Map<String, Value>> {
        self.store.get(collection, key)
    }
}

impl ArchiveHarness for Real<DynamoRows, Tables> {
    type Rows = DynamoRows;

    fn rows(&self) -> &DynamoRows {
        &self.port
    }

    fn enlarge(whole: &mut HashMap<String, AttributeValue>) {
        whole.insert("larger".into(), AttributeValue::Null(true));
    }

    async fn put(&self, collection: &Collection, row: Map<String, Value>) {
        self.store.put(collection, &row);
    }

    async fn get(&self, collection: &Collection, key: &RecordKey) -> Option<Map<String, Value>> {
        self.store.get(collection, key)
    }
}

impl DeletionsHarness for Real<DynamoDeletions, Tables> {
    type Deletions = DynamoDeletions;

    async fn seen_row(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Option<Stored<<DynamoRows as WriteRows>::Raw>> {
        let rows = DynamoRows::new(self.store.client(), self.store.names());
        rows.stored(collection, key).await.expect("it answers")
    }

    fn deletions(&self) -> &DynamoDeletions {
        &self.port
    }

    async fn put_row(&self, collection: &Collection, row: Map<String, Value>) {
        self.store.put(collection, &row);
    }

    async fn remove_row(&self, collection: &Collection, key: &RecordKey) {
        self.store.remove(collection, key);
    }

    async fn get_row(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Option<Map<String, Value>> {
        self.store.get(collection, key)
    }

    async fn make_newer(&self, deletion: &Deletion) {
        self.store.set_version(deletion.id, 99);
    }

    async fn make_known(&self, deletion: &Deletion) {
        self.store.set_version(deletion.id, 1);
    }

    async fn settle(&self) {}
}

impl DocumentsHarness for Real<OpenSearchDocuments, Indexes> {
    type Documents = OpenSearchDocuments;

    fn documents(&self) -> &OpenSearchDocuments {
        &self.port
    }

    async fn put(&self, collection: &Collection, id: &str, source: Map<String, Value>) {
        self.store.put(collection, id, source).await;
    }

    async fn put_at(&self, at: &DocumentAt, source: Map<String, Value>) {
        self.store.put_at(at, source).await;
    }

    async fn put_version(&self, at: &DocumentAt, version: i64, source: Map<String, Value>) -> bool {
        self.store.put_version(at, version, source).await
    }

    async fn get_at(&self, at: &DocumentAt) -> Option<Map<String, Value>> {
        self.store.get_at(at).await
    }

    async fn get(&self, collection: &Collection, id: &str) -> Option<Map<String, Value>> {
        self.store.get(collection, id).await
    }

    async fn drop_index(&self, collection: &Collection) {
        self.store.drop_index(collection).await;
    }

    async fn has_index(&self, collection: &Collection) -> bool {
        self.store.has_index(collection).await
    }

    async fn refresh(&self) {
        self.store.refresh().await;
    }
}

impl QueueHarness for Real<SqsQueue, Queue> {
    type Queue = SqsQueue;

    fn queue(&self) -> &SqsQueue {
        &self.port
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn arrived(&self, enough: usize) -> Vec<String> {
        self.store.take(enough).await
    }
}

impl EventsHarness for Real<EventBridgeEvents, Bus> {
    type Events = EventBridgeEvents;

    fn events(&self) -> &EventBridgeEvents {
        &self.port
    }

    async fn heard(&self, enough: usize) -> Vec<(String, String, Value)> {
        self.store.heard(enough).await
    }
}

impl SchedulesHarness for Real<EventBridgeSchedules, Schedules> {
    type Schedules = EventBridgeSchedules;

    fn schedules(&self) -> &EventBridgeSchedules {
        &self.port
    }

    async fn put(&self, name: &str) {
        self.store.put(name).await;
    }

    async fn all(&self) -> Vec<String> {
        self.store.all().await
    }
}
