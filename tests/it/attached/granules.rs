//! Satellite data: a child that names a parent of two parts by one composed text, and that is held back while it is
//! published.

use domain::deletion::{Action, State};
use domain::key::RecordKey;
use domain::page::Outcome;
use requests::accept::{AcceptAnswer, AcceptError, DeleteRequest, accept};
use serde_json::{Value, json};
use testing::{Faults, Moment, Operation};

use super::{Attached, attached};

const FILE: &str = include_str!("granules-of-collections.toml");

/// The schema, in which the granule that its catalogue shows is so no longer.
fn unpublished() -> Option<Attached> {
    let mut table = attached("granules-of-collections", FILE, "main")?;
    put(&table, "G.0002", "published", &json!({ "BOOL": false }));
    table.loaded = table.rows();
    Some(table)
}

/// What the owner of a granule writes into it.
fn put(table: &Attached, granule: &str, attribute: &str, value: &Value) {
    writer(table, granule, attribute, value)();
}

fn writer(
    table: &Attached,
    granule: &str,
    attribute: &str,
    value: &Value,
) -> impl FnOnce() + Send + 'static {
    let name = table.on.tables.named("prod-GranulesTable");
    let tables = table.on.tables.clone();
    let (granule, attribute, value) =
        (json!({ "S": granule }), attribute.to_owned(), value.clone());
    move || {
        let mut items = tables.items(&name).into_iter();
        let mut item = items.find(|item| item["granuleId"] == granule).unwrap();
        item.insert(attribute, value);
        tables.put_item(&name, &item);
    }
}

async fn ask(
    table: &Attached,
    faults: &Faults,
    collection: &str,
    key: RecordKey,
) -> Result<AcceptAnswer, AcceptError> {
    let request = DeleteRequest {
        principal: &table.on.principal,
        collection: table.on.collection(collection),
        key,
        request_id: "request-1".to_owned(),
        once: None,
        tags: domain::tags::Tags::Unasked,
    };
    Box::pin(accept(&table.on.api(faults), request)).await
}

fn granule(id: &str) -> RecordKey {
    RecordKey::stored(id, None)
}

fn set() -> RecordKey {
    RecordKey::stored("MOD__A", Some("006"))
}

#[tokio::test]
async fn a_version_of_a_set_is_deleted_with_its_own_granules_and_no_other() {
    let Some(table) = unpublished() else {
        return;
    };

    let deletion = table.delete("sets", "MOD__A", Some("006")).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["sets"].deleted, 1);
    assert_eq!(deletion.deleted["granules"].deleted, 3);
    let changed = table.changed();
    let of_another = |item: &Value| {
        ["MOD__A___007", "MOD__A___0061"]
            .map(|id| json!({ "S": id }))
            .contains(&item["collectionId"])
    };
    assert!(
        !changed.iter().any(|(_, item)| of_another(item)),
        "{changed:?}"
    );

    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), [], "to the type and the digit");

    let again = table.delete("sets", "MOD__A", Some("006")).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(table.changed().len(), 4, "the set and three granules");
}

#[tokio::test]
async fn a_granule_that_is_published_holds_its_own_delete_back_and_that_of_its_set() {
    let Some(table) = attached("granules-of-collections", FILE, "main") else {
        return;
    };
    let faults = table.on.faults();

    let itself = ask(&table, &faults, "granules", granule("G.0002")).await;
    let above = ask(&table, &faults, "sets", set()).await;
    let beside = ask(
        &table,
        &faults,
        "sets",
        RecordKey::stored("MOD__A", Some("007")),
    )
    .await;

    assert!(
        matches!(&itself, Err(AcceptError::Held(attribute)) if attribute == "published"),
        "{itself:?}"
    );
    assert!(
        matches!(&above, Err(AcceptError::HoldsChildren(child)) if child.as_ref() == "granules"),
        "{above:?}"
    );
    assert!(beside.is_ok(), "{beside:?}");
    let changed = table.changed();
    assert!(
        changed
            .iter()
            .all(|(_, item)| item["version"] == json!({ "S": "007" })),
        "{changed:?}"
    );
}

