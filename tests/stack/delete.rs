//! The main job: a discussion and all its messages, one mark, both stores.

use std::time::Duration;

use serde_json::{Value, json};
use tests::mail::{SOMEBODY, Tenant};
use tests::stacks::stack;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_delete_is_answered_202_with_the_deletion_and_where_to_poll() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "answer");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 1).await;

    let answer = admin.delete(&format!("/v1/discussions/{discussion}")).await;

    let body = answer.json();
    let id = answer.deletion_id();
    let at = &body["deletion"]["deleted_at"];
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.header("location"),
        Some(format!("/v1/deletions/{id}").as_str())
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(at.as_str().is_some_and(|at| at.ends_with('Z')), "{at}");
    assert_eq!(
        body,
        json!({
            "status": "PENDING_DELETE",
            "id": discussion,
            "message": "Deletion has been scheduled",
            "deletion": {
                "id": id,
                "state": "PENDING_DELETE",
                "done": false,
                "pass": "delete",
                "scope": { "collection": "discussions", "root": { "id": discussion } },
                "requested_by": admin.subject,
                "requested_at": at,
                "deleted_at": at,
                "purge_at": body["deletion"]["purge_at"],
                "ended_at": null,
                "last_action": null,
                "counts": {
                    "delete": {
                        "discussions": {
                            "selected": 1, "deleted": 0, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 0, "not_reached": 1
                        }
                    },
                    "restore": {},
                    "purge": {},
                },
                "attempts": 0,
                "failure": null,
                "allowed_actions": ["cancel"],
                "certificate": { "pages": 1, "head": body["deletion"]["certificate"]["head"] },
                "links": { "self": format!("/v1/deletions/{id}"), "records": format!("/v1/deletions/{id}/records") },
            },
        })
    );
    assert!(body["deletion"]["purge_at"].as_str().unwrap() > at.as_str().unwrap());
}

#[tokio::test]
async fn the_discussion_and_all_its_messages_carry_one_mark_in_both_stores() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "mark");
    let admin = tenant.admin().await;
    // More than two pages.
    let discussion = tenant.thread("d", 600).await;
    let other = tenant.thread("other", 2).await;

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(deletion["state"], "DELETED");
    assert_eq!(counts(&deletion, "discussions"), deleted(1));
    assert_eq!(counts(&deletion, "messages"), deleted(600));
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 600);
    tenant.held(&other).await.assert_live(2);
}

#[tokio::test]
async fn one_message_is_deleted_and_its_discussion_stays() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "message");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 2).await;

    let id = admin
        .begin(&format!("/v1/messages/{discussion}/m000001"))
        .await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(counts(&deletion, "messages"), deleted(1));
    let held = tenant.held(&discussion).await;
    let marked = |records: &std::collections::BTreeMap<String, tests::stores::Fields>| {
        let marked = records
            .iter()
            .filter(|(_, fields)| fields.contains_key("deletion_id"));
        marked.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(marked(&held.rows), ["m000001"]);
    assert_eq!(marked(&held.documents), ["m000001"]);
}

#[tokio::test]
async fn who_asks_twice_gets_the_same_deletion_and_nothing_is_deleted_again() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "twice");
    let (admin, second) = (tenant.admin().await, tenant.member("second").await);
    let discussion = tenant.thread("d", 3).await;
    let path = format!("/v1/discussions/{discussion}");
    let id = admin.begin(&path).await;

    let at_once = admin.delete(&path).await;
    let deletion = admin.done(&id, SOON).await;
    let before = tenant.held(&discussion).await;
    let later = admin.delete(&path).await;
    let child = admin
        .delete(&format!("/v1/messages/{discussion}/m000000"))
        .await;
    let by_another = second.delete(&path).await;

    for again in [&at_once, &later, &child] {
        assert_eq!(again.status, 202, "{again:?}");
        assert_eq!(again.json()["status"], "ALREADY_DELETED");
        assert_eq!(again.deletion_id(), id);
    }
    // No admin and no author: nobody reads it any more, so for them it is as absent.
    assert_eq!(by_another.status, 202, "{by_another:?}");
    assert_eq!(by_another.json()["deletion"], serde_json::Value::Null);
    assert_eq!(tenant.held(&discussion).await, before);
    before.assert_marked_by(&deletion, 3);
    let (all, _) = admin.all("/v1/deletions").await;
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn a_message_deleted_earlier_keeps_its_own_deletion() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "earlier");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 3).await;
    let first = admin
        .begin(&format!("/v1/messages/{discussion}/m000001"))
        .await;
    admin.done(&first, SOON).await;

    let second = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&second, SOON).await;

    let expected = json!({ "selected": 3, "deleted": 2, "already_deleted": 1, "missing": 0, "kept": 0, "failed": 0, "not_reached": 0 });
    assert_eq!(counts(&deletion, "messages"), expected);
    let held = tenant.held(&discussion).await;
    for records in [&held.rows, &held.documents] {
        assert_eq!(records["m000001"]["deletion_id"], first);
        assert_eq!(records["m000002"]["deletion_id"], second);
    }
}

