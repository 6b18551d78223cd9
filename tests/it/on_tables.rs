//! The engine over the real DynamoDB adapters, on Dynoxide; everything else is in memory.

use std::sync::Arc;
use std::time::Duration;

use aws::{DynamoDeletions, DynamoRows};
use domain::collection::{Collection, Collections};
use domain::deletion::{Action, Deletion, DeletionId};
use domain::key::RecordKey;
use domain::principal::{Groups, Principal, Tenant};
use domain::tags::Tags;
use engine::{Advanced, Engine, SweepReport, advance, sweep};
use ports::{
    ClearDocuments, Clock, DependencyError, DomainHealth, IndexDocuments, MarkDocuments,
    OutgoingOf, PurgeDocuments, ReadDeletions, ReadDocuments, SearchDocuments, StoresOf, Wired,
};
use requests::accept::{AcceptAnswer, DeleteRequest, accept};
use requests::act::{ActError, ActRequest, act};
use requests::{Api, CursorKeys, OnPublishFailure};
use serde_json::{Map, Value};
use testing::{
    Failing, FakeClock, FakeDocuments, FakeDomain, FakeEvents, FakeQueue, FakeSchedules, Faults,
    samples,
};

use crate::stores::dynamo::Tables;

/// What stands for the search.
pub(crate) trait Search: Send + Sync {
    type Documents: ReadDocuments
        + MarkDocuments
        + ClearDocuments
        + PurgeDocuments
        + SearchDocuments
        + IndexDocuments;
    type Domain: DomainHealth;

    fn documents(&self, faults: &Faults) -> Self::Documents;
    fn domain(&self, faults: &Faults) -> Self::Domain;
}

impl Search for FakeDocuments {
    type Documents = Failing<Self>;
    type Domain = Failing<FakeDomain>;

    fn documents(&self, faults: &Faults) -> Self::Documents {
        Failing::new(self.clone(), faults)
    }

    fn domain(&self, faults: &Faults) -> Self::Domain {
        Failing::new(FakeDomain::default(), faults)
    }
}

pub(crate) type Ports<S> = Wired<
    StoresOf<Failing<DynamoRows>, <S as Search>::Documents, Failing<DynamoDeletions>>,
    OutgoingOf<Failing<FakeQueue>, Failing<FakeEvents>, Failing<FakeSchedules>>,
    FakeClock,
    <S as Search>::Domain,
>;

const REQUEST: &str = "0b8cf7a4-6b1e-4b52-9d6c-0a8f1c2d3e4f";

/// Everything that outlives a worker.
pub(crate) struct OnTables<S = FakeDocuments> {
    pub(crate) tables: Tables,
    pub(crate) collections: Arc<Collections>,
    pub(crate) clock: FakeClock,
    pub(crate) documents: S,
    pub(crate) queue: FakeQueue,
    pub(crate) events: FakeEvents,
    pub(crate) principal: Principal,
    pub(crate) page_keys: usize,
}

impl OnTables {
    /// Empty tables of these collections, and an admin of this tenant who asks.
    pub(crate) fn new(collections: Collections, tenant: &str) -> Self {
        Self::over(FakeDocuments::of(&collections), collections, tenant)
    }

    /// As [`new`](Self::new), with the collections that ship.
    pub(crate) fn shipped(tenant: &str) -> Self {
        Self::new(shipped(), tenant)
    }
}

impl<S: Search> OnTables<S> {
    /// The same, with this search.
    pub(crate) fn over(documents: S, collections: Collections, tenant: &str) -> Self {
        let tables = Tables::of(&collections);
        Self::on(tables, documents, collections, tenant)
    }

    /// The same, on these tables.
    pub(crate) fn on(tables: Tables, documents: S, collections: Collections, tenant: &str) -> Self {
        let clock = FakeClock::default();
        Self {
            tables,
            documents,
            collections: Arc::new(collections),
            queue: FakeQueue::new(&clock),
            clock,
            events: FakeEvents::default(),
            principal: Principal {
                subject: "ada".to_owned(),
                tenant: Tenant::new(tenant).expect("it has a name"),
                groups: Groups::Known(vec!["admin".to_owned(), "dpo".to_owned()]),
            },
            page_keys: 1000,
        }
    }

    pub(crate) fn collection(&self, name: &str) -> &Collection {
        self.collections.get(name).expect("it is declared")
    }

    pub(crate) fn faults(&self) -> Faults {
        Faults::new(&self.clock)
    }

    pub(crate) fn rows(&self) -> DynamoRows {
        DynamoRows::new(self.tables.client(), self.tables.names())
            .archived_in(self.tables.archive())
    }

