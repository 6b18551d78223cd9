//! What the passes cost in the schemas: 1,000 more records like one that is there, deleted with what is above them.
//! `cargo test --workspace --test it -- units --nocapture` prints the table.

#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use domain::deletion::{Action, Deletion, State};
use serde_json::{Map, Value, json};
use testing::{Faults, Operation};

use super::{Attached, attached};
use crate::costs::units;

type Item = Map<String, Value>;

const CHILDREN: u64 = 1000;

/// The most write units for each record of a delete, a restore and a purge, and for what is around them: the pages of 1,000
/// keys with what is stored beside them, and the deletion itself.
const FLAG: [usize; 3] = [1, 1, 1];
const ARCHIVE: [usize; 3] = [3, 3, 1];
const AROUND: usize = 90;

/// A schema, the rows that become 1,000 more, and what is deleted.
struct Case {
    schema: &'static str,
    file: &'static str,
    tenant: &'static str,
    /// A row like this one, by its table and an attribute: with another value of an attribute.
    like: Like,
    another: Another,
    collection: &'static str,
    /// A record, or one without a row.
    delete: Deleted,
    writes: [usize; 3],
}

fn text(text: &str) -> Value {
    json!({ "S": text })
}

macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!($name, ".toml")))
    };
}

type Like = (&'static str, &'static str, &'static str);
type Another = (&'static str, fn(u64) -> Value);
type Deleted = (&'static str, &'static str, Option<&'static str>);

fn case(
    (schema, file): (&'static str, &'static str),
    tenant: &'static str,
    like: Like,
    another: Another,
    (collection, delete): (&'static str, Deleted),
) -> Case {
    Case {
        schema,
        file,
        tenant,
        like,
        another,
        collection,
        delete,
        writes: FLAG,
    }
}

/// Those whose keys and references are plain, or composed beside the key.
fn plain() -> Vec<Case> {
    vec![
        case(
            file!("chat-with-ttl"),
            "u-1",
            ("chat-message-prod", "message_id", "s-1:m-01"),
            ("message_id", |n| text(&format!("s-1:x-{n:04}"))),
            ("messages", ("sessions", "s-1", None)),
        ),
        case(
            file!("chat-by-indexes"),
            "main",
            ("Message-q9example-main", "id", "m-2"),
            ("id", |n| text(&format!("x-{n:04}"))),
            ("messages", ("conversations", "cv-1", None)),
        ),
        case(
            file!("granules-of-collections"),
            "main",
            ("prod-GranulesTable", "granuleId", "G.0004"),
            ("granuleId", |n| text(&format!("X.{n:04}"))),
            ("granules", ("sets", "MOD__A", Some("007"))),
        ),
        case(
            file!("transactions-routed"),
            "main",
            ("Transactions", "sk", "TXN#002"),
            ("sk", |n| text(&format!("TXN#x{n:04}"))),
            ("transactions", ("customers", "123", None)),
        ),
    ]
}

/// Those with patterns, and other marks.
fn patterned() -> Vec<Case> {
    vec![
        case(
            file!("applications-single-table"),
            "DONOR#sub-1",
            ("prod-Lpas", "SK", "ATTORNEY#sub-2"),
            ("SK", |n| text(&format!("ATTORNEY#x-{n:04}"))),
            ("attorneys", ("applications", "a-1", None)),
        ),
        case(
            file!("asset-library"),
            "main",
            (
                "AssetFileMetadataStorage",
                "databaseId:assetId:filePath",
                "db-a:x1:/",
            ),
            ("databaseId:assetId:filePath", |n| {
                text(&format!("db-a:x1:/{n:04}"))
            }),
            ("metadata", ("assets", "db-a", Some("x1"))),
        ),
        Case {
            writes: ARCHIVE,
            ..case(
                file!("documents-per-site"),
                "finance",
                ("documents-prod", "SK", "tags#category"),
                ("SK", |n| text(&format!("tags#x-{n:04}"))),
                ("tags", ("documents", "d-1", None)),
            )
        },
        case(
            file!("grouped-notifications"),
            "17",
            ("app_production_notifications", "id", "n-0000000001"),
            ("id", |n| text(&format!("x-{n:010}"))),
            ("notifications", ("users", "17", None)),
        ),
        case(
            file!("synced-searchable-api"),
            "main",
            ("Post-k7x2example-prod", "id", "p-2"),
            ("id", |n| text(&format!("x-{n:04}"))),
            ("posts", ("blogs", "b-1", None)),
        ),
        case(
            file!("versioned-resources"),
            "acme",
            ("resource-db-prod", "id", "acme|r-100"),
            ("vid", |n| json!({ "N": (n + 100).to_string() })),
            ("versions", ("resources", "r-100", None)),
        ),
    ]
}

impl Case {
    /// The schema with 1,000 more of these rows.
    fn filled(&self) -> Option<Attached> {
        let table = attached(self.schema, self.file, self.tenant)?;
        // Behind the times of all rows.
        table
            .on
            .clock
            .set("2026-12-01T00:00:00Z".parse().expect("a moment"));
        let (name, attribute, value) = self.like;
        let name = table.on.tables.named(name);
        let mut items = table.on.tables.items(&name).into_iter();
        let like = items.find(|item| item.get(attribute) == Some(&text(value)));
        let like = like.unwrap_or_else(|| panic!("{}: {value}", self.schema));
        let (attribute, another) = self.another;
        for n in 0..CHILDREN {
            let mut item: Item = like.clone();
            item.insert(attribute.to_owned(), another(n));
            table.on.tables.put_item(&name, &item);
        }
        Some(table)
    }

    async fn deleted(&self, table: &Attached) -> (Deletion, Faults) {
        let (collection, id, sort) = self.delete;
        let faults = table.on.faults();
        let deletion = if table.on.collection(collection).is_rowless {
            table.delete_whole_with(&faults, collection, id).await
        } else {
            table.delete_with(&faults, collection, id, sort).await
        };
        assert_eq!(deletion.state, State::Deleted, "{}", self.schema);
        let counts = &deletion.deleted[self.collection];
        assert!(counts.deleted >= CHILDREN, "{}: {counts:?}", self.schema);
        (deletion, faults)
    }

    fn print(&self, table: &Attached, pass: usize, deletion: &Deletion, faults: &Faults) {
        let records: u64 = deletion.deleted.values().map(|counts| counts.deleted).sum();
        let written: usize = units(&table.on.tables, faults).values().sum();
        let log = faults.log();
        let of = |operation| log.iter().filter(move |call| call.operation == operation);
        let read: usize = of(Operation::ReadRows).map(|call| call.items).sum();
        let name = ["delete", "restore", "purge"][pass];
        println!(
            "| {:25} | {name:7} | {records:5} | {written:5} | {read:5} | {:4} | {:4} |",
            self.schema,
            of(Operation::QueryRows).count(),
            log.len(),
        );
        let records = usize::try_from(records).expect("some thousand");
        let most = self.writes[pass] * records + AROUND;
        assert!(
            written <= most,
            "{name} of {}: {written} > {most}",
            self.schema
        );
    }
}

#[tokio::test]
async fn the_passes_of_the_schemas_write_once_for_each_thing_that_changes() {
    println!(
        "| schema                    | pass    | records | written | rows read by key | queries | calls |"
    );
    for case in plain().into_iter().chain(patterned()) {
        let Some(table) = case.filled() else {
            return;
        };
        let (deletion, faults) = case.deleted(&table).await;
        case.print(&table, 0, &deletion, &faults);
        let faults = table.on.faults();
        let restored = table.act_with(&faults, &deletion, Action::Restore).await;
        assert_eq!(restored.state, State::Restored, "{}", case.schema);
        case.print(&table, 1, &deletion, &faults);
        let (again, _) = case.deleted(&table).await;
        let faults = table.on.faults();
        let purged = table.act_with(&faults, &again, Action::Purge).await;
        assert_eq!(purged.state, State::Purged, "{}", case.schema);
        case.print(&table, 2, &again, &faults);
    }
}
