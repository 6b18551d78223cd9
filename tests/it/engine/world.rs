//! The world of a test: fakes that all workers share, and for each worker its own script of faults.

mod asking;
pub(crate) mod end;
pub(crate) mod figures;
pub(crate) mod strategies;
pub(crate) mod trees;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use domain::collection::{Collection, Collections};
use domain::deletion::{Deletion, DeletionId, RetryLimits, State, Timing};
use domain::key::RecordKey;
use domain::principal::{Groups, Principal, Tenant};
use domain::tags::Tags;
use engine::{Advanced, Engine, advance};
use engine::{SweepReport, sweep};
use jiff::Timestamp;
use ports::{Clock, DependencyError, OutgoingOf, StoresOf, Wired};
use requests::accept::{AcceptAnswer, AcceptError, DeleteRequest, accept};
use requests::{Api, CursorKeys, OnPublishFailure};
use serde_json::{Map, Value, json};
use testing::{
    Failing, FakeClock, FakeDeletions, FakeDocuments, FakeDomain, FakeEvents, FakeQueue, FakeRows,
    FakeSchedules, Faults, samples,
};

/// The slice that tests give, as it is by default.
pub(crate) const SLICE: Duration = Duration::from_mins(1);

pub(crate) const TENANT: &str = "acme";

pub(crate) type Ports = Wired<
    StoresOf<Failing<FakeRows>, Failing<FakeDocuments>, Failing<FakeDeletions>>,
    OutgoingOf<Failing<FakeQueue>, Failing<FakeEvents>, Failing<FakeSchedules>>,
    FakeClock,
    Failing<FakeDomain>,
>;

/// Everything that outlives a worker.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) collections: Arc<Collections>,
    pub(crate) rows: FakeRows,
    pub(crate) documents: FakeDocuments,
    pub(crate) deletions: FakeDeletions,
    pub(crate) queue: FakeQueue,
    pub(crate) events: FakeEvents,
    pub(crate) schedules: FakeSchedules,
    pub(crate) domain: FakeDomain,
    pub(crate) clock: FakeClock,
    pub(crate) timing: Timing,
    pub(crate) patience: RetryLimits,
    pub(crate) page_keys: usize,
}

impl World {
    /// An empty one with these collections.
    pub(crate) fn new(collections: &str) -> Self {
        Self::of(Arc::new(Collections::for_tests(collections)))
    }

    /// The same, of collections that are read already.
    pub(crate) fn of(collections: Arc<Collections>) -> Self {
        let rows = FakeRows::default();
        Self {
            documents: FakeDocuments::of(&collections),
            deletions: FakeDeletions::beside(&rows),
            rows,
            collections,
            queue: FakeQueue::default(),
            events: FakeEvents::default(),
            schedules: FakeSchedules::default(),
            domain: FakeDomain::default(),
            clock: FakeClock::default(),
            timing: samples::timing(),
            patience: samples::patience(),
            page_keys: 1000,
        }
    }

    pub(crate) fn collection(&self, name: &str) -> &Collection {
        self.collections.get(name).expect("the test declares it")
    }

    /// A script for a worker in this world.
    pub(crate) fn faults(&self) -> Faults {
        Faults::new(&self.clock)
    }

    fn ports(&self, faults: &Faults) -> Ports {
        Wired {
            stores: StoresOf {
                rows: Failing::new(self.rows.clone(), faults),
                documents: Failing::new(self.documents.clone(), faults),
                deletions: Failing::new(self.deletions.clone(), faults),
            },
            outgoing: OutgoingOf {
                queue: Failing::new(self.queue.clone(), faults),
                events: Failing::new(self.events.clone(), faults),
                schedules: Failing::new(self.schedules.clone(), faults),
            },
            clock: self.clock.clone(),
            domain: Failing::new(self.domain.clone(), faults),
        }
    }

    /// A worker, disturbed by this script.
    pub(crate) fn engine(&self, faults: &Faults) -> Engine<Ports> {
        Engine {
            ports: self.ports(faults),
            collections: Arc::clone(&self.collections),
            timing: self.timing,
            patience: self.patience,
            page_keys: self.page_keys,
            unreadable_rows: telemetry::Counter::default(),
        }
    }

    /// An api, disturbed by this script.
    pub(crate) fn api(&self, faults: &Faults) -> Api<Ports> {
        Api {
            ports: self.ports(faults),
            collections: Arc::clone(&self.collections),
            timing: self.timing,
            cursor_keys: CursorKeys::new("a key of the tests", None),
            on_publish_failure: OnPublishFailure::Outbox,
            unreadable_rows: telemetry::Counter::default(),
        }
    }

