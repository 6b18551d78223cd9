//! Tables that know no tenants: everything belongs to one, whatever the rows say.

use domain::deletion::{Action, State};
use serde_json::json;
use testing::samples::key;

use crate::engine::accept::accepting::word;
use crate::engine::world::strategies::{archived, erased, small, sum};
use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{TENANT, World, ask, principal};

fn fixed(collections: &str) -> String {
    let one = format!("tenant = {{ fixed = \"{TENANT}\" }}");
    let lines = collections.lines().map(|line| {
        if line.starts_with("tenant ") {
            one.as_str()
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The small tree, whose rows say nothing of a tenant, or anything.
fn world(collections: &str) -> World {
    let world = small(&fixed(collections));
    for (collection, record) in world.everything() {
        let mut row = world.row(&collection, &record).unwrap();
        row.insert("user_id".to_owned(), json!(17));
        world.put_row(&collection, row);
    }
    world
}

#[tokio::test]
async fn records_without_a_tenant_are_deleted_restored_and_purged_like_all_others() {
    for collections in [FOUR_LEVELS.to_owned(), archived()] {
        let world = world(&collections);
        let before: Vec<_> = world
            .everything()
            .into_iter()
            .map(|(collection, record)| world.row(&collection, &record))
            .collect();

        let deleted = world.delete_and_rest("lists", &key("l")).await;
        assert_eq!(deleted.state, State::Deleted);
        assert_eq!(sum(&deleted.deleted, "deleted"), 6);
        let restored = world.act_and_rest(&deleted, Action::Restore).await;
        assert_eq!(restored.state, State::Restored);
        let after: Vec<_> = world
            .everything()
            .into_iter()
            .map(|(collection, record)| world.row(&collection, &record))
            .collect();
        assert_eq!(after, before);
        let again = world.delete_and_rest("lists", &key("l")).await;
        let purged = world.act_and_rest(&again, Action::Purge).await;
        assert_eq!(purged.state, State::Purged);
        assert_eq!(world.rows_of_tree(), 0);
    }
    let world = world(&erased());
    let erased = world.delete_and_rest("lists", &key("l")).await;
    assert_eq!(erased.state, State::Purged);
    assert_eq!(world.rows_of_tree(), 0);
}

#[tokio::test]
async fn a_caller_of_another_tenant_finds_nothing() {
    let world = world(FOUR_LEVELS);
    let stranger = principal("ada", "rival", &["admin"]);

    let answer = ask(&world.api(&world.faults()), &stranger, "lists", &key("l")).await;

    assert_eq!(word(&answer), "already deleted");
    assert_eq!(world.rows_of_tree(), 6);
}
