//! A service that marks rows itself, by a boolean, a TTL, a version and a time: clients that sync see a deletion and its
//! restore as they see any other write.

use domain::deletion::{Action, Deletion, State};
use serde_json::{Map, Value, json};

use super::{Attached, attached};

const FILE: &str = include_str!("synced-searchable-api.toml");

async fn deleted(file: &str) -> Option<(Attached, Deletion)> {
    let service = attached("synced-searchable-api", file, "main")?;
    let deleted = service.delete("blogs", "b-1", None).await;
    Some((service, deleted))
}

fn row(service: &Attached, collection: &str, id: &str) -> Map<String, Value> {
    let mut items = service.on.items(collection).into_iter();
    items.find(|item| item["id"] == json!({ "S": id })).unwrap()
}

/// The rows as they were loaded, without what each write of the service changes.
fn settled(rows: &[(String, Vec<Map<String, Value>>)]) -> Vec<Map<String, Value>> {
    let mut all: Vec<_> = rows.iter().flat_map(|(_, items)| items.clone()).collect();
    for item in &mut all {
        item.remove("_version");
        item.remove("_lastChangedAt");
    }
    all.sort_by_key(|item| Value::Object(item.clone()).to_string());
    all
}

#[tokio::test]
async fn a_blog_is_marked_as_the_service_marks_it_and_what_it_has_deleted_is_left() {
    let Some((service, deletion)) = deleted(FILE).await else {
        return;
    };

    assert_eq!(deletion.state, State::Deleted);
    let posts = &deletion.deleted["posts"];
    assert_eq!((posts.deleted, posts.already_deleted), (2, 1));
    assert_eq!(deletion.deleted["comments"].deleted, 2);
    let post = row(&service, "posts", "p-2");
    assert_eq!(post["_deleted"], json!({ "BOOL": true }));
    let purge_at = deletion.purge_at.unwrap().as_second().to_string();
    assert_eq!(post["_ttl"], json!({ "N": purge_at }));
    assert_eq!(post["_version"], json!({ "N": "2" }));
    let changed: i64 = post["_lastChangedAt"]["N"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(changed >= deletion.deleted_at.as_millisecond());
    assert_eq!(
        post["deletion_kept"],
        json!({ "M": { "_deleted": { "NULL": true } } })
    );
    let gone_before = row(&service, "posts", "p-3");
    assert!(
        service
            .loaded
            .iter()
            .any(|(_, items)| items.contains(&gone_before))
    );
}

#[tokio::test]
async fn a_restore_gives_each_row_its_own_word_back_and_raises_the_version_again() {
    let Some((service, deletion)) = deleted(FILE).await else {
        return;
    };

    let restored = service.act(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(settled(&service.rows()), settled(&service.loaded));
    assert_eq!(
        row(&service, "blogs", "b-1")["_version"],
        json!({ "N": "3" })
    );
    assert_eq!(
        row(&service, "posts", "p-1")["_version"],
        json!({ "N": "4" })
    );
    // Nobody has touched these.
    assert_eq!(
        row(&service, "posts", "p-4")["_version"],
        json!({ "N": "1" })
    );
}

#[tokio::test]
async fn a_purge_removes_what_was_declared_and_leaves_every_other_row_as_it_was() {
    let Some((service, deletion)) = deleted(FILE).await else {
        return;
    };
    let restored = service.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    let again = service.delete("blogs", "b-1", None).await;

    let purged = service.act(&again, Action::Purge).await;

    assert_eq!(purged.state, State::Purged);
    let ids: Vec<_> = ["blogs", "posts", "comments"]
        .iter()
        .flat_map(|name| service.on.items(name))
        .map(|item| item["id"]["S"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    for id in ["b-2", "p-3", "p-4", "c-3"] {
        assert!(ids.iter().any(|one| one == id), "{ids:?}");
    }
    let changed = service.changed();
    assert!(changed.iter().all(|(_, item)| {
        service
            .loaded
            .iter()
            .any(|(_, items)| items.iter().any(|one| Value::Object(one.clone()) == *item))
    }));
}

#[tokio::test]
async fn what_the_service_has_deleted_is_taken_over_where_the_file_says_so() {
    let adopting = FILE.replace(
        "table       = \"Post-k7x2example-prod\"",
        "table       = \"Post-k7x2example-prod\"\nadopt       = { deleted_at = \"_lastChangedAt\" }",
    );
    let Some(service) = attached("synced-searchable-api", &adopting, "main") else {
        return;
    };
    service
        .on
        .clock
        .set("2026-11-28T12:00:00Z".parse().unwrap());

    let report = service.on.sweep(&service.on.faults()).await;
    assert_eq!((report.adopted, report.errors), (1, 0));
    let taken_over = service.on.next_message().unwrap();
    let _ended = service
        .on
        .deliver(&service.on.faults(), taken_over)
        .await
        .unwrap();

    let deletion = service.on.read(taken_over).await;
    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted_at.as_millisecond(), 1_795_836_003_000);
    let post = row(&service, "posts", "p-3");
    assert_eq!(post["_ttl"], json!({ "N": "1798428003" }), "its own");
    assert_eq!(post["_version"], json!({ "N": "6" }));
    let restored = service.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    let post = row(&service, "posts", "p-3");
    assert_eq!(post["_deleted"], json!({ "BOOL": false }));
    assert!(!post.contains_key("_ttl"));
}
