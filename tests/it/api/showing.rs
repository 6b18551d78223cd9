//! Deletions and their manifests.

use domain::deletion::{DeleteCounts, Failure, PurgeCounts, State};
use domain::page::{Entry, Judged, Page};
use domain::scope::Scope;
use serde_json::{Value, json};
use testing::samples::{key, key2};

use super::event::Event;
use super::world::World;

/// Deletes these discussions one after the other, each by its caller, and answers the ids of their deletions.
async fn deleted(world: &World, roots: &[(&str, &str)]) -> Vec<String> {
    let mut ids = Vec::new();
    for (root, subject) in roots {
        world.put("discussions", &key(root));
        let event =
            Event::new("DELETE", &format!("/v1/discussions/{root}")).by(subject, "acme", "[admin]");
        ids.push(
            world.call(event).await.body["deletion"]["id"]
                .as_str()
                .expect("it is accepted")
                .to_owned(),
        );
    }
    ids
}

/// Puts the only deletion into this state.
fn change(world: &World, change: impl FnOnce(&mut domain::deletion::Deletion)) {
    let mut deletion = world.deletions.all().remove(0);
    change(&mut deletion);
    world.deletions.put(
        &deletion,
        &Scope::below(world.collection("discussions"), &world.collections),
        &[],
    );
}

