//! Bad input: the right 4xx with a code, and nothing changed.

use reqwest::Method;
use serde_json::Value;
use tests::caller::{Answer, Caller};
use tests::mail::Tenant;
use tests::stacks::stack;

#[tokio::test]
async fn a_delete_that_is_not_understood_is_refused_with_a_code_and_changes_nothing() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "refused");
    let admin = tenant.admin().await;
    let thread = tenant.thread("d", 2).await;
    let before = tenant.held(&thread).await;
    let longest = "x".repeat(1_025);

    for (path, status, code) in [
        ("nothing/x", 404, "COLLECTION_NOT_FOUND"),
        ("discussions", 400, "INVALID_ID"),
        ("discussions/", 400, "INVALID_ID"),
        ("discussions?id=", 400, "INVALID_ID"),
        ("discussions/LONGEST", 400, "INVALID_ID"),
        ("discussions?id=LONGEST", 400, "INVALID_ID"),
        ("messages/KNOWN", 400, "INVALID_ID"),
        ("discussions?id=KNOWN&sort=x", 400, "INVALID_ID"),
        ("discussions/KNOWN?id=KNOWN", 400, "INVALID_PARAMETER"),
        ("discussions/KNOWN?force=true", 400, "UNKNOWN_PARAMETER"),
        ("discussions?id=%zz", 400, "INVALID_PARAMETER"),
        ("discussions?id=KNOWN&id=KNOWN", 400, "INVALID_PARAMETER"),
        ("deletions", 405, "METHOD_NOT_ALLOWED"),
        ("search/messages", 405, "METHOD_NOT_ALLOWED"),
    ] {
        let path = path.replace("LONGEST", &longest).replace("KNOWN", &thread);
        let answer = admin.delete(&format!("/v1/{path}")).await;
        assert_problem(&answer, status, code, &path);
    }

    assert_eq!(tenant.held(&thread).await, before);
    assert_no_deletions(&admin).await;
}

#[tokio::test]
async fn other_requests_that_are_not_understood_are_refused_with_a_code() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "others");
    let admin = tenant.admin().await;
    let thread = tenant.thread("d", 2).await;
    let before = tenant.held(&thread).await;

    for (path, code) in [
        ("/v1/nothing", "COLLECTION_NOT_FOUND"),
        ("/v1/search/nothing?q=x", "COLLECTION_NOT_FOUND"),
        ("/elsewhere", "ROUTE_NOT_FOUND"),
        ("/v1/deletions/not-an-id", "DELETION_NOT_FOUND"),
        ("/v1/deletions?state=GONE", "INVALID_PARAMETER"),
        ("/v1/deletions?limit=0", "INVALID_PARAMETER"),
        ("/v1/deletions?limit=101", "INVALID_PARAMETER"),
        ("/v1/deletions?newest=true", "UNKNOWN_PARAMETER"),
        ("/v1/messages", "PARENT_REQUIRED"),
        ("/v1/search/messages", "INVALID_PARAMETER"),
        ("/v1/search/messages?q=", "INVALID_PARAMETER"),
    ] {
        let answer = admin.get(path).await;
        let status = if code.ends_with("_NOT_FOUND") {
            404
        } else {
            400
        };
        assert_problem(&answer, status, code, path);
    }
    for method in [Method::PUT, Method::POST, Method::PATCH] {
        for path in ["/v1/discussions", "/v1/discussions/x", "/v1/messages/x/y"] {
            let answer = admin.call(method.clone(), path, &[], None).await;
            assert_problem(&answer, 405, "METHOD_NOT_ALLOWED", path);
        }
    }

    assert_eq!(tenant.held(&thread).await, before);
    assert_no_deletions(&admin).await;
}

#[tokio::test]
async fn bodies_and_headers_that_would_change_the_meaning_are_refused_never_ignored() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "meaning");
    let admin = tenant.admin().await;
    let thread = tenant.thread("d", 2).await;
    let before = tenant.held(&thread).await;
    let path = format!("/v1/discussions/{thread}");

    for body in [r#"{"id":"other"}"#, r#"{"id":"#, "[]", "null", "not json"] {
        let answer = admin.call(Method::DELETE, &path, &[], Some(body)).await;
        assert_problem(&answer, 400, "BODY_NOT_ALLOWED", body);
    }
    let broken = admin
        .call(Method::POST, "/v1/discussions", &[], Some(r#"{"id":"#))
        .await;
    assert_problem(
        &broken,
        405,
        "METHOD_NOT_ALLOWED",
        "broken JSON where nothing is posted",
    );
    for (name, value, code) in [
        ("idempotency-key", "a key", "INVALID_HEADER"),
        ("if-match", "1", "INVALID_HEADER"),
        ("if-none-match", "*", "HEADER_NOT_ALLOWED"),
    ] {
        let header = (name, value);
        let answer = admin.call(Method::DELETE, &path, &[header], None).await;
        assert_problem(&answer, 400, code, name);
    }

    assert_eq!(tenant.held(&thread).await, before);
    assert_no_deletions(&admin).await;
}

#[tokio::test]
async fn an_absent_record_is_answered_202_already_deleted_and_nothing_is_written() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "absent");
    let admin = tenant.admin().await;

    let answer = admin.delete("/v1/discussions/never-there").await;

    assert_eq!(answer.status, 202);
    assert_eq!(answer.json()["status"], "ALREADY_DELETED");
    assert_eq!(answer.json()["deletion"], Value::Null);
    assert_eq!(
        (answer.header("location"), answer.header("retry-after")),
        (None, None)
    );
    assert_no_deletions(&admin).await;
}

/// A problem as RFC 9457 has it, whole.
fn assert_problem(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    let problem = answer.json();
    assert_eq!(problem["code"], code, "{what}: {problem}");
    assert_eq!(problem["status"], status, "{what}");
    for member in ["type", "title", "detail", "request_id"] {
        assert!(
            problem[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{what}: {member}"
        );
    }
    assert!(problem["errors"].is_array(), "{what}");
    assert_eq!(status == 405, answer.header("allow").is_some(), "{what}");
}

async fn assert_no_deletions(caller: &Caller) {
    assert_eq!(caller.all("/v1/deletions").await.0, Vec::<Value>::new());
}
