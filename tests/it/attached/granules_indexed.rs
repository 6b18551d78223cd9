//! Satellite data and its documents: routed by an attribute that is no key, under an alias, with times that are numbers of
//! milliseconds in both stores.

use domain::collection::DocumentAt;
use domain::deletion::{Action, State};
use serde_json::{Map, Value, json};
use testing::FakeDocuments;

use super::index::{RealIndexes, Written};
use super::piped::pipeline::{Piped, Write};
use super::{declared, schema};

type Item = Map<String, Value>;

const SCHEMA: &str = "granules-of-collections";
const FILE: &str = include_str!("granules-of-collections.toml");

fn place(index: &str, id: &str, set: &str) -> DocumentAt {
    DocumentAt {
        index: index.to_owned(),
        id: id.to_owned(),
        routing: Some(set.to_owned()),
        says: Map::new(),
    }
}

/// The document that the application writes beside a row.
fn granule(table: &str, item: &Item) -> Option<Write> {
    (table == "prod-GranulesTable").then_some(())?;
    let text = |name: &str| item.get(name)?["S"].as_str();
    let (id, set) = (text("granuleId")?, text("collectionId")?);
    let mut source = Item::new();
    for (name, held) in item {
        let (kind, value) = held.as_object()?.iter().next()?;
        let value = match (kind.as_str(), value.as_str()) {
            ("N", Some(number)) => number.parse().map(Value::Number).ok()?,
            ("L", _) => continue,
            _ => value.clone(),
        };
        source.insert(name.clone(), value);
    }
    Some(Write::put(place("prod-granules", id, set), source))
}

/// The schema with its documents, in which no granule is published; its application has written and writes no more.
async fn granules<S: Written>(documents: S, schema: &Value) -> Piped<S> {
    let mut schema = schema.clone();
    for item in schema["items"].as_array_mut().unwrap() {
        if let Some(published) = item["item"].get_mut("published") {
            *published = json!({ "BOOL": false });
        }
    }
    let piped = Piped::over(documents, &schema, (FILE, "main"), granule).await;
    for document in schema["documents"].as_array().unwrap() {
        let text = |name: &str| document[name].as_str().unwrap();
        let at = place(text("alias"), text("id"), text("routing"));
        let source = document["source"].as_object().unwrap().clone();
        piped.attached.on.documents.put_at(&at, source).await;
    }
    piped
}

const OF_006: [&str; 3] = ["G.0001", "G.0002", "G.0003"];

/// What is in the index of the granules of that version, and all else.
async fn split<S: Written>(piped: &Piped<S>) -> (Vec<(String, Item)>, Vec<(String, Item)>) {
    let all = piped.attached.on.documents.all().await.into_iter();
    all.partition(|(id, _)| OF_006.contains(&id.as_str()))
}

async fn story<S: Written>(piped: Piped<S>) {
    let (before, others) = split(&piped).await;
    assert_eq!(
        (before.len(), others.len()),
        (3, 3),
        "{before:?} {others:?}"
    );

    let deletion = piped.attached.delete("sets", "MOD__A", Some("006")).await;

    assert_eq!(deletion.state, State::Deleted);
    let (marked, beside) = split(&piped).await;
    assert_eq!(beside, others);
    let at = deletion.deleted_at.as_millisecond();
    for (id, source) in &marked {
        assert_eq!(source["deletedAt"], json!(at), "{id}");
        assert_eq!(
            source["deletion_id"],
            json!(deletion.id.to_string()),
            "{id}"
        );
    }
    let restored = piped.attached.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(split(&piped).await, (before, others.clone()));
    assert_eq!(piped.attached.changed(), [], "to the type and the digit");

    let again = piped.attached.delete("sets", "MOD__A", Some("006")).await;
    let purged = piped.attached.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(split(&piped).await, (vec![], others));
}

#[tokio::test]
async fn a_routed_document_is_marked_with_a_number_cleared_to_the_digit_and_purged() {
    let Some(schema) = schema(SCHEMA) else {
        return;
    };
    let documents = FakeDocuments::of(&declared(SCHEMA, FILE));
    story(granules(documents, &schema).await).await;
}

#[tokio::test]
async fn in_a_real_index_of_the_schema_it_is_the_same() {
    let Some(schema) = schema(SCHEMA) else {
        return;
    };
    let Some(indexes) = RealIndexes::of(&schema, &[]).await else {
        return;
    };
    story(granules(indexes, &schema).await).await;
}

#[tokio::test]
async fn a_reindex_that_moves_the_alias_with_a_copy_of_before_the_mark_is_marked_again() {
    let Some(schema) = schema(SCHEMA) else {
        return;
    };
    let Some(mut indexes) = RealIndexes::of(&schema, &[]).await else {
        return;
    };
    indexes.make("prod-granules-2026-11", &schema).await;
    let piped = granules(indexes, &schema).await;
    let on = &piped.attached.on;
    let (before, _) = split(&piped).await;

    let deletion = piped.attached.delete("sets", "MOD__A", Some("006")).await;
    for (id, source) in &before {
        let set = source["collectionId"].as_str().unwrap();
        let at = place("prod-granules-2026-11", id, set);
        on.documents.put_at(&at, source.clone()).await;
    }
    let (old, new) = ("prod-granules-2026-10", "prod-granules-2026-11");
    on.documents.move_alias("prod-granules", old, new).await;
    piped.compare().await;

    let (both, _) = split(&piped).await;
    assert_eq!(both.len(), 6, "in the old index and in the new one");
    let is_marked = |(_, source): &(String, Item)| source.contains_key("deletedAt");
    assert!(both.iter().all(is_marked), "{both:?}");
    let restored = piped.attached.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    let (back, _) = split(&piped).await;
    let live: Vec<_> = back.into_iter().filter(|one| !is_marked(one)).collect();
    assert_eq!(live, before, "what the alias shows");
}
