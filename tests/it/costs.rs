//! What each pass over 1,000 children costs in write units, with all calls counted: the calls are the bill.
//!
//! The engine runs through the real DynamoDB adapters on Dynoxide; the log of its calls says how often it wrote, the
//! stored items say how large. `cargo test --workspace --test it costs -- --nocapture` prints the table.
#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::collections::BTreeMap;

use domain::collection::{Collection, Collections};
use domain::deletion::{Action, Deletion, DeletionId, State};
use domain::key::RecordKey;
use engine::Advanced;
use serde_json::{Map, Value, json};
use testing::{Faults, Operation};

use crate::on_tables::OnTables;
use crate::stores::dynamo::Tables;

pub(crate) const CHILDREN: usize = 1000;
const TENANT: &str = "r-help";
const ROOT: &str = "r-help~1afcbfd6d5be";

/// A write unit is up to 1 KB.
const KB: usize = 1024;

/// What may be written beside the rows and their copies: the transaction of the acceptance (10 units: four items, each
/// counted twice, and two entries of indexes), the page of 1,000 keys (9), and up to ten times `META` with its entry of the
/// index `due` (3): at the lease, at each checkpoint, at the end, and when all is told.
const AROUND: usize = 49;

/// What is written for each record, and so the bound of a pass over the root and its children.
fn bound(writes: usize) -> usize {
    writes * (CHILDREN + 1) + AROUND
}

/// The largest future that the engine keeps in a worker, in bytes.
const LARGEST_FUTURE: usize = 4 * KB;

#[tokio::test]
async fn what_a_worker_keeps_of_a_slice_or_a_sweep_is_small() {
    let world = OnTables::shipped(TENANT);
    let (engine, tenant) = (world.engine(&world.faults()), &world.principal.tenant);
    let end = world.later(std::time::Duration::from_mins(5));
    let advancing = engine::advance(
        &engine,
        tenant,
        "01a22387-4f80-7000-8000-000000000001".parse().unwrap(),
        end,
    );
    let sweeping = engine::sweep(&engine, end);

    let sizes = [size_of_val(&advancing), size_of_val(&sweeping)];

    println!("futures of a slice and of a sweep: {sizes:?} bytes");
    assert!(
        sizes.iter().all(|size| *size <= LARGEST_FUTURE),
        "{sizes:?}"
    );
}

/// A pass, what it wrote, and how often at most it writes for each record.
struct Line {
    strategy: &'static str,
    pass: &'static str,
    units: BTreeMap<&'static str, usize>,
    writes: usize,
}

#[tokio::test]
async fn each_pass_writes_once_for_each_thing_that_changes_and_little_around() {
    let mut lines = Vec::new();
    // In place: one update or one removal of each row. Moved: the mark, which is the claim, the copy and the removal; the
    // row, the copy and the mark on the way back; of what was purged only the copy was left. At once: one removal of each
    // row.
    lines.extend(passes("flag", [1, 1, 1]).await);
    // What a mark replaces is in the same write.
    lines.extend(passes("kept beside", [1, 1, 1]).await);
    lines.extend(passes("archive", [3, 3, 1]).await);
    lines.push(erase().await);

    for line in &lines {
        line.print();
    }
    for Line {
        strategy,
        pass,
        units,
        writes,
    } in lines
    {
        let total: usize = units.values().sum();
        assert!(total <= bound(writes), "{pass} of {strategy}: {units:#?}");
        // Nothing was left out of the bill.
        assert!(
            total >= writes * CHILDREN,
            "{pass} of {strategy}: {units:#?}"
        );
    }
}

