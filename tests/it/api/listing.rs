//! Lists and their cursors.

use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};

fn mail() -> World {
    let world = World::new();
    for discussion in ["d-1", "d-2", "d-3"] {
        world.put("discussions", &key(discussion));
    }
    for message in 0..5 {
        world.put("messages", &key2("d-1", &format!("m-{message}")));
    }
    world
}

/// Follows the cursors of a list to its end, in pages of 2.
async fn pages(world: &World, target: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    loop {
        let cursor = answers
            .last()
            .map(|page| format!("&cursor={}", page.body["next_cursor"].as_str().unwrap()));
        let target = format!("{target}limit=2{}", cursor.unwrap_or_default());
        let answer = world.call(Event::new("GET", &target)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.ids().len() <= 2);
        let is_last = answer.body["next_cursor"].is_null();
        answers.push(answer);
        if is_last {
            return answers;
        }
        assert!(answers.len() < 20, "{target} has no end");
    }
}

fn sorts(pages: &[Answer]) -> Vec<&str> {
    let items = pages
        .iter()
        .flat_map(|page| page.body["items"].as_array().unwrap());
    items
        .map(|item| item["sort"].as_str().or(item["id"].as_str()).unwrap())
        .collect()
}

#[tokio::test]
async fn cursors_lead_through_every_list_once() {
    let world = mail();

    assert_eq!(
        sorts(&pages(&world, "/v1/discussions?").await),
        ["d-1", "d-2", "d-3"]
    );
    assert_eq!(
        sorts(&pages(&world, "/v1/messages?parent=d-1&").await),
        ["m-0", "m-1", "m-2", "m-3", "m-4"]
    );
    assert_eq!(
        sorts(&pages(&world, "/v1/search/messages?q=stone&").await),
        ["m-4", "m-3", "m-2", "m-1", "m-0"]
    );
}

#[tokio::test]
async fn a_two_part_parent_is_named_by_two_parameters() {
    let world = mail();
    let replies = world.collection("replies");
    for (id, order) in [("r-1", "m-1"), ("r-2", "m-2")] {
        let mut row = testing::samples::row(replies, &key(id), "acme");
        row.extend([
            ("group".to_owned(), "d-1".into()),
            ("order".to_owned(), order.into()),
        ]);
        world.rows.put(replies, row);
    }

    let below = world
        .call(Event::new("GET", "/v1/replies?parent=d-1&parent_sort=m-2"))
        .await;
    let half = world
        .call(Event::new("GET", "/v1/replies?parent=d-1"))
        .await;

    assert_eq!(below.ids(), ["r-2"]);
    assert_eq!(
        (half.code(), half.pointers()),
        ("INVALID_ID", vec!["/query/parent_sort"])
    );
}

#[tokio::test]
async fn a_list_below_a_parent_that_is_not_live_is_empty() {
    let world = mail();

    assert!(
        world
            .call(Event::new("GET", "/v1/messages?parent=absent"))
            .await
            .ids()
            .is_empty()
    );
}

#[tokio::test]
async fn a_list_without_the_parent_it_needs_is_refused() {
    let world = mail();

    for target in ["/v1/messages", "/v1/messages?limit=2", "/v1/drafts"] {
        let answer = world.call(Event::new("GET", target)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "PARENT_REQUIRED"),
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_cursor_goes_on_with_its_own_list_only() {
    let world = mail();
    let first = world
        .call(Event::new("GET", "/v1/messages?parent=d-1&limit=2"))
        .await;
    let cursor = first.body["next_cursor"].as_str().unwrap();

    for target in [
        format!("/v1/messages?parent=d-2&cursor={cursor}"),
        format!("/v1/discussions?cursor={cursor}"),
        format!("/v1/search/messages?q=stone&cursor={cursor}"),
        format!("/v1/deletions?cursor={cursor}"),
        "/v1/messages?parent=d-1&cursor=garbage".to_owned(),
        "/v1/messages?parent=absent&cursor=garbage".to_owned(),
        "/v1/discussions?cursor=".to_owned(),
    ] {
        let answer = world.call(Event::new("GET", &target)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "INVALID_CURSOR"),
            "{target}"
        );
        assert_eq!(answer.pointers(), ["/query/cursor"]);
    }
    let foreign =
        Event::new("GET", &format!("/v1/discussions?cursor={cursor}")).by("gus", "globex", "[]");
    assert_eq!(world.call(foreign).await.code(), "INVALID_CURSOR");
}

#[tokio::test]
async fn a_text_that_the_index_refuses_is_the_clients_fault_and_an_index_that_refuses_all_is_not() {
    for (fails, expected) in [
        (1..=1, (400, "INVALID_PARAMETER")),
        (1..=9, (500, "DEPENDENCY_REFUSED")),
    ] {
        let world = mail();
        world
            .faults
            .fail(Operation::Search, fails, Fault::Refused(Moment::Before));

        let answer = world
            .call(Event::new("GET", "/v1/search/messages?q=stone"))
            .await;

        assert_eq!((answer.status, answer.code()), expected);
    }
}

#[tokio::test]
async fn a_search_has_at_most_fifty_words_and_five_prefixes() {
    let world = mail();
    let words = |n: usize| vec!["stone"; n].join("%20");
    for (text, status) in [
        (words(50), 200),
        (words(51), 400),
        (vec!["a"; 51].join("-"), 400),
        (vec!["a"; 51].join("%7C"), 400),
        ("a*%20b*%20c*%20d*%20e*".to_owned(), 200),
        ("a*%20b*%20c*%20d*%20e*%20f*".to_owned(), 400),
        // None of these stars ends a word.
        ("2*3*4*5*6*7*8".to_owned(), 200),
        ("(".repeat(1_000), 200),
        ("~".repeat(1_000), 200),
        ("x".repeat(1_001), 400),
    ] {
        let answer = world
            .call(Event::new("GET", &format!("/v1/search/messages?q={text}")))
            .await;

        assert_eq!(answer.status, status, "{text}");
        if status == 400 {
            assert_eq!(answer.code(), "INVALID_PARAMETER", "{text}");
            assert_eq!(answer.pointers(), ["/query/q"], "{text}");
        }
    }
}

#[tokio::test]
async fn records_that_are_too_large_for_one_answer_come_in_more_pages() {
    let world = World::new();
    let discussions = world.collection("discussions");
    for n in 0..8 {
        let key = key(&format!("d-{n}"));
        let mut row = testing::samples::row(discussions, &key, "acme");
        // Quotes are written as two characters in an answer, and as four in Lambda's.
        row.insert("subject".to_owned(), "\"".repeat(390_000).into());
        world.rows.put(discussions, row);
    }

    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = world
            .call(Event::new(
                "GET",
                &format!("/v1/discussions?limit=8{cursor}"),
            ))
            .await;
        assert!(serde_json::to_string(&answer.text).unwrap().len() < 6_000_000);
        found.extend(answer.ids().into_iter().map(str::to_owned));
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        found,
        ["d-0", "d-1", "d-2", "d-3", "d-4", "d-5", "d-6", "d-7"]
    );
}
