//! A delete by filters: its scope is of a version that no build without filters reads, and on real tables it deletes what
//! the filters say.

use domain::deletion::State;
use serde_json::json;

use super::{Frozen, id};

#[tokio::test]
async fn a_delete_by_filters_is_read_as_it_was_stored_and_deletes_what_they_say() {
    let frozen = Frozen::of_filters();
    let world = frozen.world("acme");
    let id = id(&frozen, "0001");
    let faults = world.faults();
    let api = world.api(&faults);
    let deletion = Box::new(world.read(id).await);
    let shown = Box::pin(requests::deletions::with_scope(&api, deletion)).await;
    let scope = shown.unwrap().scope.expect("it is stored");
    let shown =
        json!({"later_than": "2026-11-21T05:00:00.120Z", "opened": false, "type": "comment"});
    assert_eq!(json!(scope.filters), shown);

    for _ in 0..10 {
        if world.read(id).await.state == State::Deleted {
            break;
        }
        let _ = world.deliver(&faults, id).await.unwrap();
    }

    assert_eq!(world.read(id).await.state, State::Deleted);
    let items = world.items("notifications").into_iter();
    let mut marked: Vec<String> = items
        .filter(|item| item.contains_key("deletion_id"))
        .map(|item| {
            format!(
                "{} {}",
                item["target_id"]["S"], item["notification_id"]["S"]
            )
        })
        .collect();
    marked.sort();
    assert_eq!(marked, [r#""t" "n1""#, r#""t" "n5""#]);
}