/// Delete, restore and purge, with what each writes for a record.
async fn passes(strategy: &'static str, [delete, restore, purge]: [usize; 3]) -> [Line; 3] {
    let line = |pass, units, writes| Line {
        strategy,
        pass,
        units,
        writes,
    };
    let bench = Bench::of(&declared(strategy));
    let faults = bench.faults();
    let deletion = bench.delete(&faults, State::Deleted).await;
    let deleted = bench.units(&faults);

    let faults = bench.faults();
    bench.world.act(&faults, deletion.id, Action::Restore).await;
    bench.ends(&faults, deletion.id, State::Restored).await;
    let restored = bench.units(&faults);

    let bench = Bench::of(&declared(strategy));
    let deletion = bench.delete(&bench.faults(), State::Deleted).await;
    let faults = bench.faults();
    bench
        .world
        .clock
        .set(deletion.purge_at.expect("a retention"));
    assert_eq!(bench.world.sweep(&faults).await.purging, 1);
    bench.ends(&faults, deletion.id, State::Purged).await;
    let purged = bench.units(&faults);
    [
        line("delete", deleted, delete),
        line("restore", restored, restore),
        line("purge", purged, purge),
    ]
}

async fn erase() -> Line {
    let bench = Bench::of(&declared("erase"));
    let faults = bench.faults();
    bench.delete(&faults, State::Purged).await;
    Line {
        strategy: "erase",
        pass: "delete",
        units: bench.units(&faults),
        writes: 1,
    }
}

/// Discussions and messages as `mail.toml` has them, with another strategy.
fn declared(strategy: &str) -> Collections {
    let (strategy, marks) = match strategy {
        "kept beside" => ("flag", MARKS),
        strategy => (strategy, ""),
    };
    let retention = if strategy == "erase" {
        ""
    } else {
        "retention = \"30d\""
    };
    Collections::for_tests(&format!(
        r#"
[discussions]
table       = "discussions"
key         = ["discussion_id"]
tenant      = "user_id"
document    = {{ index = "discussions", id = "{{discussion_id}}", fields = ["subject"] }}
strategy    = "{strategy}"
{retention}
permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}

[messages]
table       = "messages"
key         = ["discussion_id", "message_id"]
tenant      = "user_id"
parent      = {{ collection = "discussions", by = ["discussion_id"], on_delete = "cascade" }}
document    = {{ index = "messages", id = "{{discussion_id}}\u001f{{message_id}}", fields = ["subject", "body"] }}
strategy    = "{strategy}"
{retention}
permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}
{marks}
"#
    ))
}

/// Marks that replace what the messages have: a word that is not there, a TTL, and a version.
const MARKS: &str = r#"
ttl         = "expires"
[messages.marks]
deleted_at  = { attribute = "deletedAt", type = "epoch_ms" }
state       = { attribute = "state", deleted = "DELETED", live = ["absent", "OK"], busy = ["LOCKED"] }
purge_at    = { attribute = "gone_at", type = "epoch_s" }
touch       = { version = "+1" }
"#;

/// A discussion of 1,000 messages.
pub(crate) struct Bench {
    pub(crate) world: OnTables,
}

impl Bench {
    /// In the collections that ship.
    pub(crate) fn new() -> Self {
        Self::filled(OnTables::shipped(TENANT))
    }

    fn of(collections: &Collections) -> Self {
        Self::filled(OnTables::new(collections.clone(), TENANT))
    }

    fn filled(world: OnTables) -> Self {
        let (discussions, messages) = (
            world.collection("discussions"),
            world.collection("messages"),
        );
        world
            .tables
            .put(discussions, &row(&[("discussion_id", ROOT)]));
        for n in 0..CHILDREN {
            let id = message_id(n);
            let key = [("discussion_id", ROOT), ("message_id", &id)];
            let mut message = row(&key);
            message.extend(
                messages
                    .marks
                    .ttl
                    .clone()
                    .map(|ttl| (ttl, json!(1_900_000_000))),
            );
            world.tables.put(messages, &message);
        }
        Self { world }
    }

    fn faults(&self) -> Faults {
        self.world.faults()
    }

    /// Accepts the delete of the discussion.
    pub(crate) async fn accept(&self, faults: &Faults) -> Deletion {
        let root = RecordKey::stored(ROOT, None);
        self.world.accept(faults, "discussions", &root).await
    }

