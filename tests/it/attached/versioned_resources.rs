//! Versions of resources, marked by a word beside which the time and the id of the deletion are.

use domain::collection::Collection;
use domain::deletion::{Action, State};
use domain::key::RecordKey;
use domain::tags::Tags;
use requests::accept::{AcceptError, DeleteRequest, accept};
use serde_json::json;

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
        "strategy    = \"flag\"",
        "strategy    = \"flag\"\nadopt       = { deleted_at = \"deletedDate\" }",
    );
    let Some(resources) = attached("versioned-resources", &as_text, "acme") else {
        return;
    };

    let report = resources.on.sweep(&resources.on.faults()).await;

    assert_eq!((report.adopted, report.errors), (0, 1));
    assert_eq!(resources.changed(), []);
}
