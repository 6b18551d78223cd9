//! Applications of donors and of organisations: the tenant is in the key of the application, and what is below it has its
//! parent's.

use domain::deletion::{Action, State};
use serde_json::{Value, json};

use super::attached;

const FILE: &str = include_str!("applications-single-table.toml");

/// The keys of these rows.
fn keys(changed: &[(String, Value)]) -> Vec<(&str, &str)> {
    let mut keys: Vec<_> = changed
        .iter()
        .map(|(_, item)| {
            (
                item["PK"]["S"].as_str().unwrap(),
                item["SK"]["S"].as_str().unwrap(),
            )
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

const TREE: [(&str, &str); 4] = [
    ("LPA#a-1", "ATTORNEY#sub-2"),
    ("LPA#a-1", "DOCUMENT#a-1/evidence/f-1"),
    ("LPA#a-1", "DONOR#sub-1"),
    ("LPA#a-1", "SUB#sub-1"),
];

#[tokio::test]
async fn an_application_is_deleted_restored_and_purged_with_all_that_is_declared_below_it() {
    let Some(table) = attached("applications-single-table", FILE, "DONOR#sub-1") else {
        return;
    };

    let deletion = table.delete("applications", "a-1", None).await;

    assert_eq!(deletion.state, State::Deleted);
    for name in ["applications", "subjects", "attorneys", "documents"] {
        assert_eq!(deletion.deleted[name].deleted, 1, "{name}");
    }
    assert_eq!(keys(&table.changed()), TREE);

    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), []);

    let again = table.delete("applications", "a-1", None).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    let changed = table.changed();
    assert_eq!((changed.len(), keys(&changed)), (4, TREE.to_vec()));
}

#[tokio::test]
async fn an_attorney_is_deleted_by_the_donor_alone() {
    let Some(table) = attached("applications-single-table", FILE, "DONOR#sub-1") else {
        return;
    };

    let deletion = table.delete("attorneys", "a-1", Some("sub-2")).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(
        deletion.root,
        Some(testing::samples::key2("LPA#a-1", "ATTORNEY#sub-2"))
    );
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));
    assert_eq!(json!(restored.tenant), json!("DONOR#sub-1"));
}

#[tokio::test]
async fn the_ttl_of_an_application_does_not_remove_it_before_its_purge_and_comes_back() {
    let Some(table) = attached("applications-single-table", FILE, "DONOR#sub-1") else {
        return;
    };

    let deletion = table.delete("applications", "a-10", None).await;

    assert_eq!(deletion.state, State::Deleted);
    let changed = table.changed();
    let marked = changed
        .iter()
        .find(|(_, item)| item.get("deletion_id").is_some());
    let (_, marked) = marked.unwrap();
    assert!(marked.get("ExpiresAt").is_none());
    assert_eq!(
        marked["deletion_kept"],
        json!({ "M": { "ExpiresAt": { "N": "1803859200" } } })
    );
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), []);
}

#[tokio::test]
async fn an_application_of_an_organisation_is_of_the_same_collection_and_of_its_own_tenant() {
    let Some(table) = attached("applications-single-table", FILE, "ORGANISATION#o-9") else {
        return;
    };

    let deletion = table.delete("applications", "a-2", None).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["applications"].deleted, 1);
    assert_eq!(keys(&table.changed()), [("LPA#a-2", "ORGANISATION#o-9")]);
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));
    let again = table.delete("applications", "a-2", None).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(keys(&table.changed()), [("LPA#a-2", "ORGANISATION#o-9")]);
}
