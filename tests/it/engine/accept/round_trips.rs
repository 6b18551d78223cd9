//! How long a client waits for its 202: round trips, whatever the size of what is deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::collection::Collection;
use domain::key::RecordKey;
use domain::row::Row;
use domain::tags::Tags;
use ports::{
    Attempt, DependencyError, Fields, OutgoingOf, ReadRows, RowPage, RowQuery, Stored, StoresOf,
    TakeBackOutcome, Unchanged, Wired, WriteOutcome, WriteRows,
};
use requests::accept::{AcceptAnswer, DeleteRequest, accept};
use requests::{Api, CursorKeys, OnPublishFailure};
use testing::samples::{key, key2};
use testing::{FakeRows, Operation};

use crate::engine::world::trees::four_levels;
use crate::engine::world::{World, admin};

/// Rows that take their time: reads that do not wait for one another are one trip.
#[derive(Clone, Default)]
struct FarRows {
    rows: FakeRows,
    open: Arc<AtomicUsize>,
    trips: Arc<AtomicUsize>,
}

impl ReadRows for FarRows {
    async fn read(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
        fields: Fields,
    ) -> Result<Vec<Attempt<Option<Row>>>, DependencyError> {
        if self.open.fetch_add(1, Ordering::Relaxed) == 0 {
            self.trips.fetch_add(1, Ordering::Relaxed);
        }
        tokio::task::yield_now().await;
        let answer = self.rows.read(collection, keys, fields).await;
        self.open.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    async fn query(&self, query: RowQuery<'_>) -> Result<RowPage, DependencyError> {
        self.rows.query(query).await
    }
}

/// The api's rows can be written, too; a delete never does.
impl WriteRows for FarRows {
    type Raw = <FakeRows as WriteRows>::Raw;

    async fn stored(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Result<Option<Stored<Self::Raw>>, DependencyError> {
        self.rows.stored(collection, key).await
    }

    async fn write(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Self::Raw>>,
        unchanged: Unchanged<'_>,
    ) -> Result<WriteOutcome, DependencyError> {
        self.rows.write(collection, row, before, unchanged).await
    }

    async fn take_back(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Self::Raw>>,
    ) -> Result<TakeBackOutcome, DependencyError> {
        self.rows.take_back(collection, row, before).await
    }
}

/// How many trips to the rows a delete takes until it is accepted.
async fn read_trips(world: &World, collection: &str, record: &RecordKey) -> usize {
    let rows = FarRows {
        rows: world.rows.clone(),
        ..FarRows::default()
    };
    let api = Api {
        ports: Wired {
            stores: StoresOf {
                rows: rows.clone(),
                documents: world.documents.clone(),
                deletions: world.deletions.clone(),
            },
            outgoing: OutgoingOf {
                queue: world.queue.clone(),
                events: (),
                schedules: (),
            },
            clock: world.clock.clone(),
            domain: (),
        },
        collections: Arc::clone(&world.collections),
        timing: world.timing,
        cursor_keys: CursorKeys::new("a key of the tests", None),
        on_publish_failure: OnPublishFailure::Outbox,
        unreadable_rows: telemetry::Counter::default(),
    };
    let request = DeleteRequest {
        principal: &admin(),
        collection: world.collection(collection),
        key: record.clone(),
        request_id: "request-1".to_owned(),
        once: None,
        tags: Tags::Unasked,
    };
    let answer = accept(&api, request).await;
    assert!(
        matches!(answer, Ok(AcceptAnswer::Scheduled(_))),
        "{answer:?}"
    );
    rows.trips.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_delete_is_accepted_in_three_round_trips_where_the_key_names_the_parents() {
    for (collection, record) in [
        ("lists", key("l")),
        ("discussions", key2("l", "d1")),
        ("subscribers", key2("l", "ann")),
    ] {
        let world = four_levels();
        assert_eq!(
            read_trips(&world, collection, &record).await,
            1,
            "{collection}: the parents are read beside it"
        );

        // The other two: the transaction and the message.
        let world = four_levels();
        let faults = world.faults();
        world.ask(&faults, collection, &record).await.unwrap();
        let calls = faults.log().into_iter().map(|call| call.operation);
        let others: Vec<_> = calls
            .filter(|operation| *operation != Operation::ReadRows)
            .collect();
        // What deletions without a root hide is read beside the rows.
        let expected = [Operation::ReadOpen, Operation::Accept, Operation::Send];
        assert_eq!(others, expected, "{collection}");
    }
}

#[tokio::test]
async fn a_level_whose_parent_is_named_by_an_attribute_costs_one_round_trip_more() {
    let world = four_levels();

    // The reaction with its message; then the discussion that the message names; then the list.
    assert_eq!(
        read_trips(&world, "reactions", &key2("l-d1-0", "x")).await,
        3
    );
}
