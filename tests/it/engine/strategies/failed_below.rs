//! A record stays while one below it has failed: its key would become free, and the child would be shown below the next
//! record of that key.

use domain::deletion::{Action, Deletion, State};
use requests::destroy::Requested;
use testing::samples::key;

use crate::engine::world::strategies::{erased, small, sum};
use crate::engine::world::{World, admin};

/// `posts` → `replies` (over an index, each with a schedule).
const POSTS: &str = r#"
[posts]
table       = "posts"
key         = ["post_id"]
tenant      = "realm"
document    = { index = "posts", id = "{post_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[replies]
table       = "replies"
key         = ["reply_id"]
tenant      = "realm"
parent      = { collection = "posts", by = ["post"], gsi = "by_post", on_delete = "cascade" }
document    = { index = "replies", id = "{reply_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

/// Two posts with two replies each, under this strategy.
fn posts(strategy: &str) -> World {
    let text = POSTS.replace("\"flag\"", &format!("\"{strategy}\""));
    let is_said = |line: &&str| strategy != "erase" || !line.starts_with("retention");
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let world = World::new(&lines.join("\n"));
    for post in ["p", "q"] {
        world.put("posts", &key(post), None);
        for reply in ["0", "1"] {
            let reply = key(&format!("{post}{reply}"));
            world.put("replies", &reply, Some(&key(post)));
        }
    }
    world
}

async fn both_by_id(world: &World) -> Deletion {
    let named = Requested::Ids {
        ids: vec![key("p"), key("q")],
        author: None,
    };
    let (faults, admin) = (world.faults(), admin());
    let asked = world.destroy(&faults, &admin, "posts", named, None).await;
    let deletion = asked.expect("it is accepted");
    world.come_to_rest().await;
    world.now(&deletion)
}

#[tokio::test]
async fn a_record_between_root_and_failed_child_stays_and_a_retry_takes_both() {
    for page_keys in [1, 2, 1000] {
        let mut world = small(&erased());
        world.page_keys = page_keys;
        world.documents.reject("l-d1-1", "cluster_block_exception");

        let failed = world.delete_and_rest("lists", &key("l")).await;

        assert_eq!(failed.state, State::DeleteFailed);
        assert_eq!(
            sum(&failed.deleted, "failed"),
            2,
            "the message, and what it is below"
        );
        let discussion = testing::samples::key2("l", "d1");
        assert!(world.row("discussions", &discussion).is_some());
        assert!(world.document("discussions", &discussion).is_some());

        world.documents.accept("l-d1-1");
        let retried = world.act_and_rest(&failed, Action::Retry).await;

        assert_eq!(retried.state, State::Purged);
        assert_eq!(sum(&retried.deleted, "deleted"), 6, "{page_keys}");
        assert_eq!(world.rows_of_tree(), 0);
        let named = world.named("RecordsDeleted");
        assert_eq!(named.len(), 6);
        assert!(named.values().all(|times| *times == 1), "{named:?}");
    }
}

#[tokio::test]
async fn without_a_root_a_failed_child_keeps_its_parent_and_no_other() {
    for page_keys in [1, 2, 1000] {
        let mut world = posts("erase");
        world.page_keys = page_keys;
        world.documents.reject("p1", "cluster_block_exception");

        let failed = both_by_id(&world).await;

        assert_eq!(failed.state, State::DeleteFailed);
        let counted = ["deleted", "failed"].map(|of| sum(&failed.deleted, of));
        assert_eq!(counted, [4, 2], "{page_keys}");
        assert!(world.row("posts", &key("p")).is_some());
        assert_eq!(world.row("posts", &key("q")), None);

        world.documents.accept("p1");
        let retried = world.act_and_rest(&failed, Action::Retry).await;

        assert_eq!(retried.state, State::Purged);
        assert_eq!(sum(&retried.deleted, "deleted"), 6);
        assert_eq!(world.everything(), []);
    }
}

/// The manifest has its key already, as that of a record which is gone.
#[tokio::test]
async fn a_child_with_the_key_of_one_that_is_gone_is_not_left_below_nothing() {
    for strategy in ["erase", "archive"] {
        for page_keys in [1, 2, 1000] {
            let context = format!("{strategy}, pages of {page_keys}");
            let mut world = posts(strategy);
            world.page_keys = page_keys;
            world.documents.reject("p", "cluster_block_exception");
            let failed = both_by_id(&world).await;
            assert_eq!(failed.state, State::DeleteFailed, "{context}");
            assert!(world.row("posts", &key("p")).is_some(), "{context}");
            world.put("replies", &key("p1"), Some(&key("p")));
            world.documents.accept("p");

            let retried = world.act_and_rest(&failed, Action::Retry).await;

            assert!(retried.state.is_done(), "{context}");
            assert_eq!(world.row("posts", &key("p")), None, "{context}");
            let reply = world.marks("replies", &key("p1")).0;
            assert_ne!(reply.as_deref(), Some(""), "{context}: it is live");
        }
    }
}

#[tokio::test]
async fn an_archived_parent_stays_while_a_child_that_takes_no_mark_is_live_below_it() {
    let world = posts("archive");
    let mut row = world.live_row("replies", &key("p1"), Some(&key("p")));
    row.insert(
        "body".to_owned(),
        serde_json::json!("x".repeat(400 * 1024 - 90)),
    );
    world.put_row("replies", row);

    let failed = both_by_id(&world).await;

    assert_eq!(failed.state, State::DeleteFailed);
    assert!(
        world.row("posts", &key("p")).is_some(),
        "it would be below none"
    );
    assert_eq!(world.row("posts", &key("q")), None);

    world.put("replies", &key("p1"), Some(&key("p")));
    let retried = world.act_and_rest(&failed, Action::Retry).await;

    assert_eq!(retried.state, State::Deleted);
    assert_eq!(world.everything(), []);
    let restored = world.act_and_rest(&retried, Action::Restore).await;
    assert_eq!(sum(&restored.restored, "restored"), 6);
}
