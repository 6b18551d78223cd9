//! Versions of resources, marked by a word beside which the time and the id of the deletion are.

use domain::collection::Collection;
use domain::deletion::{Action, State};
use domain::key::RecordKey;
use domain::tags::Tags;
use requests::accept::{AcceptError, DeleteRequest, accept};
use serde_json::{Value, json};

use super::{Attached, attached};

const FILE: &str = include_str!("versioned-resources.toml");

fn key(table: &Attached, resource: &str, version: &str) -> (Collection, RecordKey) {
    let versions = table.on.collection("versions").clone();
    let tenant = &table.on.principal.tenant;
    let key = versions.key_of(tenant, resource, Some(version));
    (versions, key.unwrap_or_else(|error| panic!("{error}")))
}

#[tokio::test]
async fn a_version_gets_the_word_of_a_deleted_one_and_its_own_word_back() {
    let Some(table) = attached("versioned-resources", FILE, "acme") else {
        return;
    };

    let deletion = table.delete("versions", "r-100", Some("10")).await;

    assert_eq!(deletion.state, State::Deleted);
    let (_, marked) = table.changed().pop().unwrap();
    assert_eq!(marked["documentStatus"], json!({ "S": "DELETED" }));
    assert_eq!(marked["vid"], json!({ "N": "10" }));
    assert_eq!(
        marked["deletion_kept"],
        json!({ "M": { "documentStatus": { "S": "AVAILABLE" } } })
    );
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), [], "to the type and the digit");

    let again = table.delete("versions", "r-100", Some("10")).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    let changed = table.changed();
    assert_eq!(changed.len(), 1, "gone: {changed:?}");
}

/// The versions that are not as they were loaded, as id, number and word.
fn words(table: &Attached) -> Vec<String> {
    let changed = table.changed().into_iter();
    let word = |(_, item): (String, Value)| {
        let (id, word) = (item["id"]["S"].clone(), item["documentStatus"]["S"].clone());
        format!("{id} {} {word}", item["vid"]["N"]).replace('"', "")
    };
    let mut words: Vec<String> = changed.map(word).collect();
    words.sort_unstable();
    words
}

#[tokio::test]
async fn a_resource_is_all_its_versions_and_each_gets_its_own_word_back() {
    let Some(table) = attached("versioned-resources", FILE, "acme") else {
        return;
    };

    let deletion = table.delete_whole("resources", "r-100").await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["versions"].deleted, 3);
    let of = |word: &str| ["1", "10", "2"].map(|vid| format!("acme|r-100 {vid} {word}"));
    let both = [of("AVAILABLE"), of("DELETED")].concat();
    let mut expected = both.clone();
    expected.sort_unstable();
    assert_eq!(words(&table), expected, "as they were, and as they are");
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));

    let again = table.delete_whole("resources", "r-100").await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(words(&table), of("AVAILABLE"), "gone, and nothing else");
}

#[tokio::test]
async fn a_resource_of_which_a_transaction_holds_a_version_has_failed_and_a_retry_takes_it() {
    let Some(table) = attached("versioned-resources", FILE, "acme") else {
        return;
    };

    let failed = table.delete_whole("resources", "r-300").await;

    assert_eq!(failed.state, State::DeleteFailed);
    assert_eq!(failed.deleted["versions"].failed, 1);
    assert_eq!(table.changed(), []);
    let name = table.on.tables.named("resource-db-prod");
    let held = table.on.tables.items(&name).into_iter();
    let mut held = held.filter(|item| item["id"] == json!({ "S": "acme|r-300" }));
    let mut held = held.next().unwrap();
    held.insert("documentStatus".to_owned(), json!({ "S": "AVAILABLE" }));
    table.on.tables.put_item(&name, &held);
    let deleted = table.act(&failed, Action::Retry).await;
    assert_eq!(deleted.state, State::Deleted);
}

#[tokio::test]
async fn the_deployment_without_tenants_has_resources_without_a_separator() {
    let single = FILE
        .replace("is = \"{tenant}|{resource}\"", "without = \"|\"")
        .replace("{ part = \"tenant\" }", "{ fixed = \"main\" }")
        .replace("[\"tenant\", \"resource\"]", "[\"id\"]");
    let Some(table) = attached("versioned-resources", &single, "main") else {
        return;
    };

    let deletion = table.delete_whole("resources", "r-500").await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["versions"].deleted, 1);
    assert_eq!(words(&table), ["r-500 1 AVAILABLE", "r-500 1 DELETED"]);
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));
    // What is another deployment's is no record of this one.
    let versions = table.on.collection("versions");
    let foreign = versions.key_of(&table.on.principal.tenant, "acme|r-100", Some("1"));
    assert!(foreign.unwrap_err().to_string().contains("`|`"));
}

#[tokio::test]
async fn a_version_that_a_transaction_holds_is_busy_and_one_that_was_deleted_is_left() {
    let Some(table) = attached("versioned-resources", FILE, "acme") else {
        return;
    };
    for (resource, version, is_busy) in [("r-300", "1", true), ("r-400", "4", false)] {
        let (collection, key) = key(&table, resource, version);
        let request = DeleteRequest {
            principal: &table.on.principal,
            collection: &collection,
            key,
            request_id: "request-1".to_owned(),
            once: None,
            tags: Tags::Unasked,
        };

        let answer = Box::pin(accept(&table.on.api(&table.on.faults()), request)).await;

        assert_eq!(
            matches!(answer, Err(AcceptError::Busy)),
            is_busy,
            "{answer:?}"
        );
        assert_eq!(answer.is_ok(), !is_busy, "{answer:?}");
    }
    assert_eq!(table.changed(), []);
}

#[tokio::test]
async fn a_look_for_rows_that_others_have_marked_says_that_their_key_is_of_another_type() {
    let as_text = FILE.replace(", type = \"N\"", "").replace(
        "[versions]\n",
        "[versions]\nadopt = { deleted_at = \"deletedDate\" }\n",
    );
    let Some(resources) = attached("versioned-resources", &as_text, "acme") else {
        return;
    };

    let report = resources.on.sweep(&resources.on.faults()).await;

    assert_eq!((report.adopted, report.errors), (0, 1));
    assert_eq!(resources.changed(), []);
}
