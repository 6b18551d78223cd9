//! Deletions as a resource: listed, filtered, with their manifests.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tests::mail::{Tenant, message_id};
use tests::stacks::stack;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn deletions_are_listed_newest_first_and_by_what_is_asked_for() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "list");
    let (admin, author) = (tenant.admin().await, tenant.member("ann").await);
    let other = Tenant::new(&stack, "list-other");
    let others = other.admin().await;
    let theirs = others
        .begin(&format!("/v1/discussions/{}", other.thread("d", 0).await))
        .await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let discussion = tenant.thread(name, 1).await;
        ids.push(admin.begin(&format!("/v1/discussions/{discussion}")).await);
    }
    let own = tenant.id("own");
    tenant.discussion(&own, &author.subject, "a subject").await;
    ids.push(author.begin(&format!("/v1/discussions/{own}")).await);
    let rest = tenant.thread("rest", 1).await;
    ids.push(
        admin
            .begin(&format!("/v1/messages/{rest}/{}", message_id(0)))
            .await,
    );
    ids.reverse();
    for id in &ids {
        admin.done(id, SOON).await;
    }
    let of = |items: &[Value]| {
        let ids = items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<String>>()
    };

    let (all, pages) = admin.all("/v1/deletions?limit=2").await;
    let (mine, _) = admin
        .all(&format!("/v1/deletions?requested_by={}", author.subject))
        .await;
    let (messages, _) = admin
        .all("/v1/deletions?collection=messages&state=DELETED")
        .await;
    let (failed, _) = admin.all("/v1/deletions?state=DELETE_FAILED").await;

    assert_eq!(of(&all), ids);
    assert!(pages >= 3, "{pages}");
    assert_eq!(of(&mine), [ids[1].clone()]);
    assert_eq!(of(&messages), [ids[0].clone()]);
    assert!(failed.is_empty());
    assert_eq!(of(&others.all("/v1/deletions").await.0), [theirs]);
}

#[tokio::test]
async fn the_manifest_names_every_record_with_what_became_of_it() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "manifest");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 5).await;
    let first = admin
        .begin(&format!("/v1/messages/{discussion}/{}", message_id(2)))
        .await;
    admin.done(&first, SOON).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    admin.done(&id, SOON).await;

    let (records, pages) = admin
        .all(&format!("/v1/deletions/{id}/records?limit=2"))
        .await;

    let told: BTreeSet<String> = records
        .iter()
        .map(|record| {
            assert_eq!(record["key"]["id"], discussion.as_str());
            assert_eq!(
                (&record["reason"], &record["purge"]),
                (&Value::Null, &Value::Null)
            );
            let sort = record["key"]["sort"].as_str().unwrap_or_default();
            format!(
                "{} {sort} {}",
                record["collection"].as_str().unwrap(),
                record["outcome"].as_str().unwrap()
            )
        })
        .collect();
    let expected = (0..5).map(|number| {
        let outcome = if number == 2 {
            "already_deleted"
        } else {
            "deleted"
        };
        format!("messages {} {outcome}", message_id(number))
    });
    assert_eq!(records.len(), 6);
    assert!(pages >= 3, "{pages}");
    assert_eq!(
        told,
        expected
            .chain(["discussions  deleted".to_owned()])
            .collect()
    );
}

#[tokio::test]
async fn a_cursor_of_another_list_or_tenant_or_of_nobody_is_refused() {
    let Some(stack) = stack() else { return };
    let (tenant, stranger) = (
        Tenant::new(&stack, "cursor"),
        Tenant::new(&stack, "cursor-thief"),
    );
    let (admin, thief) = (tenant.admin().await, stranger.admin().await);
    let thread = tenant.thread("d", 3).await;
    let own = stranger.thread("d", 3).await;
    let id = admin
        .begin(&format!("/v1/discussions/{}", tenant.thread("e", 3).await))
        .await;
    let own_id = thief
        .begin(&format!(
            "/v1/discussions/{}",
            stranger.thread("e", 3).await
        ))
        .await;
    admin
        .begin(&format!("/v1/discussions/{}", tenant.thread("f", 3).await))
        .await;
    admin.done(&id, SOON).await;
    let cursor = async |path: &str| {
        let answer = admin.get(path).await;
        let cursor = answer.json()["next_cursor"].as_str().map(str::to_owned);
        cursor.unwrap_or_else(|| panic!("no cursor in {answer:?}"))
    };
    let messages = cursor(&format!("/v1/messages?parent={thread}&limit=1")).await;
    let deletions = cursor("/v1/deletions?limit=1").await;
    let records = cursor(&format!("/v1/deletions/{id}/records?limit=1")).await;

    let refused = [
        (
            &thief,
            format!("/v1/messages?parent={own}&limit=1&cursor={messages}"),
        ),
        (&thief, format!("/v1/deletions?limit=1&cursor={deletions}")),
        (
            &thief,
            format!("/v1/deletions/{own_id}/records?limit=1&cursor={records}"),
        ),
        (
            &admin,
            format!("/v1/deletions?state=DELETED&limit=1&cursor={deletions}"),
        ),
        (&admin, format!("/v1/deletions?limit=1&cursor={messages}")),
        (&admin, "/v1/deletions?cursor=forged".to_owned()),
        (&admin, format!("/v1/deletions?cursor={deletions}A")),
        (&admin, "/v1/search/messages?q=body&cursor=e30".to_owned()),
    ];

    for (caller, path) in refused {
        let answer = caller.get(&path).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "INVALID_CURSOR".to_owned()),
            "{path}"
        );
    }
}