#[tokio::test]
async fn a_deletion_is_shown_as_it_was_accepted_and_invites_to_poll() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    let accepted = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;

    let shown = world
        .call(Event::new("GET", accepted.header("location").unwrap()))
        .await;

    assert_eq!(shown.status, 200);
    assert_eq!(shown.body, accepted.body["deletion"]);
    assert_eq!(shown.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_parked_deletion_is_done_and_says_why() {
    let world = World::new();
    let id = deleted(&world, &[("d-1", "ann")]).await.remove(0);
    let messages = world.collection("messages").name.clone();
    change(&world, |deletion| {
        deletion.state = State::DeleteFailed;
        deletion.attempts = 2;
        deletion.failure = Some(Failure {
            code: "RECORDS_FAILED".to_owned(),
            reason: "1 records failed".to_owned(),
        });
        deletion.deleted.insert(
            messages.clone(),
            DeleteCounts {
                selected: 3,
                deleted: 2,
                failed: 1,
                ..DeleteCounts::default()
            },
        );
        deletion.deleted.remove("discussions");
        deletion.purged.insert(
            messages,
            PurgeCounts {
                purged: 2,
                kept: 0,
                failed: 0,
            },
        );
    });

    let shown = world
        .call(Event::new("GET", &format!("/v1/deletions/{id}")))
        .await;

    assert_eq!(
        (shown.body["state"].as_str(), shown.body["done"].as_bool()),
        (Some("DELETE_FAILED"), Some(true))
    );
    assert_eq!(shown.header("retry-after"), None);
    assert_eq!(shown.body["attempts"], 2);
    assert_eq!(
        shown.body["failure"],
        json!({ "code": "RECORDS_FAILED", "reason": "1 records failed" })
    );
    assert_eq!(
        shown.body["counts"],
        json!({
            "delete": { "messages": { "selected": 3, "deleted": 2, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 1, "not_reached": 0 } },
            "restore": {},
            "purge": { "messages": { "purged": 2, "kept": 0, "failed": 0 } },
        })
    );
}

#[tokio::test]
async fn every_state_is_named_as_documented_and_only_working_ones_invite_to_poll() {
    for state in State::ALL {
        let world = World::new();
        let id = deleted(&world, &[("d-1", "ann")]).await.remove(0);
        change(&world, |deletion| deletion.state = state);

        let shown = world
            .call(Event::new("GET", &format!("/v1/deletions/{id}")))
            .await;

        assert_eq!(shown.body["state"], state.as_str());
        assert_eq!(shown.body["pass"], state.pass().as_str());
        assert_eq!(
            shown.header("retry-after").is_none(),
            state.is_done(),
            "{state}"
        );
    }
}

#[tokio::test]
async fn deletions_are_listed_newest_first_and_filtered() {
    let world = World::new();
    let ids = deleted(&world, &[("d-1", "ann"), ("d-2", "bob"), ("d-3", "ann")]).await;
    let (first, second, third) = (ids[0].as_str(), ids[1].as_str(), ids[2].as_str());

    for (query, expected) in [
        ("", vec![third, second, first]),
        ("?requested_by=ann", vec![third, first]),
        (
            "?collection=discussions&state=PENDING_DELETE",
            vec![third, second, first],
        ),
        ("?collection=messages", vec![]),
        ("?collection=gone", vec![]),
        ("?state=PURGED", vec![]),
    ] {
        let listed = world
            .call(Event::new("GET", &format!("/v1/deletions{query}")))
            .await;
        assert_eq!((listed.status, listed.ids()), (200, expected), "{query}");
        assert_eq!(listed.body["next_cursor"], Value::Null);
    }
    let page = world.call(Event::new("GET", "/v1/deletions?limit=2")).await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let rest = world
        .call(Event::new(
            "GET",
            &format!("/v1/deletions?limit=2&cursor={cursor}"),
        ))
        .await;
    assert_eq!((page.ids(), rest.ids()), (vec![third, second], vec![first]));
}

#[tokio::test]
async fn only_deletions_that_the_caller_may_see_are_listed() {
    let world = World::new();
    let ids = deleted(&world, &[("d-1", "ann"), ("d-2", "bob")]).await;

    let mine = world
        .call(Event::new("GET", "/v1/deletions").by("ann", "acme", "[]"))
        .await;
    let nobodys = world
        .call(Event::new("GET", "/v1/deletions").by("eve", "acme", "[]"))
        .await;

    assert_eq!(mine.ids(), [ids[0].as_str()]);
    assert_eq!(nobodys.text, r#"{"items":[],"next_cursor":null}"#);
}

#[tokio::test]
async fn the_manifest_tells_what_became_of_each_record() {
    let world = World::new();
    let id = deleted(&world, &[("d-1", "ann")]).await.remove(0);
    let target = format!("/v1/deletions/{id}/records");

    let pending = world.call(Event::new("GET", &target)).await;
    assert_eq!(
        pending.body,
        json!({
            "items": [{ "collection": "discussions", "key": { "id": "d-1" }, "outcome": "pending", "reason": null, "restore": null, "purge": null }],
            "next_cursor": null,
            "complete": false,
        })
    );

    let messages = world.collection("messages").name.clone();
    let entry = |sort: &str, judged| Entry::new(messages.clone(), key2("d-1", sort), judged);
    let page = Page {
        number: 2,
        entries: vec![
            entry("m-1", Judged::Live),
            entry("m-2", Judged::AlreadyDeleted),
        ],
        next: None,
    };
    let mut deletion = world.deletions.all().remove(0);
    (
        deletion.state,
        deletion.acted,
        deletion.pages,
        deletion.cursor,
    ) = (State::Deleted, 2, 2, 2);
    world.deletions.put(
        &deletion,
        &Scope::below(world.collection("discussions"), &world.collections),
        &[page],
    );

    let first = world
        .call(Event::new("GET", &format!("{target}?limit=2")))
        .await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = world
        .call(Event::new(
            "GET",
            &format!("{target}?limit=2&cursor={cursor}"),
        ))
        .await;

    let outcomes = |body: &Value| -> Vec<(Value, Value)> {
        let items = body["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| (item["key"].clone(), item["outcome"].clone()))
            .collect()
    };
    assert_eq!(
        outcomes(&first.body),
        [
            (json!({ "id": "d-1" }), json!("deleted")),
            (json!({ "id": "d-1", "sort": "m-1" }), json!("deleted"))
        ]
    );
    assert_eq!(
        outcomes(&rest.body),
        [(
            json!({ "id": "d-1", "sort": "m-2" }),
            json!("already_deleted")
        )]
    );
    assert_eq!(rest.body["next_cursor"], Value::Null);
}

/// The manifest of the only deletion, of so many pages of messages with such keys beside the root's; all of its pages
/// one after the other, in calls of so many.
async fn manifest(world: &World, pages: &[Vec<String>], limit: usize) -> Vec<Vec<String>> {
    let messages = world.collection("messages").name.clone();
    let written = (2..).zip(pages).map(|(number, sorts)| Page {
        number,
        entries: sorts
            .iter()
            .map(|sort| Entry::new(messages.clone(), key2("d-1", sort), Judged::Live))
            .collect(),
        next: None,
    });
    let written: Vec<Page> = written.collect();
    let deletion = world.deletions.all().remove(0);
    let scope = Scope::below(world.collection("discussions"), &world.collections);
    world.deletions.put(&deletion, &scope, &written);
    let path = format!("/v1/deletions/{}/records?limit={limit}", deletion.id);
    let (mut answers, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = world
            .call(Event::new("GET", &format!("{path}{cursor}")))
            .await;
        assert_eq!(answer.status, 200, "{:.500}", answer.text);
        // The text is a JSON string in what Lambda answers, of at most 6 MB.
        assert!(serde_json::to_string(&answer.text).unwrap().len() < 6_000_000);
        let items = answer.body["items"].as_array().unwrap();
        let sorts = items.iter().filter_map(|item| item["key"]["sort"].as_str());
        answers.push(sorts.map(str::to_owned).collect());
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return answers,
        }
    }
}

#[tokio::test]
async fn a_manifest_comes_in_pages_of_a_thousand_and_of_less_where_its_keys_are_long() {
    let short: Vec<String> = (0..2_500).map(|n| format!("m-{n:04}")).collect();
    // Each character of these is six in JSON, and seven in what Lambda answers.
    let long: Vec<String> = (0..2_500)
        .map(|n| format!("{n:04}{}", "\u{1}".repeat(1_020)))
        .collect();
    for (sorts, per_page, most) in [(short, 1_000, 4), (long, 190, 10)] {
        let world = World::new();
        deleted(&world, &[("d-1", "ann")]).await;
        let pages: Vec<Vec<String>> = sorts.chunks(per_page).map(<[String]>::to_vec).collect();

        let answers = manifest(&world, &pages, 1_000).await;

        assert_eq!(answers.concat(), sorts);
        assert!(answers.len() <= most, "{}", answers.len());
    }
}

#[tokio::test]
async fn a_list_takes_no_more_than_it_says() {
    let world = World::new();
    let id = deleted(&world, &[("d-1", "ann")]).await.remove(0);
    for (path, most) in [
        ("/v1/deletions?".to_owned(), 100),
        (format!("/v1/deletions/{id}/records?"), 1_000),
        ("/v1/discussions?".to_owned(), 100),
        ("/v1/search/discussions?q=stone&".to_owned(), 100),
    ] {
        let ask = |limit: usize| world.call(Event::new("GET", &format!("{path}limit={limit}")));

        assert_eq!(ask(most).await.status, 200, "{path}");
        let refused = ask(most + 1).await;
        assert_eq!((refused.status, refused.code()), (400, "INVALID_PARAMETER"));
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("from 1 to {most}")), "{detail}");
    }
}

