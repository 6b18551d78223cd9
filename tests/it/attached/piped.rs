//! Schemas whose documents a pipeline writes, or that are routed: with a small stand-in for the pipeline that does what the
//! schema says of it, late, once more, and with a worker that is killed in between.

pub(super) mod pipeline;

use domain::collection::DocumentAt;
use domain::deletion::{Action, Deletion, State};
use serde_json::{Map, Value, json};
use testing::{FakeDocuments, Moment};

use self::pipeline::{Piped, Write};
use super::index::{RealIndexes, Written};
use super::{declared, schema};

type Item = Map<String, Value>;

/// The text of an attribute.
fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?["S"].as_str()
}

/// A collections file with this line more in a collection.
fn with(file: &str, collection: &str, line: &str) -> String {
    let head = format!("[{collection}]\n");
    assert!(file.contains(&head), "{collection}");
    file.replacen(&head, &format!("{head}{line}\n"), 1)
}

fn place(index: &str, id: String) -> DocumentAt {
    DocumentAt {
        index: index.to_owned(),
        id,
        routing: None,
        says: Map::new(),
    }
}

/// What an item says, as a document has it: plain texts and numbers.
fn plain(item: &Item, leave: &[&str]) -> Item {
    let value = |value: &Value| {
        let (kind, value) = value.as_object().and_then(|one| one.iter().next())?;
        match (kind.as_str(), value) {
            ("N", Value::String(number)) => serde_json::from_str(number).ok(),
            ("NULL", _) => Some(Value::Null),
            ("M" | "L", _) => None,
            _ => Some(value.clone()),
        }
    };
    item.iter()
        .filter(|(name, _)| !leave.contains(&name.as_str()))
        .filter_map(|(name, held)| Some((name.clone(), value(held)?)))
        .collect()
}

// Transactions: each row is indexed as it is, routed by the customer; the mark is copied with all else.

const TRANSACTIONS: &str = include_str!("transactions-routed.toml");
const OF_TRANSACTIONS: &str = r#"document = { index = "transaction-index", id = "CUST#{customer}_TXN#{transaction}", routing = "{customer}", exact = ".keyword", copy = "pipeline", hide = "remove", fields = ["description"] }"#;

fn transaction(_: &str, item: &Item) -> Option<Write> {
    let (pk, sk) = (text(item, "pk")?, text(item, "sk")?);
    let customer = text(item, "customer_id")?;
    sk.starts_with("TXN#").then_some(())?;
    let at = DocumentAt {
        routing: Some(customer.to_owned()),
        ..place("transaction-index", format!("{pk}_{sk}"))
    };
    Some(Write::put(at, plain(item, &[])))
}

// Applications: three attributes, so no mark; the id is a part of the key.

const APPLICATIONS: &str = include_str!("applications-single-table.toml");
const OF_APPLICATIONS: &str = r#"document = { index = "lpas_v2_prod", id = "LPA--{application}", unique = true, copy = "pipeline", hide = "remove", fields = ["Donor.LastName"] }"#;

fn application(_: &str, item: &Item) -> Option<Write> {
    let (pk, sk) = (text(item, "PK")?, text(item, "SK")?);
    let id = pk.strip_prefix("LPA#")?;
    (sk.starts_with("DONOR#") || sk.starts_with("ORGANISATION#")).then_some(())?;
    let donor = &item.get("Donor")?["M"];
    let name = |name: &str| donor[name]["S"].clone();
    let source = json!({
        "PK": pk, "SK": sk, "DocumentID": format!("LPA--{id}"),
        "Donor": { "FirstNames": name("FirstNames"), "LastName": name("LastName") },
    });
    let source = source.as_object()?.clone();
    Some(Write::put(
        place("lpas_v2_prod", format!("LPA--{id}")),
        source,
    ))
}

// Posts: external versions; a marked row's document is removed by the pipeline itself.

const SYNCED: &str = include_str!("synced-searchable-api.toml");
const OF_POSTS: &str = r#"document = { index = "post", id = "{id}", exact = ".keyword", copy = "pipeline", hide = "remove", fields = ["title", "content"] }"#;

fn post(table: &str, item: &Item) -> Option<Write> {
    table.starts_with("Post-").then_some(())?;
    let at = place("post", text(item, "id")?.to_owned());
    let version = item.get("_version")?["N"].as_str()?.parse().ok()?;
    if item
        .get("_deleted")
        .is_some_and(|told| told["BOOL"] == true)
    {
        return Some(Write::remove(at).with_version(version));
    }
    let write = Write::put(at, plain(item, &["_ttl", "_version"]));
    Some(write.with_version(version))
}