    /// Accepts and carries out the delete of the discussion.
    async fn delete(&self, faults: &Faults, end: State) -> Deletion {
        let accepted = self.accept(faults).await;
        self.ends(faults, accepted.id, end).await;
        let deletion = self.world.read(accepted.id).await;
        let deleted: u64 = deletion.deleted.values().map(|counts| counts.deleted).sum();
        assert_eq!(deleted, CHILDREN as u64 + 1);
        deletion
    }

    async fn ends(&self, faults: &Faults, id: DeletionId, state: State) {
        let advanced = self.world.deliver(faults, id).await;
        assert_eq!(advanced.expect("the stores answer"), Advanced::Ended(state));
    }

    /// How many rows of the collection carry the mark of this deletion.
    pub(crate) fn marked_by(&self, collection: &Collection, id: DeletionId) -> usize {
        (0..CHILDREN)
            .map(|n| RecordKey::stored(ROOT, Some(&message_id(n))))
            .filter_map(|key| self.world.tables.get(collection, &key))
            .filter(|row| row.get(&collection.marks.deletion_id) == Some(&json!(id.to_string())))
            .count()
    }

    fn units(&self, faults: &Faults) -> BTreeMap<&'static str, usize> {
        units(&self.world.tables, faults)
    }
}

/// Write units by what was written: the number of calls, times the size of what they wrote.
pub(crate) fn units(tables: &Tables, faults: &Faults) -> BTreeMap<&'static str, usize> {
    let items = tables.control_items();
    let largest = |prefix: &str| {
        let of = |item: &&Map<String, Value>| {
            item["sk"]["S"]
                .as_str()
                .is_some_and(|sk| sk.starts_with(prefix))
        };
        let sizes = items.iter().filter(of).map(|item| size(item).div_ceil(KB));
        sizes.max().unwrap_or(1)
    };
    let (meta, page, scope) = (largest("META"), largest("P#"), largest("SCOPE"));
    let log = faults.log();
    let count = |wanted: &[Operation]| {
        let calls = log.iter().filter(|call| wanted.contains(&call.operation));
        calls.map(|call| call.items).sum::<usize>()
    };
    // Rows and copies have less than 1 KB, so each statement is one unit, whatever comes of its condition.
    let units = [
        // Root, META, SCOPE and P#1, each twice in a transaction; META puts one entry into both indexes.
        (
            "accept",
            count(&[Operation::Accept]) * (2 * (1 + meta + scope + 1) + 2),
        ),
        (
            "rows",
            count(&[
                Operation::MarkRows,
                Operation::ClearRows,
                Operation::PurgeRows,
                Operation::TakeRows,
                Operation::PutBackRows,
                Operation::EraseRows,
            ]),
        ),
        (
            "copies",
            count(&[Operation::CopyRows, Operation::DropCopies]),
        ),
        // A new `due_at` moves the entry of the index: one removed, one put.
        ("meta", count(&[Operation::Store]) * (meta + 2)),
        ("pages", count(&[Operation::PutPage]) * page),
        ("exceptions", count(&[Operation::PutExceptions])),
        // META and the root, each twice; the discussion has no ancestors.
        (
            "end",
            count(&[Operation::FinishRestore]) * (2 * (meta + 1) + 2),
        ),
    ];
    units.into_iter().filter(|(_, units)| *units > 0).collect()
}

impl Line {
    fn print(&self) {
        let Self {
            strategy,
            pass,
            units,
            ..
        } = self;
        let parts: Vec<_> = units
            .iter()
            .map(|(what, units)| format!("{what} {units}"))
            .collect();
        let total: usize = units.values().sum();
        println!(
            "| {strategy:7} | {pass:7} | {total:5} | {} |",
            parts.join(", ")
        );
    }
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
        ("user_id".to_owned(), json!(TENANT)),
        ("sender_id".to_owned(), json!("u-0042cb9f1107")),
        ("subject".to_owned(), json!("a subject")),
    ]);
    row.extend(
        key.iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value))),
    );
    row
}

/// As long, and as hard to compress, as the ids of the mail archive.
fn message_id(n: usize) -> String {
    format!(
        "msg-{:012x}",
        (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16
    )
}
