//! Cursors: sealed, bound to caller and list, valid for a day, and there only where the caller may read more.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::{Strategy, prop_oneof};
use proptest::string::string_regex;
use requests::CursorKeys;
use serde_json::json;
use testing::samples::{key, key2};

use super::event::{Event, encode};
use super::stories::tell;
use super::world::{Answer, World};

/// Discussions, messages and a deletion with three records: each list of the api has more than one page.
async fn full() -> (World, [String; 5]) {
    let world = World::new();
    for discussion in ["d-1", "d-2", "d-3", "d-4"] {
        world.put("discussions", &key(discussion));
    }
    for message in 0..5 {
        world.put("messages", &key2("d-1", &format!("m-{message}")));
    }
    world.put("messages", &key2("d-3", "m-1"));
    world.put("messages", &key2("d-3", "m-2"));
    let mut id = String::new();
    for discussion in ["d-3", "d-4"] {
        let target = format!("/v1/discussions/{discussion}");
        let accepted = world.call(Event::new("DELETE", &target)).await;
        let accepted = accepted.body["deletion"]["id"].as_str().unwrap().to_owned();
        if id.is_empty() {
            id = accepted;
        }
    }
    world.come_to_rest().await;
    let lists = [
        "/v1/discussions?limit=1".to_owned(),
        "/v1/messages?parent=d-1&limit=1".to_owned(),
        "/v1/search/messages?q=stone&limit=1".to_owned(),
        "/v1/deletions?limit=1".to_owned(),
        format!("/v1/deletions/{id}/records?limit=1"),
    ];
    (world, lists)
}

async fn get(world: &World, target: &str) -> Answer {
    world.call(Event::new("GET", target)).await
}

async fn cursor(world: &World, target: &str) -> String {
    let answer = get(world, target).await;
    let cursor = answer.body["next_cursor"].as_str();
    cursor
        .unwrap_or_else(|| panic!("{target}: {answer:?}"))
        .to_owned()
}

fn assert_invalid(answer: &Answer, what: &str) {
    let told = (answer.status, answer.code(), answer.pointers());
    assert_eq!(
        told,
        (400, "INVALID_CURSOR", vec!["/query/cursor"]),
        "{what}"
    );
}