    /// Puts a live record into both stores; `parent` is the key of the one above it.
    pub(crate) fn put(&self, collection: &str, key: &RecordKey, parent: Option<&RecordKey>) {
        let row = self.live_row(collection, key, parent);
        self.put_row(collection, row);
    }

    /// The attributes of a live record.
    pub(crate) fn live_row(
        &self,
        collection: &str,
        key: &RecordKey,
        parent: Option<&RecordKey>,
    ) -> Map<String, Value> {
        let collection = self.collection(collection);
        let mut row = samples::row(collection, key, TENANT);
        if let (Some(link), Some(parent)) = (&collection.parent, parent) {
            row.extend(
                link.by
                    .iter()
                    .cloned()
                    .zip(parent.values().map(|value| json!(value))),
            );
        }
        row
    }

    /// Puts a record with these attributes into both stores; without a document where its id cannot be rendered.
    pub(crate) fn put_row(&self, collection: &str, row: Map<String, Value>) {
        let collection = self.collection(collection);
        let text = |attribute: &String| {
            row.get(attribute)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let sort = collection.key.sort.as_ref().and_then(text);
        let key = RecordKey::stored(
            text(&collection.key.partition).expect("a key"),
            sort.as_deref(),
        );
        if let Some(id) = document_id(collection, &key) {
            self.documents.put(collection, &id, row.clone());
        }
        self.rows.put(collection, row);
    }

    /// The row of a record.
    pub(crate) fn row(&self, collection: &str, key: &RecordKey) -> Option<Map<String, Value>> {
        self.rows.get(self.collection(collection), key)
    }

    /// The document of a record.
    pub(crate) fn document(&self, collection: &str, key: &RecordKey) -> Option<Map<String, Value>> {
        let collection = self.collection(collection);
        self.documents
            .get(collection, &document_id(collection, key)?)
    }

    /// Whose mark the record carries in its row and in its document; `""` for a live one, `None` for none.
    pub(crate) fn marks(
        &self,
        collection: &str,
        key: &RecordKey,
    ) -> (Option<String>, Option<String>) {
        let name = &self.collection(collection).marks.deletion_id;
        let by = |source: Map<String, Value>| {
            source
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (
            self.row(collection, key).map(by),
            self.document(collection, key).map(by),
        )
    }

    /// All records, with what row and document say of their deletion.
    pub(crate) fn everything(&self) -> Vec<(String, RecordKey)> {
        let all = self.collections.iter();
        all.flat_map(|collection| {
            self.rows
                .keys(collection)
                .into_iter()
                .map(|key| (collection.name.to_string(), key))
        })
        .collect()
    }

    /// Asks as an admin of the tenant.
    pub(crate) async fn ask(
        &self,
        faults: &Faults,
        collection: &str,
        key: &RecordKey,
    ) -> Result<AcceptAnswer, AcceptError> {
        ask(&self.api(faults), &admin(), collection, key).await
    }

    /// Accepts a delete that nothing disturbs.
    pub(crate) async fn accept(&self, collection: &str, key: &RecordKey) -> Deletion {
        match self.ask(&self.faults(), collection, key).await {
            Ok(AcceptAnswer::Scheduled(deletion)) => *deletion,
            other => panic!("it is not accepted: {other:?}"),
        }
    }

    /// One delivery of the message, to a worker with this script.
    pub(crate) async fn deliver(
        &self,
        faults: &Faults,
        deletion: &Deletion,
    ) -> Result<Advanced, DependencyError> {
        self.deliver_to(&self.engine(faults), deletion).await
    }

    /// One delivery of the message, to this worker.
    pub(crate) async fn deliver_to(
        &self,
        engine: &Engine<Ports>,
        deletion: &Deletion,
    ) -> Result<Advanced, DependencyError> {
        let slice_end = self.clock.now().checked_add(SLICE).expect("a moment");
        Box::pin(advance(engine, &deletion.tenant, deletion.id, slice_end)).await
    }

    /// One sweep with this script, and at once the workers of the purges that it begins.
    pub(crate) async fn sweep(&self, faults: &Faults) -> Result<SweepReport, DependencyError> {
        let before = self.deletions.all();
        let report = self.sweep_alone(faults).await?;
        for before in before {
            let Some(now) = self.deletions.get(before.id) else {
                continue;
            };
            let is_begun = matches!(now.state, State::Purging | State::Purged);
            if before.state == State::Deleted && is_begun {
                for sent in self.queue.take_of(now.id) {
                    self.clock.advance(sent.delay);
                    self.deliver(faults, &now).await?.ignore();
                }
            }
        }
        Ok(report)
    }

    /// One sweep with this script; nobody reads its messages.
    pub(crate) async fn sweep_alone(
        &self,
        faults: &Faults,
    ) -> Result<SweepReport, DependencyError> {
        let deadline = after(self.clock.now(), Duration::from_mins(1));
        Box::pin(sweep(&self.engine(faults), deadline)).await
    }

    /// The deletion as it stands.
    pub(crate) fn now(&self, deletion: &Deletion) -> Deletion {
        self.deletions.get(deletion.id).expect("it is there")
    }

    /// Delivers every message that waits, once each, to an undisturbed worker.
    pub(crate) async fn deliver_all(&self) {
        for sent in self.queue.take() {
            let message = sent.message();
            self.clock.advance(sent.delay);
            let slice_end = self.clock.now().checked_add(SLICE).expect("a moment");
            let engine = self.engine(&self.faults());
            advance(&engine, &message.tenant, message.deletion_id, slice_end)
                .await
                .expect("nothing disturbs it")
                .ignore();
        }
    }

    /// Delivers messages until none waits; nothing is swept.
    pub(crate) async fn deliver_all_to_the_end(&self) {
        while !self.queue.is_empty() {
            self.deliver_all().await;
        }
    }

    /// What the deployed functions do by themselves, minute by minute, until nothing more happens before `purge_at`.
    pub(crate) async fn come_to_rest(&self) {
        for _ in 0..200 {
            self.deliver_all().await;
            if self.queue.is_empty()
                && self
                    .deletions
                    .all()
                    .iter()
                    .all(|deletion| self.rests(deletion))
            {
                return;
            }
            self.clock.advance(Duration::from_mins(1));
            self.sweep(&self.faults())
                .await
                .expect("nothing disturbs it");
        }
        panic!("it never comes to rest: {:#?}", self.deletions.all());
    }

    fn rests(&self, deletion: &Deletion) -> bool {
        let is_purged_now = deletion.state == State::Deleted
            && deletion
                .purge_at
                .is_some_and(|purge_at| purge_at <= self.clock.now());
        deletion.state.is_done() && !deletion.notified.owes() && !is_purged_now
    }

    /// Puts the clock to the moment from which on the deletion may be purged.
    pub(crate) fn until_purge(&self, deletion: &Deletion) {
        self.clock.set(
            self.now(deletion)
                .purge_at
                .expect("it is purged one day")
                .max(self.clock.now()),
        );
    }
}

/// Says that an outcome does not matter.
pub(crate) trait Ignore {
    fn ignore(self);
}

impl Ignore for Advanced {
    fn ignore(self) {}
}

pub(crate) fn admin() -> Principal {
    principal("ada", TENANT, &["admin"])
}

pub(crate) fn principal(subject: &str, tenant: &str, groups: &[&str]) -> Principal {
    Principal {
        subject: subject.to_owned(),
        tenant: Tenant::new(tenant).expect("a tenant has a name"),
        groups: Groups::Known(groups.iter().map(|group| (*group).to_owned()).collect()),
    }
}

pub(crate) async fn ask(
    api: &Api<Ports>,
    principal: &Principal,
    collection: &str,
    key: &RecordKey,
) -> Result<AcceptAnswer, AcceptError> {
    let collection = api
        .collections
        .get(collection)
        .expect("the test declares it");
    Box::pin(accept(
        api,
        DeleteRequest {
            principal,
            collection,
            key: key.clone(),
            request_id: "request-1".to_owned(),
            once: None,
            tags: Tags::Unasked,
        },
    ))
    .await
}

/// Runs something on the fakes to its end, from inside of a call: on fakes that do not give way nothing ever waits.
pub(crate) fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a fake made somebody wait"),
    }
}

/// Later by so much.
pub(crate) fn after(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).expect("a moment")
}

/// What [`World::marks`] says of a row or document with the mark of this deletion.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with an optional text"
)]
pub(crate) fn text(id: DeletionId) -> Option<String> {
    Some(id.to_string())
}

pub(crate) fn document_id(collection: &Collection, key: &RecordKey) -> Option<String> {
    Some(collection.document_at(key, |_| None).ok()??.id)
}
