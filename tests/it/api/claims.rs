//! Who asks: only what the authorizer says, and before everything else.

use serde_json::{Value, json};
use testing::samples::key;
use wiring::config::GroupsForm;

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

/// What bob gets who asks for the deletion of ann's discussion.
async fn may_delete(event: impl FnOnce(Event) -> Event) -> bool {
    let world = World::new();
    world.put("discussions", &key("d-1"));

    let answer = world
        .call(event(Event::new("DELETE", "/v1/discussions/d-1")))
        .await;

    assert!([202, 403].contains(&answer.status), "{answer:?}");
    assert_eq!(world.is_untouched(), answer.status == 403);
    answer.status == 202
}

#[tokio::test]
async fn groups_are_those_of_the_verified_token_and_never_guessed() {
    for (groups, may) in [
        (json!(["admin"]), true),
        (json!(["ops", "admin"]), true),
        (json!(["not admin"]), false),
        (json!(["\"admin\""]), false),
        (json!(["[admin]"]), false),
        (json!(["ops,admin"]), false),
        (json!(["[\"admin\"]"]), false),
        (json!(["administrators", "Admin"]), false),
        (json!([]), false),
        (json!(["admin", 1]), false),
        (json!({ "admin": true }), false),
        (json!("admin"), true),
        (json!("[admin]"), false),
        (json!("ops admin"), false),
        (json!("ops,admin"), false),
        (json!(""), false),
    ] {
        let payload = json!({ "sub": "bob", "custom:tenant": "acme", "cognito:groups": groups });

        let did = may_delete(|event| event.with_token(&payload)).await;

        assert_eq!(did, may, "{groups}");
    }
}

#[tokio::test]
async fn a_groups_claim_that_is_a_text_counts_in_the_form_that_is_configured_and_in_no_other() {
    let texts = [
        "admin",
        "ops,admin",
        "ops, admin",
        "ops admin",
        "[ops, admin]",
        r#"["ops", "admin"]"#,
        // In no form.
        "not admin",
        r#"["\"admin\""]"#,
        r#""admin""#,
        "ops;admin",
        "[ops,admin",
    ];
    for (form, read) in [
        (GroupsForm::One, vec![0]),
        (GroupsForm::Commas, vec![0, 1, 2]),
        (GroupsForm::Brackets, vec![4]),
        (GroupsForm::Json, vec![5]),
    ] {
        for (at, text) in texts.into_iter().enumerate() {
            let mut world = World::new();
            world.groups_form = form;
            world.put("discussions", &key("d-1"));
            let payload = json!({ "sub": "bob", "custom:tenant": "acme", "cognito:groups": text });

            let event = Event::new("DELETE", "/v1/discussions/d-1").with_token(&payload);
            let answer = world.call(event).await;

            assert_eq!(
                answer.status == 202,
                read.contains(&at),
                "{text} as {form:?}"
            );
            assert_eq!(world.is_untouched(), answer.status == 403, "{text}");
        }
    }
}

#[tokio::test]
async fn in_every_form_a_list_is_its_items_and_no_more() {
    for form in [
        GroupsForm::Commas,
        GroupsForm::Spaces,
        GroupsForm::Brackets,
        GroupsForm::Json,
    ] {
        for (groups, may) in [
            (json!(["admin"]), true),
            (json!(["not admin"]), false),
            (json!(["ops,admin"]), false),
            (json!(["x,admin,y"]), false),
            (json!(["\"admin\""]), false),
        ] {
            let payload =
                json!({ "sub": "bob", "custom:tenant": "acme", "cognito:groups": groups });
            for with_token in [true, false] {
                let mut world = World::new();
                world.groups_form = form;
                world.put("discussions", &key("d-1"));
                let mut event = Event::new("DELETE", "/v1/discussions/d-1").with_token(&payload);
                if !with_token {
                    // The gateway's text of a list is no text of the token.
                    event = event.without_header("authorization");
                }

                let answer = world.call(event).await;

                let expected = may && with_token;
                assert_eq!(answer.status == 202, expected, "{groups} as {form:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_beside_the_verified_one_gives_no_right() {
    let verified = |groups: &str| json!({ "sub": "bob", "custom:tenant": "acme", "exp": "1795248000", "cognito:groups": groups });
    let forged = json!({ "sub": "bob", "custom:tenant": "acme", "exp": 1_795_248_000, "cognito:groups": ["admin"] });

    for (groups, may) in [
        ("[admin]", true),
        ("[ops]", false),
        ("[ops admin]", false),
        ("[]", false),
        ("[administrators]", false),
    ] {
        let did = may_delete(|event| event.with_token(&forged).claims(verified(groups))).await;

        assert_eq!(did, may, "{groups}");
    }
}

#[tokio::test]
async fn without_the_token_the_gateways_text_counts_when_it_means_one_thing() {
    for (groups, may) in [
        ("admin", true),
        ("[admin]", false),
        ("[ops admin]", false),
        (r#"["admin"]"#, false),
        ("ops admin", false),
        ("", false),
    ] {
        let claims = json!({ "sub": "bob", "custom:tenant": "acme", "cognito:groups": groups });

        let did = may_delete(|event| event.claims(claims).without_header("authorization")).await;

        assert_eq!(did, may, "{groups}");
    }
}

#[tokio::test]
async fn groups_that_cannot_be_told_are_no_way_around_a_denied_one() {
    let world = World::new();
    world.put("posts", &key("p-1"));
    let read = |groups: Value| {
        let payload = json!({ "sub": "bob", "custom:tenant": "acme", "cognito:groups": groups });
        world.call(Event::new("GET", "/v1/posts/p-1").with_token(&payload))
    };

    assert_eq!(read(json!(["ops"])).await.status, 200);
    for groups in [json!(["guest"]), json!("guest,ops"), json!([["guest"]])] {
        assert_eq!(read(groups.clone()).await.code(), "FORBIDDEN", "{groups}");
    }
}

#[tokio::test]
async fn a_tenant_or_a_subject_that_is_no_text_is_none() {
    let world = World::new();
    for other in [json!(["acme"]), json!(7), json!({ "a": "b" }), json!(true)] {
        let payload = json!({ "sub": "bob", "custom:tenant": other });
        let answer = world
            .call(Event::new("GET", "/v1/deletions").with_token(&payload))
            .await;
        assert_eq!((answer.status, answer.code()), (403, "TENANT_MISSING"));

        let payload = json!({ "sub": other, "custom:tenant": "acme" });
        let answer = world
            .call(Event::new("GET", "/v1/deletions").with_token(&payload))
            .await;
        assert_eq!((answer.status, answer.code()), (401, "UNAUTHENTICATED"));
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

#[tokio::test]
async fn a_machines_token_has_no_tenant_and_so_no_right() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    let machine = json!({
        "sub": "client-1", "client_id": "client-1", "token_use": "access", "scope": "tombstone/delete",
    });
    let mut in_a_group = machine.clone();
    in_a_group["cognito:groups"] = json!(["admin"]);

    for payload in [machine, in_a_group] {
        for (method, target) in [
            ("DELETE", "/v1/discussions/d-1"),
            ("GET", "/v1/discussions/d-1"),
            ("GET", "/v1/deletions"),
        ] {
            let answer = world
                .call(Event::new(method, target).with_token(&payload))
                .await;
            assert_eq!((answer.status, answer.code()), (403, "TENANT_MISSING"));
        }
    }
    assert!(world.is_untouched());
}