#[tokio::test]
async fn one_that_is_published_between_the_look_and_the_write_is_not_deleted() {
    let Some(table) = unpublished() else {
        return;
    };
    let faults = table.on.faults();
    let publish = writer(&table, "G.0001", "published", &json!({ "BOOL": true }));
    faults.beside(Operation::Accept, 1, Moment::Before, publish);

    let answer = ask(&table, &faults, "granules", granule("G.0001")).await;

    assert!(matches!(answer, Err(AcceptError::Held(_))), "{answer:?}");
    let changed = table.changed();
    assert!(
        changed
            .iter()
            .all(|(_, item)| item.get("deletion_id").is_none()),
        "{changed:?}"
    );
}

#[tokio::test]
async fn one_that_is_published_after_the_acceptance_stays_and_is_told_and_a_retry_takes_it() {
    let Some(table) = unpublished() else {
        return;
    };
    let faults = table.on.faults();
    let accepted = ask(&table, &faults, "sets", set()).await;
    let Ok(AcceptAnswer::Scheduled(accepted)) = accepted else {
        panic!("{accepted:?}")
    };
    // Right before the rows of the page are marked.
    let publish = writer(&table, "G.0001", "published", &json!({ "BOOL": true }));
    faults.beside(Operation::MarkRows, 1, Moment::Before, publish);
    let _ended = table.on.deliver(&faults, accepted.id).await.unwrap();

    let failed = table.on.read(accepted.id).await;

    assert_eq!(failed.state, State::DeleteFailed);
    let counts = &failed.deleted["granules"];
    assert_eq!((counts.deleted, counts.failed), (2, 1));
    let reasons = reasons(&table, &failed).await;
    assert!(
        matches!(&reasons[..], [reason] if reason.starts_with("RECORD_HELD: ") && reason.contains("published")),
        "{reasons:?}"
    );
    put(&table, "G.0001", "published", &json!({ "BOOL": false }));
    let deleted = table.act(&failed, Action::Retry).await;
    assert_eq!(deleted.state, State::Deleted);
    assert_eq!(deleted.deleted["granules"].deleted, 3);
}

#[tokio::test]
async fn what_is_no_yes_and_no_no_is_neither_held_nor_free() {
    let Some(table) = unpublished() else {
        return;
    };
    let faults = table.on.faults();
    put(&table, "G.0001", "published", &json!({ "S": "true" }));

    let itself = ask(&table, &faults, "granules", granule("G.0001")).await;
    let above = ask(&table, &faults, "sets", set()).await;

    assert!(matches!(itself, Err(AcceptError::Unreadable)), "{itself:?}");
    assert!(
        matches!(above, Err(AcceptError::HoldsChildren(_))),
        "{above:?}"
    );
}

#[tokio::test]
async fn a_granule_whose_set_cannot_be_read_is_told_and_not_taken_for_nobodys() {
    let Some(table) = unpublished() else {
        return;
    };
    let faults = table.on.faults();
    for text in ["MOD__A", "MOD__A___006___7", "___006"] {
        put(&table, "G.0001", "collectionId", &json!({ "S": text }));

        let answer = ask(&table, &faults, "granules", granule("G.0001")).await;

        assert!(
            matches!(answer, Err(AcceptError::Unreadable)),
            "{text}: {answer:?}"
        );
    }
    let changed = table.changed();
    assert!(
        changed
            .iter()
            .all(|(_, item)| item.get("deletion_id").is_none()),
        "{changed:?}"
    );
}

/// Why records have failed.
async fn reasons(table: &Attached, deletion: &domain::deletion::Deletion) -> Vec<String> {
    use ports::ReadDeletions as _;
    let (store, tenant) = (table.on.deletions(), &table.on.principal.tenant);
    let mut reasons = Vec::new();
    for page in 1..=2 {
        let exceptions = store.exceptions(tenant, deletion.id, page).await.unwrap();
        for (_, outcome) in exceptions.unwrap_or_default().deleted {
            if let Outcome::Failed { reason } = outcome {
                reasons.push(reason);
            }
        }
    }
    reasons
}
