//! What a delete and a purge of 1,000 children cost in write units, with all calls counted: the calls are the bill.
//!
//! The engine runs through the real DynamoDB adapters on Dynoxide; the log of its calls says how often it wrote, the
//! stored items say how large. `cargo test -p tests --test it costs -- --nocapture` prints the figures.
#![expect(clippy::large_futures, reason = "a test has one of each")]
#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use shared::adapters::{DynamoDeletions, DynamoRows};
use shared::domain::collection::{Collection, Collections, SourceFile};
use shared::domain::deletion::{Deletion, DeletionId, Patience, State};
use shared::domain::key::RecordKey;
use shared::domain::principal::{Principal, Tenant};
use shared::ports::{Clock, ReadDeletions, Wired};
use shared::service::accept::{AcceptAnswer, Api, DeleteRequest, OnPublishFailure, accept};
use shared::service::advance::{Advanced, Engine, advance};
use shared::testing::{
    Failing, FakeClock, FakeDocuments, FakeDomain, FakeEvents, FakeQueue, FakeSchedules, Faults,
    Operation, samples,
};

use crate::stores::dynamo::Tables;

pub(crate) const CHILDREN: usize = 1000;
const ROOT: &str = "r-help~1afcbfd6d5be";

/// A write unit is up to 1 KB.
const KB: usize = 1024;

pub(crate) type Ports = Wired<
    Failing<DynamoRows>,
    Failing<FakeDocuments>,
    Failing<DynamoDeletions>,
    Failing<FakeQueue>,
    Failing<FakeEvents>,
    Failing<FakeSchedules>,
    FakeClock,
    Failing<FakeDomain>,
>;

pub(crate) struct Bench {
    pub(crate) tables: Tables,
    pub(crate) collections: Arc<Collections>,
    pub(crate) clock: FakeClock,
    queue: FakeQueue,
    events: FakeEvents,
}

#[tokio::test]
async fn a_delete_of_1000_children_costs_at_most_1050_write_units() {
    let bench = Bench::new();
    let faults = Faults::new(&bench.clock);

    let deletion = bench.delete(&faults).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(
        deletion
            .deleted
            .values()
            .map(|counts| counts.deleted)
            .sum::<u64>(),
        CHILDREN as u64 + 1
    );
    let units = bench.units(&faults);
    report("delete", &units);
    // The design's bound is for children and everything around them, the acceptance included.
    assert!(units.values().sum::<usize>() <= 1050, "{units:#?}");
}

#[tokio::test]
async fn a_purge_of_1000_children_costs_at_most_1050_write_units() {
    let bench = Bench::new();
    let deletion = bench.delete(&Faults::new(&bench.clock)).await;
    let faults = Faults::new(&bench.clock);
    bench
        .clock
        .set(deletion.purge_at.expect("mail.toml has a retention"));

    let engine = bench.engine(&faults);
    let deadline = bench
        .clock
        .now()
        .checked_add(Duration::from_mins(5))
        .expect("a moment");
    let swept = shared::service::sweep::sweep(&engine, deadline, Duration::from_mins(2))
        .await
        .expect("a sweep");

    assert_eq!(swept.purged, 1);
    let units = bench.units(&faults);
    report("purge", &units);
    assert!(units.values().sum::<usize>() <= 1050, "{units:#?}");
}

impl Bench {
    pub(crate) fn new() -> Self {
        let files: Vec<SourceFile> = Collections::compiled_in()
            .iter()
            .map(|(name, text)| SourceFile {
                name: (*name).into(),
                text: (*text).into(),
            })
            .collect();
        let collections =
            Arc::new(Collections::from_files(&files).expect("the shipped files are right"));
        let tables = Tables::of(&collections);
        let discussions = collections.get("discussions").expect("it ships");
        let messages = collections.get("messages").expect("it ships");
        tables.put(discussions, &row(&[("discussion_id", ROOT)]));
        for n in 0..CHILDREN {
            let id = message_id(n);
            tables.put(
                messages,
                &row(&[("discussion_id", ROOT), ("message_id", &id)]),
            );
        }
        let clock = FakeClock::default();
        Self {
            tables,
            collections,
            queue: FakeQueue::new(&clock),
            clock,
            events: FakeEvents::default(),
        }
    }

    fn ports(&self, faults: &Faults) -> Ports {
        let client = self.tables.client();
        let names = self.tables.names();
        Wired {
            rows: Failing::new(DynamoRows::new(client.clone(), names.clone()), faults),
            documents: Failing::new(FakeDocuments::of(&self.collections), faults),
            deletions: Failing::new(
                DynamoDeletions::new(client, self.tables.control(), names),
                faults,
            ),
            queue: Failing::new(self.queue.clone(), faults),
            events: Failing::new(self.events.clone(), faults),
            schedules: Failing::new(FakeSchedules::default(), faults),
            clock: self.clock.clone(),
            domain: Failing::new(FakeDomain::default(), faults),
        }
    }

    pub(crate) fn engine(&self, faults: &Faults) -> Engine<Ports> {
        Engine {
            ports: self.ports(faults),
            collections: Arc::clone(&self.collections),
            timing: samples::timing(),
            patience: Patience {
                max_attempts: 5,
                fail_after: Duration::from_hours(24),
            },
            page_keys: 1000,
        }
    }

