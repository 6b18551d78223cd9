//! Who asks: only what the authorizer says, and before everything else.

use serde_json::{Value, json};
use shared::testing::samples::key;

use super::event::Event;
use super::world::World;

#[tokio::test]
async fn nobody_is_let_through_whom_no_authorizer_has_verified() {
    let world = World::new();
    world.put("discussions", &key("d-1"));

    for (method, target) in [
        ("DELETE", "/v1/discussions/d-1"),
        ("GET", "/v1/deletions"),
        ("GET", "/nowhere"),
        ("PUT", "/v1/discussions/d-1"),
        ("DELETE", "/v1/discussions?x=%"),
    ] {
        for authorizer in [
            Value::Null,
            json!({}),
            json!({ "jwt": null }),
            json!({ "lambda": { "sub": "ann", "custom:tenant": "acme" } }),
        ] {
            let answer = world
                .call(Event::new(method, target).authorizer(authorizer.clone()))
                .await;

            assert_eq!(
                (answer.status, answer.code()),
                (401, "UNAUTHENTICATED"),
                "{method} {target} {authorizer}"
            );
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_token_names_a_subject_and_a_tenant_or_nothing_is_done() {
    let world = World::new();
    world.put("discussions", &key("d-1"));

    for (claims, status, code) in [
        (json!({}), 401, "UNAUTHENTICATED"),
        (json!({ "custom:tenant": "acme" }), 401, "UNAUTHENTICATED"),
        (
            json!({ "sub": "", "custom:tenant": "acme" }),
            401,
            "UNAUTHENTICATED",
        ),
        (json!({ "sub": "ann" }), 403, "TENANT_MISSING"),
        (
            json!({ "sub": "ann", "custom:tenant": "" }),
            403,
            "TENANT_MISSING",
        ),
        (
            json!({ "sub": "ann", "tenant": "acme" }),
            403,
            "TENANT_MISSING",
        ),
    ] {
        for target in ["/v1/discussions/d-1", "/nowhere", "/v1/discussions/a%23b"] {
            let answer = world
                .call(Event::new("DELETE", target).claims(claims.clone()))
                .await;
            assert_eq!(
                (answer.status, answer.code()),
                (status, code),
                "{claims} {target}"
            );
        }
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn the_request_itself_never_says_who_asks() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    let event = Event::new("DELETE", "/v1/discussions/d-1")
        .by("gus", "globex", "[admin]")
        .header("x-tenant", "acme")
        .header("authorization", "Bearer acme");

    assert_eq!(world.call(event).await.code(), "ALREADY_DELETED");
    assert!(world.is_untouched());
}

#[tokio::test]
async fn groups_are_read_in_every_form_and_never_guessed() {
    for (groups, may) in [
        ("[admin]", true),
        ("[ops admin]", true),
        (r#"["ops","admin"]"#, true),
        ("admin", true),
        ("[]", false),
        ("", false),
        ("[administrators]", false),
        ("ops admin", false),
        ("[admin", false),
        ("[ops,admin]", false),
        ("Admin", false),
    ] {
        let world = World::new();
        world.put("discussions", &key("d-1"));

        let answer = world
            .call(Event::new("DELETE", "/v1/discussions/d-1").by("bob", "acme", groups))
            .await;

        assert_eq!(answer.status == 202, may, "{groups}");
        assert_eq!(world.is_untouched(), !may, "{groups}");
    }
}

#[tokio::test]
async fn a_caller_without_groups_is_a_member() {
    let world = World::new();
    world.put("discussions", &key("d-1"));

    let claims = json!({ "sub": "bob", "custom:tenant": "acme" });
    let answer = world
        .call(Event::new("GET", "/v1/discussions/d-1").claims(claims))
        .await;

    assert_eq!(answer.status, 200);
}
