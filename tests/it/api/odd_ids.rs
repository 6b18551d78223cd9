//! Odd ids: each names its own record, by path where that is sure and by query always. Never another one.

use testing::samples::{ODD_IDS, key, key2};

use super::event::{Event, Gateway, encode};
use super::world::World;

/// Beside the samples: what decoders, cutters and normalizers make of one another.
const MORE: [&str; 34] = [
    "a",
    "b",
    "ab",
    "a+b",
    "a#b",
    "a?b",
    "a?id=b",
    "a&b",
    "a&id=b",
    "a=b",
    "50%",
    "%25",
    "%252F",
    "a%2Fb",
    "a/",
    "/a",
    "//",
    "/",
    "a/../b",
    "a<b",
    "a>b",
    "a|b",
    "a\tb",
    "a\r\nb",
    "\0",
    "\u{7f}",
    "`",
    "^",
    "[x]",
    "id;v=1",
    " a",
    "a ",
    "\u{FFFD}",
    "\u{202E}a",
];

/// The ids that a path surely carries.
fn is_plain(id: &str) -> bool {
    !id.contains(['/', '?', '#', '%', '\u{FFFD}']) && id != "." && id != ".."
}

fn ids() -> impl Iterator<Item = &'static str> {
    ODD_IDS.into_iter().chain(MORE)
}

/// With a record for every id, so that a wrong one is found.
fn world() -> World {
    let world = World::new();
    for id in ids() {
        world.put("discussions", &key(id));
        world.put("messages", &key2("a", id));
        world.put("messages", &key2(id, "a"));
    }
    world
}

#[tokio::test]
async fn by_query_every_id_is_served_exactly() {
    for id in ids() {
        let world = world();
        let target = format!("/v1/discussions?id={}", encode(id));

        let read = world.call(Event::new("GET", &target)).await;
        let deleted = world.call(Event::new("DELETE", &target)).await;

        assert_eq!(
            (read.status, read.body["id"].as_str()),
            (200, Some(id)),
            "{id:?}"
        );
        assert_eq!(
            (deleted.code(), deleted.body["id"].as_str()),
            ("PENDING_DELETE", Some(id)),
            "{id:?}"
        );
        assert_eq!(world.marked("discussions"), [key(id)], "{id:?}");
        assert_eq!(world.marked("messages"), [], "{id:?}");
    }
}

#[tokio::test]
async fn by_query_both_parts_of_a_key_are_served_exactly() {
    for id in ids() {
        for (target, record) in [
            (
                format!("/v1/messages?id=a&sort={}", encode(id)),
                key2("a", id),
            ),
            (
                format!("/v1/messages?sort=a&id={}", encode(id)),
                key2(id, "a"),
            ),
        ] {
            let world = world();

            let deleted = world.call(Event::new("DELETE", &target)).await;

            assert_eq!(deleted.code(), "PENDING_DELETE", "{target}");
            assert_eq!(world.marked("messages"), [record], "{target}");
        }
    }
}

#[tokio::test]
async fn by_path_an_id_is_served_exactly_or_refused_whatever_the_gateway_decodes_first() {
    for gateway in [Gateway::DecodesFirst, Gateway::RoutesFirst] {
        for id in ids() {
            let world = world();
            let target = format!("/v1/discussions/{}", encode(id));

            let deleted = world.call(Event::through(gateway, "DELETE", &target)).await;

            if is_plain(id) {
                assert_eq!(
                    (deleted.code(), deleted.body["id"].as_str()),
                    ("PENDING_DELETE", Some(id)),
                    "{gateway:?} {id:?}"
                );
                assert_eq!(world.marked("discussions"), [key(id)], "{gateway:?} {id:?}");
            } else {
                assert_eq!(
                    (deleted.status, deleted.code()),
                    (400, "ID_NEEDS_QUERY"),
                    "{gateway:?} {id:?}"
                );
                assert!(world.is_untouched(), "{gateway:?} {id:?}");
            }
        }
    }
}

#[tokio::test]
async fn by_path_both_parts_of_a_key_are_served_exactly_or_refused() {
    for gateway in [Gateway::DecodesFirst, Gateway::RoutesFirst] {
        for id in ids() {
            for (target, record) in [
                (format!("/v1/messages/a/{}", encode(id)), key2("a", id)),
                (format!("/v1/messages/{}/a", encode(id)), key2(id, "a")),
            ] {
                let world = world();

                let deleted = world.call(Event::through(gateway, "DELETE", &target)).await;

                if is_plain(id) {
                    assert_eq!(
                        (deleted.code(), world.marked("messages")),
                        ("PENDING_DELETE", vec![record]),
                        "{gateway:?} {target}"
                    );
                } else {
                    assert_eq!(
                        (deleted.status, deleted.code()),
                        (400, "ID_NEEDS_QUERY"),
                        "{gateway:?} {target}"
                    );
                    assert!(world.is_untouched(), "{gateway:?} {target}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_path_as_a_careless_client_writes_it_never_names_another_record() {
    for path in [
        "a b", "a\"b", "🪦", "a|b", "a\\b", "a<b", "[x]", "{}", "^", "`",
    ] {
        let world = world();

        let answer = world
            .call(Event::new("DELETE", &format!("/v1/discussions/{path}")))
            .await;

        assert_eq!(
            (answer.code(), world.marked("discussions")),
            ("PENDING_DELETE", vec![key(path)]),
            "{path}"
        );
    }
    for query in [
        "a b", "a\"b", "🪦", "a|b", "a\\b", "a<b", "a#b", "a/b", "a?b", "a+b", "a=b",
    ] {
        let world = world();

        let answer = world
            .call(Event::new("DELETE", &format!("/v1/discussions?id={query}")))
            .await;

        assert_eq!(
            (answer.code(), world.marked("discussions")),
            ("PENDING_DELETE", vec![key(query)]),
            "{query}"
        );
    }
}

/// Why the function takes the event itself. When this fails, `lambda_http` has changed: look again.
#[test]
fn a_request_as_lambda_http_rebuilds_it_names_another_record() {
    for (id, path) in [
        ("a#b", "/v1/discussions/a"),
        ("a\\b", "/v1/discussions/a/b"),
        ("a\tb", "/v1/discussions/ab"),
    ] {
        let event = serde_json::to_string(
            &Event::new("DELETE", &format!("/v1/discussions/{}", encode(id))).decoded(),
        )
        .unwrap();

        let rebuilt = lambda_http::request::from_str(&event).unwrap();

        assert_eq!(rebuilt.uri().path(), path, "{id:?}");
    }
}
