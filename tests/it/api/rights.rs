//! Rights of a deletion that names several collections: each of them is asked.

use domain::deletion::{DeleteCounts, State};
use domain::scope::Scope;
use ports::{AdvanceDeletions as _, ReadDeletions as _};
use serde_json::json;

use super::event::Event;
use super::world::{Answer, World};

/// Two collections whose records one request may delete, and whose restores are other people's.
const SHARED: &str = r#"
[papers]
table       = "papers"
key         = ["paper_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["editor"], destroy_all = ["editor"], restore = ["editor"], purge = ["editor"] }

[ledgers]
table       = "ledgers"
key         = ["ledger_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["editor"], destroy_all = ["editor"], restore = ["vault"], purge = ["vault"], audit = ["vault"], deny = ["leaver"] }
"#;

fn brief(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

/// What ed has deleted of papers and ledgers, in this state; as this build stores it, as one before it did, and as that
/// one left it when its pages were dropped.
async fn of_two_collections(state: State) -> Vec<(World, String)> {
    let mut all = Vec::new();
    for build in ["this", "earlier", "dropped"] {
        let mut world = World::new();
        world.redeclare(|text| text + SHARED);
        let asked = Event::new("POST", "/v1/papers/destroy_all")
            .header("content-type", "application/json")
            .body(r#"{"author":"ann","collections":["ledgers"]}"#);
        let answer = world.call(asked.by("ed", "acme", "[editor]")).await;
        assert_eq!(brief(&answer), (202, "PENDING_DELETE"));
        let mut deletion = world.deletions.all().remove(0);
        let scope = world.deletions.scope(&deletion.tenant, deletion.id).await;
        let scope = scope.unwrap().unwrap();
        deletion.state = state;
        if build != "this" {
            deletion.names.clear();
        }
        if build == "dropped" {
            let counts =
                ["papers", "ledgers"].map(|name| (name.parse().unwrap(), DeleteCounts::default()));
            deletion.deleted = counts.into();
            world.deletions.remove(&deletion);
            world.deletions.put(
                &deletion,
                &Scope::below(world.collection("papers"), &world.collections),
                &[],
            );
            world.deletions.drop_page(&deletion, 1).await.unwrap();
        } else {
            world.deletions.put(&deletion, &scope, &[]);
        }
        drop(world.queue.take());
        all.push((world, deletion.id.to_string()));
    }
    all
}

#[tokio::test]
async fn every_collection_that_was_named_is_asked_who_may_act_on_the_deletion() {
    for (state, groups, offered) in [
        (State::Deleted, "[editor]", json!([])),
        (
            State::Deleted,
            "[editor vault]",
            json!(["restore", "purge"]),
        ),
        (State::Deleting, "[editor]", json!(["cancel"])),
        (State::DeleteFailed, "[editor]", json!(["retry"])),
        (State::RestoreFailed, "[editor]", json!([])),
        (State::PurgeFailed, "[editor]", json!([])),
        (State::PurgeFailed, "[editor vault]", json!(["retry"])),
    ] {
        for (world, id) in of_two_collections(state).await {
            let by_ed = |event: Event| event.by("ed", "acme", groups);

            let shown = world
                .call(by_ed(Event::new("GET", &format!("/v1/deletions/{id}"))))
                .await;

            assert_eq!(
                shown.body["allowed_actions"], offered,
                "{groups} in {state}"
            );
            for action in ["cancel", "retry", "restore", "purge"] {
                if offered.as_array().unwrap().contains(&json!(action)) {
                    continue;
                }
                let path = format!("/v1/deletions/{id}/{action}");
                let refused = world.call(by_ed(Event::new("POST", &path))).await;
                assert!([403, 409].contains(&refused.status), "{action} in {state}");
                if groups == "[editor]" && ["restore", "purge"].contains(&action) {
                    assert_eq!(brief(&refused), (403, "FORBIDDEN"), "{action} in {state}");
                }
            }
            assert!(world.queue.is_empty());
        }
    }
    for (world, id) in of_two_collections(State::Deleted).await {
        let path = format!("/v1/deletions/{id}/restore");
        let both = Event::new("POST", &path).by("eve", "acme", "[editor vault]");
        assert_eq!(world.call(both).await.status, 202);
    }
}

#[tokio::test]
async fn every_collection_that_was_named_is_asked_who_may_see_the_deletion() {
    for (who, groups, sees) in [
        // Who asked, unless one of the collections lets them do nothing any more.
        ("ed", "[editor]", true),
        ("ed", "[]", true),
        ("ed", "[editor leaver]", false),
        ("eve", "[editor]", false),
        ("eve", "[vault]", false),
        ("eve", "[editor vault]", true),
    ] {
        for (world, id) in of_two_collections(State::Deleted).await {
            let by = |path: &str| Event::new("GET", path).by(who, "acme", groups);
            for path in [
                format!("/v1/deletions/{id}"),
                format!("/v1/deletions/{id}/records"),
            ] {
                let answer = world.call(by(&path)).await;
                let expected = if sees { 200 } else { 404 };
                assert_eq!(answer.status, expected, "{who} {groups} {path}");
            }
            let listed = world.call(by("/v1/deletions")).await;
            assert_eq!(listed.ids().len(), usize::from(sees), "{who} {groups}");
            let acted = Event::new("POST", &format!("/v1/deletions/{id}/restore"));
            let acted = world.call(acted.by(who, "acme", groups)).await;
            assert_eq!(acted.status == 404, !sees, "{who} {groups}");
        }
    }
}

#[tokio::test]
async fn where_the_file_of_one_named_collection_is_gone_nobody_acts_and_who_asked_sees() {
    for (mut world, id) in of_two_collections(State::Deleted).await {
        world.redeclare(|text| text + SHARED.split("[ledgers]").next().unwrap());
        let path = format!("/v1/deletions/{id}");
        let all = "[editor vault]";

        let shown = world
            .call(Event::new("GET", &path).by("ed", "acme", all))
            .await;
        let unseen = world
            .call(Event::new("GET", &path).by("eve", "acme", all))
            .await;
        let acted = Event::new("POST", &format!("{path}/restore")).by("ed", "acme", all);

        assert_eq!(shown.body["allowed_actions"], json!([]));
        assert_eq!(unseen.status, 404);
        assert_eq!(brief(&world.call(acted).await), (403, "FORBIDDEN"));
    }
}
