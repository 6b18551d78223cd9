//! Documents of several sites, told apart by an optional prefix of the partition key; archived, because readers only look at an index.

use domain::deletion::{Action, State};
use serde_json::{Map, Value, json};

use super::attached;

const FILE: &str = include_str!("documents-per-site.toml");

/// The partition keys of these rows, each once.
fn partitions(changed: &[(String, Value)]) -> Vec<&Value> {
    let mut keys: Vec<&Value> = changed.iter().map(|(_, item)| &item["PK"]["S"]).collect();
    keys.dedup();
    keys
}

#[tokio::test]
async fn a_document_of_a_site_is_deleted_and_not_that_of_the_same_id_of_another_site() {
    for (site, partition) in [("finance", "finance/docs#d-1"), ("default", "docs#d-1")] {
        let Some(table) = attached("documents-per-site", FILE, site) else {
            return;
        };

        let deletion = table.delete("documents", "d-1", None).await;

        assert_eq!(deletion.state, State::Deleted, "{site}");
        assert_eq!(deletion.deleted["documents"].deleted, 1, "{site}");
        assert_eq!(partitions(&table.changed()), [&json!(partition)]);

        let restored = table.act(&deletion, Action::Restore).await;
        assert_eq!(restored.state, State::Restored, "{site}");
        assert_eq!(table.changed(), [], "{site}");

        let again = table.delete("documents", "d-1", None).await;
        let purged = table.act(&again, Action::Purge).await;
        assert_eq!(purged.state, State::Purged, "{site}");
        assert_eq!(partitions(&table.changed()), [&json!(partition)]);
    }
}

#[tokio::test]
async fn a_document_that_is_marked_in_place_is_in_no_index_that_readers_look_at_and_comes_back() {
    let in_place = FILE.replace(
        r#"strategy    = "archive""#,
        "strategy = \"flag\"\nttl = \"TimeToLive\"\nmarks = { takes_off = [\"GSI1PK\", \"GSI2PK\"] }",
    );
    let Some(table) = attached("documents-per-site", &in_place, "finance") else {
        return;
    };

    let deletion = table.delete("documents", "d-1", None).await;

    assert_eq!(deletion.state, State::Deleted);
    let changed = table.changed();
    let marked = changed
        .iter()
        .filter(|(_, item)| item.get("deletion_id").is_some());
    let marked: Vec<_> = marked.collect();
    assert_eq!(marked.len(), 4);
    for name in ["GSI1PK", "GSI2PK", "TimeToLive"] {
        assert!(
            marked.iter().all(|(_, item)| item.get(name).is_none()),
            "{name}"
        );
    }
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), []);
}

#[tokio::test]
async fn what_was_deleted_before_us_under_other_keys_goes_thirty_days_after_its_own_date() {
    let Some(table) = attached("documents-per-site", FILE, "finance") else {
        return;
    };
    let of_d9 = |item: &Map<String, Value>| item.get("documentId") == Some(&json!({ "S": "d-9" }));
    // `deletedDate` of d-9 is 2026-10-20T10:00:00+0000.
    table.on.clock.set("2026-11-19T09:59:59Z".parse().unwrap());

    let deletion = table.take_over().await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted.len(), 2, "{:?}", deletion.deleted);
    assert_eq!(deletion.purge_at, "2026-11-19T10:00:00Z".parse().ok());
    assert_eq!(deletion.requested_by.as_str(), "u-1");
    for name in ["removed_documents", "removed_tags"] {
        let counts = &deletion.deleted[name];
        assert_eq!(
            (counts.selected, counts.deleted),
            (1, 1),
            "{name} {counts:?}"
        );
    }
    let items = table.on.items("removed_documents").into_iter();
    let date = items
        .filter(of_d9)
        .find_map(|item| item.get("deletedDate").cloned());
    assert_eq!(
        date,
        Some(json!({ "S": "2026-10-20T10:00:00+0000" })),
        "its own"
    );

    let purged = table.purge_due(&deletion, "2026-11-19T10:00:00Z").await;
    assert_eq!(purged.state, State::Purged);
    let mut expected = table.loaded.clone();
    for (_, items) in &mut expected {
        items.retain(|item| !of_d9(item));
    }
    assert_eq!(table.rows(), expected, "and nothing else");
}