// Versions: an alias for each type and tenant; another id, and a field of that name that is not the row's.

const RESOURCES: &str = include_str!("versioned-resources.toml");
const OF_VERSIONS: &str = r#"document = { index = "{resourceType|lower}-alias-tenant-{tenant}", id = "{tenant}_{resource}_{vid}", names = { id = "fhir_key" }, copy = "pipeline", hide = "remove", fields = [] }"#;

fn version(_: &str, item: &Item) -> Option<Write> {
    let (tenant, id) = (text(item, "_tenantId")?, text(item, "_id")?);
    let (kind, vid) = (text(item, "resourceType")?, item.get("vid")?["N"].as_str()?);
    let word = text(item, "documentStatus")?;
    ["AVAILABLE", "DELETED"].contains(&word).then_some(())?;
    let index = format!("{}-alias-tenant-{tenant}", kind.to_lowercase());
    let mut source = plain(item, &["_id"]);
    source.insert("id".to_owned(), json!(id));
    Some(Write::put(
        place(&index, format!("{tenant}_{id}_{vid}")),
        source,
    ))
}

// Assets: the document is made anew of several tables, under other names, and without a mark.

const ASSETS: &str = include_str!("asset-library.toml");

fn asset(table: &str, item: &Item) -> Option<Write> {
    (table == "AssetStorage").then_some(())?;
    let (database, asset) = (text(item, "databaseId")?, text(item, "assetId")?);
    let source = json!({
        "str_databaseid": database.trim_end_matches("#deleted"), "str_assetid": asset,
        "str_assetname": text(item, "assetName")?, "bool_archived": database.ends_with("#deleted"),
    });
    let source = source.as_object()?.clone();
    Some(Write::put(
        place("assets", format!("{database}#{asset}")),
        source,
    ))
}

/// A schema with its file and its pipeline, and a record that is deleted.
struct Case {
    schema: &'static str,
    file: String,
    tenant: &'static str,
    pipeline: fn(&str, &Item) -> Option<Write>,
    record: (&'static str, &'static str, Option<&'static str>),
    /// The documents that are gone with it, by their ids.
    gone: &'static [&'static str],
    /// Indexes of which the schema shows no document, though there are rows for them.
    also: &'static [&'static str],
    /// What every write of the team changes.
    touched: &'static [&'static str],
}

fn cases() -> [Case; 5] {
    [
        Case {
            schema: "transactions-routed",
            file: with(TRANSACTIONS, "transactions", OF_TRANSACTIONS),
            tenant: "main",
            pipeline: transaction,
            record: ("transactions", "9_9", Some("001")),
            gone: &["CUST#9_9_TXN#001"],
            also: &[],
            touched: &[],
        },
        Case {
            schema: "applications-single-table",
            file: with(APPLICATIONS, "applications", OF_APPLICATIONS),
            tenant: "DONOR#sub-1",
            pipeline: application,
            record: ("applications", "a-1", None),
            gone: &["LPA--a-1"],
            also: &[],
            touched: &[],
        },
        Case {
            schema: "synced-searchable-api",
            file: with(SYNCED, "posts", OF_POSTS),
            tenant: "main",
            pipeline: post,
            record: ("blogs", "b-1", None),
            gone: &["p-1", "p-2"],
            also: &[],
            touched: &["_version", "_lastChangedAt"],
        },
        Case {
            schema: "versioned-resources",
            file: with(RESOURCES, "versions", OF_VERSIONS),
            tenant: "acme",
            pipeline: version,
            record: ("versions", "r-100", Some("10")),
            gone: &["acme_r-100_10"],
            also: &["patient-alias-tenant-globex"],
            touched: &[],
        },
        Case {
            schema: "asset-library",
            file: ASSETS.to_owned(),
            tenant: "main",
            pipeline: asset,
            record: ("assets", "db-a", Some("x1")),
            gone: &["db-a#x1"],
            also: &[],
            touched: &[],
        },
    ]
}

impl Case {
    /// On the fake; `None` where the schemas are not there.
    async fn piped(&self) -> Option<Piped> {
        let (schema, collections) = (schema(self.schema)?, declared(self.schema, &self.file));
        let documents = FakeDocuments::of(&collections);
        Some(self.over(documents, &schema).await)
    }

    async fn over<S: Written>(&self, documents: S, schema: &Value) -> Piped<S> {
        Piped::over(documents, schema, (&self.file, self.tenant), self.pipeline).await
    }

    async fn delete<S: Written>(&self, piped: &Piped<S>) -> Deletion {
        let (collection, id, sort) = self.record;
        piped.attached.delete(collection, id, sort).await
    }