    /// Accepts the delete of the discussion.
    pub(crate) async fn accept(&self, faults: &Faults) -> Deletion {
        let api = Api {
            ports: self.ports(faults),
            collections: Arc::clone(&self.collections),
            timing: samples::timing(),
            on_publish_failure: OnPublishFailure::Outbox,
        };
        let principal = Principal {
            subject: "ada".into(),
            tenant: tenant(),
            groups: vec!["admin".into()],
        };
        let request = DeleteRequest {
            principal: &principal,
            collection: self.collections.get("discussions").expect("it ships"),
            key: RecordKey::stored(ROOT, None),
            request_id: "0b8cf7a4-6b1e-4b52-9d6c-0a8f1c2d3e4f".into(),
        };
        let AcceptAnswer::Scheduled(accepted) =
            accept(&api, request).await.expect("the stores answer")
        else {
            panic!("it is not accepted");
        };
        *accepted
    }

    /// Accepts and carries out the delete of the discussion.
    async fn delete(&self, faults: &Faults) -> Deletion {
        let accepted = self.accept(faults).await;
        let engine = self.engine(faults);
        let end = self
            .clock
            .now()
            .checked_add(Duration::from_mins(5))
            .expect("a moment");
        let advanced = advance(&engine, &tenant(), accepted.id, end)
            .await
            .expect("the stores answer");
        assert_eq!(advanced, Advanced::Ended(State::Deleted));
        self.read(accepted.id).await
    }

    /// How many rows of the collection carry the mark of this deletion.
    pub(crate) fn marked_by(&self, collection: &Collection, id: DeletionId) -> usize {
        Self::message_keys()
            .filter_map(|key| self.tables.get(collection, &key))
            .filter(|row| row.get(&collection.marks.deletion_id) == Some(&json!(id.to_string())))
            .count()
    }

    fn message_keys() -> impl Iterator<Item = RecordKey> {
        (0..CHILDREN).map(|n| RecordKey::stored(ROOT, Some(&message_id(n))))
    }

    pub(crate) async fn read(&self, id: DeletionId) -> Deletion {
        let faults = Faults::new(&self.clock);
        let found = self
            .ports(&faults)
            .deletions
            .deletion(&tenant(), id)
            .await
            .expect("the store answers");
        found.expect("it is there")
    }

    /// Write units by what was written: the number of calls, times the size of what they wrote.
    fn units(&self, faults: &Faults) -> BTreeMap<&'static str, usize> {
        let items = self.tables.control_items();
        let size_of = |prefix: &str| {
            let sizes = items.iter().filter(|item| {
                item["sk"]["S"]
                    .as_str()
                    .is_some_and(|sk| sk.starts_with(prefix))
            });
            sizes.map(size).collect::<Vec<_>>()
        };
        let meta = size_of("META")[0].div_ceil(KB);
        let largest_page = size_of("P#").into_iter().max().unwrap_or(0).div_ceil(KB);
        let scope = size_of("SCOPE")[0].div_ceil(KB);
        let log = faults.log();
        let items_of = |wanted: Operation| {
            log.iter()
                .filter(|call| call.operation == wanted)
                .map(|call| call.items)
                .sum::<usize>()
        };
        BTreeMap::from([
            // Root, META, SCOPE and P#1, each twice in a transaction; META puts one entry into both indexes.
            (
                "accept",
                items_of(Operation::Accept) * (2 * (1 + meta + scope + 1) + 2),
            ),
            ("rows marked", items_of(Operation::MarkRows)),
            ("rows purged", items_of(Operation::PurgeRows)),
            // A new `due_at` moves the entry of the index: one removed, one put.
            ("stores", items_of(Operation::Store) * (meta + 2)),
            ("pages", items_of(Operation::PutPage) * largest_page),
            ("exceptions", items_of(Operation::PutExceptions)),
        ])
    }
}

fn report(what: &str, units: &BTreeMap<&'static str, usize>) {
    println!(
        "{what} of {CHILDREN} children: {} write units {units:?}",
        units.values().sum::<usize>()
    );
}

/// The size of an item as DynamoDB counts it: names and values; numbers and flags are counted by their text.
fn size(item: &Map<String, Value>) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + size_of_value(value))
        .sum()
}

fn size_of_value(value: &Value) -> usize {
    let Some((kind, inner)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    match (kind.as_str(), inner) {
        // Base64 in JSON: three bytes in four letters.
        ("B", Value::String(text)) => text.len() / 4 * 3,
        (_, Value::String(text)) => text.len(),
        ("M", Value::Object(map)) => 3 + size(map),
        ("L", Value::Array(list)) => 3 + list.iter().map(size_of_value).sum::<usize>(),
        _ => 1,
    }
}

fn row(key: &[(&str, &str)]) -> Map<String, Value> {
    let mut row = Map::from_iter([
        ("user_id".to_owned(), json!("r-help")),
        ("sender_id".to_owned(), json!("u-0042cb9f1107")),
        ("subject".to_owned(), json!("a subject")),
    ]);
    row.extend(
        key.iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value))),
    );
    row
}

pub(crate) fn tenant() -> Tenant {
    Tenant::new("r-help").expect("it has a name")
}

/// As long, and as hard to compress, as the ids of the mail archive.
fn message_id(n: usize) -> String {
    format!(
        "msg-{:012x}",
        (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16
    )
}