#[tokio::test]
async fn a_row_whose_mark_is_an_explicit_null_is_live_and_is_marked() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "null");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 1).await;
    let mut message = tenant.message(&discussion, "nulled", "a body");
    message.insert("date_delete".into(), Value::Null);
    tenant.put_messages(&[message]).await;
    let shown = admin
        .get(&format!("/v1/messages/{discussion}/nulled"))
        .await;

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(counts(&deletion, "messages"), deleted(2));
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 2);
}

#[tokio::test]
async fn many_deletes_of_one_discussion_at_once_are_one_deletion() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "race");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 4).await;
    let path = format!("/v1/discussions/{discussion}");

    let answers = futures_util::future::join_all((0..10).map(|_| admin.delete(&path))).await;

    let statuses: Vec<Value> = answers
        .iter()
        .map(|answer| answer.json()["status"].clone())
        .collect();
    assert!(
        answers.iter().all(|answer| answer.status == 202),
        "{answers:?}"
    );
    let accepted = statuses
        .iter()
        .filter(|status| **status == "PENDING_DELETE");
    assert_eq!(accepted.count(), 1, "{statuses:?}");
    let (all, _) = admin.all("/v1/deletions").await;
    assert_eq!(all.len(), 1);
    let deletion = admin.done(all[0]["id"].as_str().unwrap(), SOON).await;
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 4);
}

#[tokio::test]
async fn a_child_without_its_documents_and_one_of_another_tenant_do_not_stop_the_rest() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "odd");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 2).await;
    let mut foreign = tenant.message(&discussion, "foreign", "a body");
    foreign.insert("user_id".into(), "another".into());
    tenant.put_messages(&[foreign]).await;
    let unindexed = tenant.message(&discussion, "unindexed", "a body");
    tenant.stores.put_rows("messages", &[unindexed]).await;

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(deletion["state"], "DELETED");
    assert_eq!(counts(&deletion, "messages"), deleted(3));
    let held = tenant.held(&discussion).await;
    assert_eq!(held.rows["unindexed"]["deletion_id"], id);
    assert!(!held.rows["foreign"].contains_key("deletion_id"));
    assert!(!held.documents["foreign"].contains_key("deletion_id"));
}

fn counts(deletion: &Value, collection: &str) -> Value {
    deletion["counts"]["delete"][collection].clone()
}

fn deleted(count: u64) -> Value {
    json!({ "selected": count, "deleted": count, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 0, "not_reached": 0 })
}

#[tokio::test]
async fn the_author_may_delete_and_is_who_deleted() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "author");
    let author = tenant.member("ann").await;
    let (own, others) = (tenant.id("own"), tenant.id("others"));
    tenant.discussion(&own, &author.subject, "a subject").await;
    tenant.discussion(&others, SOMEBODY, "a subject").await;

    let refused = author.delete(&format!("/v1/discussions/{others}")).await;
    let id = author.begin(&format!("/v1/discussions/{own}")).await;
    let deletion = author.done(&id, SOON).await;

    assert_eq!(
        (refused.status, refused.code()),
        (403, "FORBIDDEN".to_owned())
    );
    tenant.held(&others).await.assert_live(0);
    tenant.held(&own).await.assert_marked_by(&deletion, 0);
    assert_eq!(deletion["requested_by"], author.subject);
}