    /// What is in the index beside the documents that this record's deletion hides, and which of those there are.
    async fn split<S: Written>(&self, piped: &Piped<S>) -> (Vec<String>, Vec<String>) {
        let all = piped.attached.on.documents.all().await.into_iter();
        let told: Vec<(String, String)> = all
            .map(|(id, source)| (id.clone(), format!("{id} {}", self.settled(source))))
            .collect();
        let (ours, others): (Vec<_>, Vec<_>) = told
            .into_iter()
            .partition(|(id, _)| self.gone.contains(&id.as_str()));
        let texts = |pairs: Vec<(String, String)>| pairs.into_iter().map(|(_, text)| text);
        (texts(ours).collect(), texts(others).collect())
    }

    /// Without what each write of the team changes.
    fn settled(&self, mut source: Item) -> Value {
        source.retain(|name, _| !self.touched.contains(&name.as_str()));
        Value::Object(source)
    }

    /// Delete, restore, delete and purge, with a pipeline that comes late or not, and always twice.
    async fn story<S: Written>(&self, mut piped: Piped<S>, is_late: bool) {
        let schema = self.schema;
        let (before, others) = self.split(&piped).await;
        assert_eq!(before.len(), self.gone.len(), "{schema}");

        let deletion = self.delete(&piped).await;
        assert_eq!(deletion.state, State::Deleted, "{schema}");
        if is_late {
            piped.compare().await;
        }
        piped.run().await;
        piped.repeat().await;
        piped.compare().await;
        let compared = piped.attached.on.read(deletion.id).await.comparison;
        let found = compared.tallies();
        if !is_late {
            let now = self.split(&piped).await;
            assert_eq!(now, (vec![], others.clone()), "{schema}");
            assert!(found.is_empty(), "no drift: {schema}: {found:?}");
        }

        let restored = piped.attached.act(&deletion, Action::Restore).await;
        assert_eq!(restored.state, State::Restored, "{schema}");
        piped.run().await;
        piped.repeat().await;
        piped.compare().await;
        let (back, _) = self.split(&piped).await;
        assert_eq!(back, before, "{schema}, late: {is_late}");

        let again = self.delete(&piped).await;
        piped.run().await;
        let purged = piped.attached.act(&again, Action::Purge).await;
        assert_eq!(purged.state, State::Purged, "{schema}");
        piped.run().await;
        piped.repeat().await;
        piped.compare().await;
        let now = self.split(&piped).await;
        assert_eq!(now, (vec![], others), "{schema}");
    }
}

#[tokio::test]
async fn what_a_pipeline_copies_is_hidden_brought_back_and_purged_whenever_it_comes() {
    for case in cases() {
        for is_late in [false, true] {
            let Some(piped) = case.piped().await else {
                return;
            };
            case.story(piped, is_late).await;
        }
    }
}

#[tokio::test]
async fn in_real_indexes_of_the_schemas_the_same_is_hidden_brought_back_and_purged() {
    for case in cases() {
        for is_late in [false, true] {
            let Some(schema) = schema(case.schema) else {
                return;
            };
            let Some(indexes) = RealIndexes::of(&schema, case.also).await else {
                return;
            };
            let piped = case.over(indexes, &schema).await;
            case.story(piped, is_late).await;
        }
    }
}

#[tokio::test]
async fn a_worker_that_is_killed_at_any_call_leaves_no_document_of_a_pipeline() {
    for case in cases() {
        for call in 1.. {
            let Some(mut piped) = case.piped().await else {
                return;
            };
            let (before, others) = case.split(&piped).await;
            let (collection, id, sort) = case.record;
            let on = &piped.attached.on;
            let faults = on.faults();
            let key = on
                .collection(collection)
                .key_of(&on.principal.tenant, id, sort);
            let accepted = on.accept(&faults, collection, &key.unwrap()).await;
            let faults = on.faults();
            faults.crash_at(call, Moment::After);
            let _killed = faults.until_crash(on.deliver(&faults, accepted.id)).await;
            let is_over = !faults.has_crashed();
            piped.run().await;
            piped.finish(accepted.id).await;
            piped.run().await;
            piped.compare().await;
            let now = case.split(&piped).await;
            assert_eq!(now, (vec![], others.clone()), "{}, {call}", case.schema);

            let deletion = piped.attached.on.read(accepted.id).await;
            let restored = piped.attached.act(&deletion, Action::Restore).await;
            assert_eq!(restored.state, State::Restored);
            piped.run().await;
            let now = case.split(&piped).await;
            assert_eq!(now, (before, others), "{}, {call}", case.schema);
            if is_over {
                break;
            }
        }
    }
}