    pub(crate) fn deletions(&self) -> DynamoDeletions {
        let (client, control) = (self.tables.client(), self.tables.control());
        DynamoDeletions::new(client, control, self.tables.names())
    }

    fn ports(&self, faults: &Faults) -> Ports<S> {
        Wired {
            stores: StoresOf {
                rows: Failing::new(self.rows(), faults),
                documents: self.documents.documents(faults),
                deletions: Failing::new(self.deletions(), faults),
            },
            outgoing: OutgoingOf {
                queue: Failing::new(self.queue.clone(), faults),
                events: Failing::new(self.events.clone(), faults),
                schedules: Failing::new(FakeSchedules::default(), faults),
            },
            clock: self.clock.clone(),
            domain: self.documents.domain(faults),
        }
    }

    pub(crate) fn engine(&self, faults: &Faults) -> Engine<Ports<S>> {
        Engine {
            ports: self.ports(faults),
            collections: Arc::clone(&self.collections),
            timing: samples::timing(),
            patience: samples::patience(),
            page_keys: self.page_keys,
            unreadable_rows: telemetry::Counter::default(),
        }
    }

    pub(crate) fn api(&self, faults: &Faults) -> Api<Ports<S>> {
        Api {
            ports: self.ports(faults),
            collections: Arc::clone(&self.collections),
            timing: samples::timing(),
            cursor_keys: CursorKeys::new("a key of the tests", None),
            on_publish_failure: OnPublishFailure::Outbox,
            unreadable_rows: telemetry::Counter::default(),
        }
    }

    /// Accepts the delete of a record.
    pub(crate) async fn accept(&self, faults: &Faults, name: &str, key: &RecordKey) -> Deletion {
        let request = DeleteRequest {
            principal: &self.principal,
            collection: self.collection(name),
            key: key.clone(),
            request_id: REQUEST.to_owned(),
            once: None,
            tags: Tags::Unasked,
        };
        // Boxed, here and below: these futures hold whole passes over real stores.
        match Box::pin(accept(&self.api(faults), request)).await {
            Ok(AcceptAnswer::Scheduled(accepted)) => *accepted,
            other => panic!("it is not accepted: {other:?}"),
        }
    }

    /// One delivery of a deletion's message.
    pub(crate) async fn deliver(
        &self,
        faults: &Faults,
        id: DeletionId,
    ) -> Result<Advanced, DependencyError> {
        let end = self.later(Duration::from_mins(5));
        let engine = self.engine(faults);
        Box::pin(advance(&engine, &self.principal.tenant, id, end)).await
    }

    pub(crate) async fn act(&self, faults: &Faults, id: DeletionId, action: Action) -> Deletion {
        let acted = self.try_act(faults, id, action).await;
        acted.expect("it applies")
    }

    pub(crate) async fn try_act(
        &self,
        faults: &Faults,
        id: DeletionId,
        action: Action,
    ) -> Result<Deletion, ActError> {
        let request = ActRequest {
            principal: &self.principal,
            id,
            action,
            once: None,
            tags: Tags::Unasked,
        };
        let acted = Box::pin(act(&self.api(faults), &request)).await?;
        Ok(*acted.deletion)
    }

    pub(crate) async fn sweep(&self, faults: &Faults) -> SweepReport {
        let deadline = self.later(Duration::from_mins(5));
        let engine = self.engine(faults);
        let swept = Box::pin(sweep(&engine, deadline)).await;
        swept.expect("what is due is found")
    }

    /// The deletion that a message which waits is about.
    pub(crate) fn next_message(&self) -> Option<DeletionId> {
        let sent = self.queue.take().pop()?;
        Some(sent.message().deletion_id)
    }

    /// The deletion as it stands.
    pub(crate) async fn read(&self, id: DeletionId) -> Deletion {
        let found = self.deletions().deletion(&self.principal.tenant, id).await;
        found.expect("it answers").expect("it is there")
    }

    pub(crate) fn later(&self, by: Duration) -> jiff::Timestamp {
        self.clock.now().checked_add(by).expect("a moment")
    }

    /// All items of a collection's table, as DynamoDB's JSON.
    pub(crate) fn items(&self, name: &str) -> Vec<Map<String, Value>> {
        let table = self.tables.names().of(self.collection(name));
        self.tables.items(&table)
    }
}

/// The collections that ship.
pub(crate) fn shipped() -> Collections {
    let file = |(name, text): &(&str, &str)| domain::collection::SourceFile {
        name: (*name).into(),
        text: (*text).into(),
    };
    let files: Vec<_> = Collections::compiled_in().iter().map(file).collect();
    Collections::from_files(&files).expect("the shipped files are right")
}