#[tokio::test]
async fn a_cursor_shows_nothing_and_says_nothing_by_its_length() {
    let (world, lists) = full().await;
    world.put("messages", &key2("d-1", &"m-9".repeat(40)));

    let mut lengths = Vec::new();
    for list in &lists {
        let cursor = cursor(&world, list).await;
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        for shown in ["d-", "m-", "acme", "ann", "page", "entry", "until"] {
            let shows = bytes
                .windows(shown.len())
                .any(|part| part == shown.as_bytes());
            assert!(!shows, "{list}: {shown}");
        }
        lengths.push(cursor.len());
    }

    lengths.dedup();
    assert_eq!(lengths.len(), 1, "{lengths:?}");
    let twice = [
        cursor(&world, &lists[0]).await,
        cursor(&world, &lists[0]).await,
    ];
    assert_ne!(twice[0], twice[1]);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_and_caller_and_for_nothing_else() {
    let (world, lists) = full().await;
    for list in &lists {
        let cursor = cursor(&world, list).await;
        for other in &lists {
            let target = format!("{other}&cursor={cursor}");
            let same = list == other;
            let answer = get(&world, &target).await;
            if same {
                assert_eq!(answer.status, 200, "{target}: {answer:?}");
            } else {
                assert_invalid(&answer, &target);
            }
            // Whoever else asks has no cursor: a colleague with the same rights, and the same name elsewhere.
            for (subject, tenant) in [("bob", "acme"), ("ann", "globex")] {
                let event = Event::new("GET", &target).by(subject, tenant, "[admin]");
                assert_invalid(&world.call(event).await, &target);
            }
        }
    }
    // Another query of the same list.
    let messages = cursor(&world, &lists[1]).await;
    let search = cursor(&world, &lists[2]).await;
    let deletions = cursor(&world, &lists[3]).await;
    // The same words in another place of the query are another query.
    let of_collection = cursor(&world, "/v1/deletions?collection=discussions&limit=1").await;
    for target in [
        format!("/v1/deletions?requested_by=discussions&cursor={of_collection}"),
        format!("/v1/messages?parent=d-2&cursor={messages}"),
        format!("/v1/search/messages?q=ston&cursor={search}"),
        format!("/v1/search/discussions?q=stone&cursor={search}"),
        format!("/v1/deletions?state=DELETED&cursor={deletions}"),
        format!("/v1/deletions?requested_by=ann&cursor={deletions}"),
    ] {
        assert_invalid(&get(&world, &target).await, &target);
    }
    // How many are wanted is no part of it.
    let more = format!("/v1/messages?parent=d-1&limit=3&cursor={messages}");
    assert_eq!(get(&world, &more).await.ids().len(), 3);
}

#[tokio::test]
async fn what_is_no_cursor_is_refused_on_every_list_also_below_what_is_not_there() {
    let (world, mut lists) = full().await;
    let genuine = cursor(&world, &lists[1]).await;
    let mut forged = vec![
        String::new(),
        "garbage".to_owned(),
        "e30".to_owned(),
        "eyJ2IjoxLCJxIjoiIiwicCI6IiJ9".to_owned(),
        "AAAA".repeat(200),
        genuine[..genuine.len() - 1].to_owned(),
        format!("{genuine}A"),
        format!("A{genuine}"),
    ];
    let mut bytes = URL_SAFE_NO_PAD.decode(&genuine).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    forged.push(URL_SAFE_NO_PAD.encode(bytes));
    // As the first builds wrote them: readable, and not sealed.
    let plain = json!({ "v": 1, "q": "x", "p": { "id": "d-1", "sort": "m-4" } });
    forged.push(URL_SAFE_NO_PAD.encode(plain.to_string()));
    let mut below_nothing = vec![
        "/v1/messages?parent=absent".to_owned(),
        "/v1/messages?parent=d-3".to_owned(),
        "/v1/deletions/01a1fce7-9d80-7c3a-9f21-5b0e4d8a7c16/records?limit=1".to_owned(),
    ];
    let mut all = lists.to_vec();
    all.append(&mut below_nothing);

    for target in all {
        for cursor in &forged {
            let target = format!("{target}&cursor={cursor}");
            assert_invalid(&get(&world, &target).await, &target);
        }
    }
    // A genuine one of another parent, below an absent one.
    lists[1] = format!("/v1/messages?parent=absent&cursor={genuine}");
    assert_invalid(&get(&world, &lists[1]).await, "another parent's");
}

#[tokio::test]
async fn a_cursor_is_valid_for_a_day_and_not_a_millisecond_longer() {
    let (world, lists) = full().await;
    let mut cursors = Vec::new();
    for list in &lists {
        cursors.push(format!("{list}&cursor={}", cursor(&world, list).await));
    }

    world
        .clock
        .advance(Duration::from_hours(24).saturating_sub(Duration::from_millis(1)));
    for target in &cursors {
        assert_eq!(get(&world, target).await.status, 200, "{target}");
    }
    world.clock.advance(Duration::from_millis(1));
    for target in &cursors {
        assert_invalid(&get(&world, target).await, target);
    }
}

#[tokio::test]
async fn after_a_rotation_a_list_goes_on_and_after_two_it_begins_again() {
    let (mut world, lists) = full().await;
    let (first, second, third) = ("a key of the tests", "the next key", "and one more");
    let list = &lists[1];
    let target = format!("{list}&cursor={}", cursor(&world, list).await);

    world.cursor_keys = CursorKeys::new(second, Some(first));
    let rotated = get(&world, &target).await;
    let new = cursor(&world, list).await;
    world.cursor_keys = CursorKeys::new(third, Some(second));

    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_invalid(
        &get(&world, &target).await,
        "sealed by the key before the last",
    );
    assert_eq!(
        get(&world, &format!("{list}&cursor={new}")).await.status,
        200
    );
}

#[tokio::test]
async fn a_cursor_that_is_ours_and_of_no_use_any_more_is_refused_too() {
    let (mut world, lists) = full().await;
    let target = format!("{}&cursor={}", lists[0], cursor(&world, &lists[0]).await);

    // The table has another index now, in which the place is none.
    world.redeclare(|text| {
        text.replace(
            r#"tenant      = { attribute = "user_id", gsi = "by_user" }"#,
            r#"tenant      = { attribute = "user_id", gsi = "by_owner" }"#,
        )
    });

    assert_invalid(&get(&world, &target).await, &target);
}

/// What a member sees.
async fn seen_by(subject: &str, world: &World, list: &str) -> Answer {
    let event = Event::new("GET", list).by(subject, "acme", "[]");
    world.call(event).await
}

fn put_own(world: &World, collection: &str, id: &str, writer: &str) {
    let declared = world.collection(collection);
    let mut row = testing::samples::row(declared, &key(id), "acme");
    row.insert("writer".to_owned(), json!(writer));
    world.put_row(collection, row);
}

#[tokio::test]
async fn who_reads_only_their_own_learns_nothing_of_others_from_the_end_of_a_page() {
    let lists = [
        "/v1/diaries?limit=2",
        "/v1/scraps?limit=2",
        "/v1/search/diaries?q=stone&limit=2",
    ];
    for list in lists {
        let collection = if list.contains("scraps") {
            "scraps"
        } else {
            "diaries"
        };
        let alone = World::new();
        let beside = World::new();
        for world in [&alone, &beside] {
            put_own(world, collection, "m-3", "ann");
            put_own(world, collection, "m-5", "ann");
        }
        for n in [0, 1, 2, 4, 6, 7, 8, 9] {
            put_own(&beside, collection, &format!("m-{n}"), "bob");
        }

        let (expected, seen) = (
            seen_by("ann", &alone, list).await,
            seen_by("ann", &beside, list).await,
        );

        assert_eq!(expected.ids().len(), 2, "{list}: {expected:?}");
        assert_eq!(seen, expected, "{list}");
        assert_eq!(seen.body["next_cursor"], json!(null), "{list}");
        assert_eq!(
            seen_by("carl", &beside, list).await,
            seen_by("carl", &World::new(), list).await,
            "{list}"
        );
    }
}

#[tokio::test]
async fn what_is_deleted_behind_the_last_record_makes_no_cursor() {
    for (list, name, gone) in [
        (
            "/v1/messages?parent=d-1&limit=2",
            "messages",
            key2("d-1", "m-3"),
        ),
        ("/v1/discussions?limit=1", "discussions", key("d-9")),
        // Downwards: the last one is the first of the table.
        (
            "/v1/search/messages?q=stone&limit=2",
            "messages",
            key2("d-1", "m-0"),
        ),
    ] {
        let world = World::new();
        world.put("discussions", &key("d-1"));
        for message in ["m-1", "m-2"] {
            world.put("messages", &key2("d-1", message));
        }
        let without = get(&world, list).await;
        world.put(name, &gone);
        let with = get(&world, list).await;
        let target = match &gone.sort {
            Some(sort) => format!("/v1/{name}/{}/{sort}", gone.partition),
            None => format!("/v1/{name}/{}", gone.partition),
        };
        world.call(Event::new("DELETE", &target)).await;

        let answer = get(&world, list).await;

        assert!(with.body["next_cursor"].is_string(), "{list}: {with:?}");
        assert_eq!(answer, without, "{list}");
        assert_eq!(answer.body["next_cursor"], json!(null), "{list}");
    }
}

#[tokio::test]
async fn deletions_that_the_caller_may_not_see_make_no_cursor() {
    let (world, _) = full().await;
    world.put("discussions", &key("own"));
    let own = Event::new("DELETE", "/v1/discussions/own").by("bob", "acme", "[admin]");
    world.call(own).await;

    // Bob is no administrator any more, and sees what he requested himself.
    let list = Event::new("GET", "/v1/deletions?limit=1").by("bob", "acme", "[]");
    let answer = world.call(list).await;

    assert_eq!(answer.ids().len(), 1);
    assert_eq!(answer.body["next_cursor"], json!(null));
}

/// The most characters of a cursor for a key of two parts: `docs/limits.md`.
const LONGEST: usize = 4_500;

/// 1,024 bytes of one kind of characters, or of several: the longest that a part of a key may be.
fn longest() -> impl Strategy<Value = String> {
    let kinds = prop_oneof![
        string_regex("[\\x01-\\x1e]{1024}").unwrap(),
        string_regex("[\"\\\\]{1024}").unwrap(),
        string_regex("([\\x00-\\x1e]|[\\x20-\\x7f]){1024}").unwrap(),
        string_regex("[\\x20-\u{10ffff}]{1024}").unwrap(),
    ];
    // Without U+001F, which parts the two halves of a document's id.
    kinds.prop_map(|text| text[..text.floor_char_boundary(1_024)].to_owned())
}

#[test]
fn a_cursor_is_short_enough_for_a_request_line_whatever_characters_the_key_has() {
    tell(
        24,
        (longest(), longest()),
        async |(parent, id): (String, String)| {
            let world = World::new();
            // A document's id has at most 512 bytes, so what is longer cannot be found.
            let cut = |text: &str| text[..text.floor_char_boundary(250)].to_owned();
            // Upwards and downwards the long one is the second, and one more is behind it.
            let (before, after) = (format!("{}!", "\0".repeat(9)), "\u{10ffff}".repeat(9));
            for (parent, id) in [(&parent, &id), (&cut(&parent), &cut(&id))] {
                world.put("discussions", &key(parent));
                for other in [&before, id, &after] {
                    world.put("messages", &key2(parent, other));
                }
            }
            let list = format!("/v1/messages?parent={}&limit=2", encode(&parent));
            for target in [list, "/v1/search/messages?q=stone&limit=2".to_owned()] {
                let cursor = cursor(&world, &target).await;
                let next = get(&world, &format!("{target}&cursor={cursor}")).await;

                assert!(cursor.len() <= LONGEST, "{}: {target}", cursor.len());
                assert_eq!(next.ids().len(), 1, "{target}: {next:?}");
            }
        },
    );
}