#[tokio::test]
async fn what_waits_for_a_person_shows_no_time_at_which_nothing_would_happen() {
    for state in State::ALL {
        let world = World::new();
        let id = deleted(&world, &[("d-1", "ann")]).await.remove(0);
        change(&world, |deletion| deletion.state = state);

        let shown = world
            .call(Event::new("GET", &format!("/v1/deletions/{id}")))
            .await;

        let waits = state.is_parked() || state == State::Cancelled;
        assert_eq!(shown.body["purge_at"].is_null(), waits, "{state}");
    }
}

#[tokio::test]
async fn events_that_were_given_up_are_shown_with_the_reason() {
    let world = World::new();
    let id = deleted(&world, &[("d-1", "ann")]).await.remove(0);
    let path = format!("/v1/deletions/{id}");
    let before = world.call(Event::new("GET", &path)).await;
    assert_eq!(before.body.get("events_given_up"), None);
    change(&world, |deletion| {
        let failure = Failure::new("EVENT_REFUSED", "event bus: it refused");
        deletion.notified.delete.give_up(failure);
    });

    let shown = world.call(Event::new("GET", &path)).await;

    assert_eq!(
        shown.body["events_given_up"],
        json!({ "count": 1, "code": "EVENT_REFUSED", "reason": "event bus: it refused" })
    );
}
