//! Documents of several sites, told apart by an optional prefix of the partition key; archived, because readers only look at an index.

use domain::deletion::{Action, State};
use serde_json::{Value, json};

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
