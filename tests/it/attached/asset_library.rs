//! A library of files: attributes that are composed of several, with colons in their names, and rows that were moved to other
//! keys before us.

use domain::collection::{Collections, SourceFile};
use domain::deletion::{Action, State};
use domain::key::RecordKey;
use serde_json::{Map, Value, json};

use super::attached;

const FILE: &str = include_str!("asset-library.toml");

/// The rows that are not as they were loaded, as table and key.
fn changed(table: &super::Attached) -> Vec<String> {
    let name = |item: &Value| {
        let names = ["databaseId:assetId:filePath", "assetId", "databaseId"];
        let found = names.iter().find_map(|name| item[*name]["S"].as_str());
        found.unwrap_or_default().to_owned()
    };
    let changed = table.changed().into_iter();
    let mut changed: Vec<String> = changed
        .map(|(table, item)| format!("{table} {}", name(&item)))
        .collect();
    changed.sort_unstable();
    changed.dedup();
    changed
}

const OF_X1: [&str; 3] = [
    "AssetFileMetadataStorage db-a:x1:/",
    "AssetFileMetadataStorage db-a:x1:/a.glb",
    "AssetStorage x1",
];

#[tokio::test]
async fn an_asset_goes_with_the_metadata_that_names_it_by_one_composed_text() {
    let Some(table) = attached("asset-library", FILE, "main") else {
        return;
    };

    let deletion = table.delete("assets", "db-a", Some("x1")).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["assets"].deleted, 1);
    assert_eq!(deletion.deleted["metadata"].deleted, 2);
    assert_eq!(changed(&table), OF_X1);
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));

    let again = table.delete("assets", "db-a", Some("x1")).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(
        (changed(&table), table.changed().len()),
        (OF_X1.map(str::to_owned).to_vec(), 3)
    );
}

#[tokio::test]
async fn a_database_goes_with_its_assets_and_their_metadata() {
    let Some(table) = attached("asset-library", FILE, "main") else {
        return;
    };

    let deletion = table.delete("databases", "db-a", None).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["assets"].deleted, 2);
    assert_eq!(deletion.deleted["metadata"].deleted, 3);
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));
}

#[tokio::test]
async fn what_was_moved_to_another_partition_is_no_record_of_the_first() {
    let Some(table) = attached("asset-library", FILE, "main") else {
        return;
    };
    let assets = table.on.collection("assets");
    let moved = RecordKey::stored("db-a#deleted", Some("x3"));

    let asked = assets.key_of(&table.on.principal.tenant, "db-a#deleted", Some("x3"));

    assert!(asked.unwrap_err().to_string().contains("`#deleted`"));
    assert!(!assets.has(&moved));
    assert!(table.on.collection("removed_assets").has(&moved));
}

#[tokio::test]
async fn what_was_moved_before_us_goes_thirty_days_after_its_own_date_and_no_earlier() {
    let Some(table) = attached("asset-library", FILE, "main") else {
        return;
    };
    let is_x3 = |item: &Map<String, Value>| item.get("assetId") == Some(&json!({ "S": "x3" }));
    // `archivedAt` is 2026-10-01T00:00:00 without an offset, so at the latest noon in UTC.
    table.on.clock.set("2026-10-31T11:59:59Z".parse().unwrap());
    let deletion = table.take_over().await;
    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.purge_at, "2026-10-31T12:00:00Z".parse().ok());

    let purged = table.purge_due(&deletion, "2026-10-31T12:00:00Z").await;
    assert_eq!(purged.state, State::Purged);
    let mut expected = table.loaded.clone();
    for (_, items) in &mut expected {
        items.retain(|item| !is_x3(item));
    }
    assert_eq!(table.rows(), expected, "and nothing else");
}

#[test]
fn a_comment_that_names_its_asset_without_the_database_is_refused_with_what_is_missing() {
    let comments = r#"
[comments]
table       = "CommentStorage"
key         = ["assetId", "assetVersionId:commentId"]
tenant      = { fixed = "main" }
parent      = { collection = "assets", by = ["assetId"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;
    let file = SourceFile {
        name: "asset-library.toml".to_owned(),
        text: format!("{FILE}{comments}"),
    };

    let refused = Collections::from_files(&[file]).unwrap_err().to_string();

    let why = "comments.parent.by: names 1 attribute, but the key of assets has 2 attributes; name, in this order, what holds its `databaseId` and `assetId`";
    assert!(refused.contains(why), "{refused}");
}
