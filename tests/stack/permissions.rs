//! Who may not: without a token, without a right, of another tenant.

use std::time::Duration;

use tests::caller::Caller;
use tests::mail::Tenant;
use tests::stacks::stack;

#[tokio::test]
async fn without_a_token_that_the_issuer_has_signed_every_route_answers_401() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "token");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 1).await;
    let parts: Vec<&str> = admin.token().split('.').collect();
    let [header, claims, signature] = parts[..] else {
        unreachable!("a token has three parts")
    };
    let other_claims = claims.replace(&claims[10..12], "AA");
    let tokens = [
        None,
        Some("garbage".to_owned()),
        Some(format!("{header}.{claims}.")),
        Some(format!("{header}.{other_claims}.{signature}")),
        // {"alg":"none","typ":"JWT"}
        Some(format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")),
    ];

    for token in tokens {
        let nobody = Caller::with_token(&stack, token);
        for path in [
            "/v1/deletions",
            "/v1/search/messages?q=body",
            "/nothing/there",
        ] {
            let answer = nobody.get(path).await;
            assert_eq!(answer.status, 401, "{path}: {answer:?}");
        }
        let answer = nobody
            .delete(&format!("/v1/discussions/{discussion}"))
            .await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    tenant.held(&discussion).await.assert_live(1);
}

#[tokio::test]
async fn a_member_who_is_neither_admin_nor_author_may_read_and_not_delete() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "member");
    let member = tenant.member("bob").await;
    let discussion = tenant.thread("d", 2).await;
    let path = format!("/v1/discussions/{discussion}");

    let read = member.get(&path).await;
    let refused = member.delete(&path).await;

    assert_eq!(read.status, 200, "{read:?}");
    assert_eq!(
        (refused.status, refused.code()),
        (403, "FORBIDDEN".to_owned())
    );
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    tenant.held(&discussion).await.assert_live(2);
}

#[tokio::test]
async fn a_group_of_another_name_gives_no_right() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "groups");
    let subject = format!("{}-ops", tenant.name);
    let operator = Caller::new(&stack, &tenant.name, &subject, &["administrators", "ops"]).await;
    let discussion = tenant.thread("d", 0).await;

    let refused = operator
        .delete(&format!("/v1/discussions/{discussion}"))
        .await;

    assert_eq!(
        (refused.status, refused.code()),
        (403, "FORBIDDEN".to_owned())
    );
}

#[tokio::test]
async fn a_group_whose_name_holds_that_of_another_is_not_that_one() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "named");
    let discussion = tenant.thread("d", 0).await;
    let path = format!("/v1/discussions/{discussion}");
    for (n, groups, status) in [
        (1, vec!["not admin"], 403),
        (2, vec!["\"admin\""], 403),
        (3, vec!["ops,admin"], 403),
        (4, vec!["not admin", "admin"], 202),
    ] {
        let subject = format!("{}-{n}", tenant.name);
        let caller = Caller::new(&stack, &tenant.name, &subject, &groups).await;

        assert_eq!(caller.delete(&path).await.status, status, "{groups:?}");
    }
}

#[tokio::test]
async fn another_tenants_record_is_answered_byte_for_byte_like_an_absent_one() {
    let Some(stack) = stack() else { return };
    let (owner, stranger) = (
        Tenant::new(&stack, "owner"),
        Tenant::new(&stack, "stranger"),
    );
    let (owners, admin) = (owner.admin().await, stranger.admin().await);
    let discussion = owner.id("secret");
    let paths = [
        format!("/v1/discussions/{discussion}"),
        format!("/v1/discussions?id={discussion}"),
        format!("/v1/messages/{discussion}/m000000"),
        format!("/v1/messages?parent={discussion}"),
    ];
    let mut absent = Vec::new();
    for path in &paths {
        absent.push((
            admin.get(path).await.told(),
            admin.delete(path).await.told(),
        ));
    }
    owner.thread("secret", 3).await;

    for (path, (get, delete)) in paths.iter().zip(&absent) {
        assert_eq!(&admin.get(path).await.told(), get, "GET {path}");
        assert_eq!(&admin.delete(path).await.told(), delete, "DELETE {path}");
    }
    owner.held(&discussion).await.assert_live(3);

    // Marked is not told apart either, nor is its deletion.
    let id = owners.begin(&paths[0]).await;
    owners.done(&id, Duration::from_mins(1)).await;
    for (path, (get, delete)) in paths.iter().zip(&absent) {
        assert_eq!(&admin.get(path).await.told(), get, "GET {path}");
        assert_eq!(&admin.delete(path).await.told(), delete, "DELETE {path}");
    }
    let unknown = "01932c5e-7a00-7000-8000-000000000001";
    for path in ["", "/records"] {
        let foreign = admin.get(&format!("/v1/deletions/{id}{path}")).await;
        let never = admin.get(&format!("/v1/deletions/{unknown}{path}")).await;
        assert_eq!(
            (foreign.status, foreign.code()),
            (404, "DELETION_NOT_FOUND".to_owned())
        );
        assert_eq!(foreign.told(), never.told());
    }
    assert_eq!(admin.all("/v1/deletions").await.0.len(), 0);
}

#[tokio::test]
async fn a_deletion_is_not_shown_to_a_member_who_did_not_ask_for_it() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "unseen");
    let (author, other) = (tenant.member("ann").await, tenant.member("bob").await);
    let discussion = tenant.id("d");
    tenant
        .discussion(&discussion, &author.subject, "a subject")
        .await;
    let id = author.begin(&format!("/v1/discussions/{discussion}")).await;

    let shown = other.get(&format!("/v1/deletions/{id}")).await;
    let records = other.get(&format!("/v1/deletions/{id}/records")).await;
    let get = other.get(&format!("/v1/discussions/{discussion}")).await;

    for hidden in [&shown, &records] {
        assert_eq!(
            (hidden.status, hidden.code()),
            (404, "DELETION_NOT_FOUND".to_owned())
        );
    }
    assert_eq!(
        (get.status, get.code()),
        (404, "RECORD_NOT_FOUND".to_owned())
    );
    assert_eq!(other.all("/v1/deletions").await.0.len(), 0);
    assert_eq!(author.all("/v1/deletions").await.0.len(), 1);
}

#[tokio::test]
async fn a_token_that_names_no_tenant_gives_no_right_whatever_its_groups() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "homeless");
    let subject = format!("{}-admin", tenant.name);
    let homeless = Caller::new(&stack, "", &subject, &["admin"]).await;
    let discussion = tenant.thread("d", 1).await;

    let path = format!("/v1/discussions/{discussion}");
    for answer in [
        homeless.delete(&path).await,
        homeless.get(&path).await,
        homeless.get("/v1/deletions").await,
        homeless.get("/v1/search/messages?q=body").await,
    ] {
        assert_eq!(
            (answer.status, answer.code()),
            (403, "TENANT_MISSING".to_owned())
        );
    }
    tenant.held(&discussion).await.assert_live(1);
}
