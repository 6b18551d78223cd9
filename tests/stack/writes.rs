//! Records written by clients: through the gateway, into both stores.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::caller::{Answer, Caller};
use tests::mail::Tenant;
use tests::stacks::stack;
use tests::wait::until;

async fn put(caller: &Caller, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    caller.call(Method::PUT, path, &[], Some(&body)).await
}

#[tokio::test]
async fn internal_states_are_refused_and_active_and_disabled_pass() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "states");
    let member = tenant.member("bob").await;
    let path = format!("/v1/tasks/{}", tenant.id("task"));

    for status in ["PENDING_DELETE", "DELETE_FAILED"] {
        let answer = put(&member, &path, &json!({ "status": status })).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "STATUS_NOT_ALLOWED"),
            "{answer:?}"
        );
        assert_eq!(
            member.get(&path).await.status,
            404,
            "a refused one is not made"
        );
    }
    for (status, expected) in [("ACTIVE", 201), ("DISABLED", 200)] {
        let answer = put(&member, &path, &json!({ "status": status })).await;
        assert_eq!(answer.status, expected, "{answer:?}");
        assert_eq!(member.get(&path).await.json(), answer.json());
    }
    for status in ["PENDING_DELETE", "DELETE_FAILED"] {
        let answer = put(&member, &path, &json!({ "status": status })).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(
        member.get(&path).await.json()["attributes"]["status"],
        "DISABLED"
    );
}

#[tokio::test]
async fn another_projects_task_is_not_overwritten() {
    let Some(stack) = stack() else { return };
    let (ours, theirs) = (Tenant::new(&stack, "ours"), Tenant::new(&stack, "theirs"));
    let (us, them) = (ours.member("ann").await, theirs.member("eve").await);
    let path = format!("/v1/tasks/{}", ours.id("task"));
    let made = put(&us, &path, &json!({ "title": "ours" })).await;
    assert_eq!(made.status, 201, "{made:?}");

    let answer = put(&them, &path, &json!({ "title": "theirs" })).await;

    assert_eq!(
        (answer.status, answer.code().as_str()),
        (409, "KEY_TAKEN"),
        "{answer:?}"
    );
    assert_eq!(us.get(&path).await.json(), made.json());
}

#[tokio::test]
async fn what_is_written_is_found_and_what_is_written_again_is_found_as_it_is() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "found");
    let admin = tenant.admin().await;
    let id = tenant.id("learner");
    let path = format!("/v1/learners/{id}");
    let limit = Duration::from_secs(20);
    let found = async |text: &str| {
        let answer = admin.get(&format!("/v1/search/learners?q={text}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let items = answer.json()["items"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        items.iter().any(|item| item["id"] == id.as_str())
    };

    let made = put(
        &admin,
        &path,
        &json!({ "first_name": "Ada", "last_name": "Wrightson" }),
    )
    .await;
    assert_eq!(made.status, 201, "{made:?}");
    until("the new learner is found", limit, async || {
        found("Wrightson").await.then_some(())
    })
    .await;
    let replaced = put(
        &admin,
        &path,
        &json!({ "first_name": "Ada", "last_name": "Kingsley" }),
    )
    .await;
    assert_eq!(replaced.status, 200, "{replaced:?}");

    until("the new name is found", limit, async || {
        found("Kingsley").await.then_some(())
    })
    .await;
    assert!(!found("Wrightson").await);
}

#[tokio::test]
async fn a_child_that_names_a_deleted_parent_is_refused() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "orphans");
    let admin = tenant.admin().await;
    let learner = tenant.id("learner");
    let participation = format!("/v1/participations/{learner}/p-1");
    let made = put(
        &admin,
        &format!("/v1/learners/{learner}"),
        &json!({ "first_name": "Ada" }),
    )
    .await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = put(&admin, &participation, &json!({ "score": 7 })).await;
    assert_eq!(made.status, 201, "{made:?}");

    admin.begin(&format!("/v1/learners/{learner}")).await;

    let late = format!("/v1/participations/{learner}/p-2");
    let answer = put(&admin, &late, &json!({ "score": 8 })).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (409, "PARENT_NOT_LIVE"),
        "{answer:?}"
    );
    assert_eq!(admin.get(&late).await.status, 404);
}
