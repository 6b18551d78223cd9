//! What may still become of a deletion: undone, stopped, taken up again, or made final before its time.

use std::collections::BTreeMap;
use std::time::Duration;

use local::load::{Archive, Mail};
use reqwest::Method;
use serde_json::{Value, json};
use tests::caller::{Answer, Caller};
use tests::mail::{CurrentValue, Tenant, mark_of, message_id};
use tests::stacks::{mail_archive, say, stack};

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_restore_brings_the_same_records_back_in_both_stores_and_in_every_read() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "restored");
    let admin = tenant.admin().await;
    // Three pages with the root's.
    let discussion = tenant.thread("d", 300).await;
    let before = tenant.held(&discussion).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 300);
    assert_eq!(deletion["allowed_actions"], json!(["restore", "purge"]));

    let answer = act(&admin, &id, "restore").await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json()["state"], "RESTORING");
    assert_eq!(
        answer.header("location"),
        Some(format!("/v1/deletions/{id}").as_str())
    );
    assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    let all = |restored: u64| json!({ "restored": restored, "conflict": 0, "failed": 0 });
    assert_eq!(
        deletion["counts"]["restore"],
        json!({ "discussions": all(1), "messages": all(300) })
    );
    let held = tenant.held_when(&discussion, |held| *held == before).await;
    assert_eq!(held, before);
    let path = format!("/v1/messages?parent={discussion}&limit=100");
    assert_eq!(admin.all(&path).await.0.len(), 300);
    for path in [
        format!("/v1/discussions/{discussion}"),
        format!("/v1/messages/{discussion}/{}", message_id(299)),
    ] {
        let read = admin.get(&path).await;
        assert_eq!(read.status, 200, "{path}: {read:?}");
    }
    let (found, _) = admin.all("/v1/search/discussions?q=subject").await;
    assert_eq!(found.len(), 1);
}

/// The transaction that ends it asks whether the discussion lives, which is a right of its own.
#[tokio::test]
async fn a_message_alone_is_restored_below_its_live_discussion() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "child");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 3).await;
    let before = tenant.held(&discussion).await;
    let path = format!("/v1/messages/{discussion}/{}", message_id(1));
    let id = admin.begin(&path).await;
    admin.done(&id, SOON).await;
    assert_eq!(admin.get(&path).await.status, 410);

    act(&admin, &id, "restore").await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    assert_eq!(admin.get(&path).await.status, 200);
    let held = tenant.held_when(&discussion, |held| *held == before).await;
    assert_eq!(held, before);
}

#[tokio::test]
async fn a_restore_leaves_alone_what_was_deleted_before_on_its_own() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "apart");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 5).await;
    let alone = admin
        .begin(&format!("/v1/messages/{discussion}/{}", message_id(2)))
        .await;
    admin.done(&alone, SOON).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    admin.done(&id, SOON).await;

    act(&admin, &id, "restore").await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    let held = tenant.held(&discussion).await;
    assert_eq!(marked(&held), (1, 1));
    let theirs = &mark_of(&held.rows[&message_id(2)])[2];
    assert_eq!(theirs, alone.as_str());
}

#[tokio::test]
async fn a_cancelled_delete_has_whole_pages_and_retry_and_restore_both_go_on_from_there() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "cancelled");
    let admin = tenant.admin().await;
    for (name, next) in [("retried", "retry"), ("restored", "restore")] {
        let discussion = tenant.thread(name, 2_000).await;
        let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;

        let answer = act(&admin, &id, "cancel").await;
        let deletion = admin.done(&id, SOON).await;

        // One compare-and-set decides; whoever comes second is told the state.
        if answer.status == 409 {
            assert_eq!(answer.json()["state"], "DELETED", "{answer:?}");
            say("SKIPPED: the delete was done before the cancel came");
            continue;
        }
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(deletion["state"], "CANCELLED", "{deletion:#}");
        let of = |outcome: &str| sum(&deletion, "delete", outcome);
        assert_eq!(of("selected"), of("deleted") + of("not_reached"));
        // The root carries its mark from the beginning, whether its page was reached or not.
        let deleted = of("deleted").max(1);
        let held = tenant.held(&discussion).await;
        assert_eq!(marked(&held).0, deleted, "{deletion:#}");
        say(&format!("cancelled after {deleted} of 2001 records"));

        let answer = act(&admin, &id, next).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let deletion = admin.done(&id, SOON).await;
        if next == "retry" {
            assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
            assert_eq!(
                deletion["counts"]["delete"]["messages"],
                json!({ "selected": 2_000, "deleted": 2_000, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 0, "not_reached": 0 })
            );
            let held = tenant.held(&discussion).await;
            held.assert_marked_by(&deletion, 2_000);
        } else {
            assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
            let is_back = |held: &CurrentValue| {
                let mut documents = held.documents.values();
                documents.all(|document| !document.contains_key("deletion_id"))
            };
            let held = tenant.held_when(&discussion, is_back).await;
            held.assert_live(2_000);
        }
    }
}

#[tokio::test]
async fn a_purge_on_request_does_not_wait_for_the_retention() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "purged");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 300).await;
    let beside = tenant.thread("e", 3).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    admin.done(&id, SOON).await;

    let answer = act(&admin, &id, "purge").await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(deletion["state"], "PURGED", "{deletion:#}");
    let all = |purged: u64| json!({ "purged": purged, "kept": 0, "failed": 0 });
    assert_eq!(
        deletion["counts"]["purge"],
        json!({ "discussions": all(1), "messages": all(300) })
    );
    assert!(tenant.held(&discussion).await.is_gone());
    tenant.held(&beside).await.assert_live(3);
    let read = admin.get(&format!("/v1/discussions/{discussion}")).await;
    assert_eq!(read.status, 404, "{read:?}");
}

#[tokio::test]
async fn an_action_that_does_not_apply_is_409_with_the_state_and_changes_nothing() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "applies");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 2).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;

    for (reached, by, refused) in [
        ("DELETED", None, ["cancel", "retry"].as_slice()),
        (
            "RESTORED",
            Some("restore"),
            ["cancel", "retry", "restore", "purge"].as_slice(),
        ),
    ] {
        if let Some(by) = by {
            assert_eq!(act(&admin, &id, by).await.status, 202);
        }
        let stands = admin.done(&id, SOON).await;
        assert_eq!(stands["state"], reached);
        for action in refused {
            let answer = act(&admin, &id, action).await;
            assert_eq!(
                (answer.status, answer.code()),
                (409, "INVALID_STATE".to_owned()),
                "{action} of {reached}: {answer:?}"
            );
            assert_eq!(answer.json()["state"], reached, "{action}");
        }
        let after = admin.deletion(&id).await;
        assert_eq!(
            (&after["state"], &after["counts"]),
            (&stands["state"], &stands["counts"])
        );
    }
}

#[tokio::test]
async fn anothers_deletion_cannot_be_told_from_one_that_does_not_exist() {
    let Some(stack) = stack() else { return };
    let (tenant, other) = (Tenant::new(&stack, "mine"), Tenant::new(&stack, "theirs"));
    let (admin, stranger) = (tenant.admin().await, other.admin().await);
    let discussion = tenant.thread("d", 2).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;
    let unknown = "00000000-0000-7000-8000-000000000000";

    for action in ["cancel", "retry", "restore", "purge"] {
        let theirs = act(&stranger, &id, action).await;
        let nobodys = act(&stranger, unknown, action).await;

        assert_eq!(
            (theirs.status, theirs.code()),
            (404, "DELETION_NOT_FOUND".to_owned()),
            "{theirs:?}"
        );
        let told = |answer: &Answer, id: &str| {
            let told = answer.told();
            (told.status, told.headers, told.text.replace(id, "…"))
        };
        assert_eq!(told(&theirs, &id), told(&nobodys, unknown), "{action}");
    }
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 2);
}

#[tokio::test]
async fn a_body_a_parameter_or_another_word_is_refused_and_who_may_not_restore_is_told_so() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "plain");
    let admin = tenant.admin().await;
    let member = tenant.member("ann").await;
    let discussion = tenant.thread("d", 2).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;
    let path = format!("/v1/deletions/{id}/restore");

    let with_body = admin
        .call(Method::POST, &path, &[], Some(r#"{"force":true}"#))
        .await;
    let with_parameter = act(&admin, &id, "restore?force=true").await;
    let other_word = act(&admin, &id, "revive").await;
    let other_method = admin.get(&path).await;
    let by_member = act(&member, &id, "restore").await;

    let told = |answer: &Answer| (answer.status, answer.code());
    assert_eq!(told(&with_body), (400, "BODY_NOT_ALLOWED".to_owned()));
    assert_eq!(told(&with_parameter), (400, "UNKNOWN_PARAMETER".to_owned()));
    assert_eq!(told(&other_word), (404, "ROUTE_NOT_FOUND".to_owned()));
    assert_eq!(told(&other_method), (405, "METHOD_NOT_ALLOWED".to_owned()));
    // What a member may not see is absent for them; what they see and may not do is forbidden.
    assert!(matches!(by_member.status, 403 | 404), "{by_member:?}");
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 2);
}

#[tokio::test]
async fn the_largest_real_thread_is_restored_with_counts_that_equal_the_data() {
    let (Some(stack), Some(file)) = (stack(), mail_archive()) else {
        return;
    };
    let tenant = Tenant::new(&stack, "largest");
    let admin = tenant.admin().await;
    let collections = tombstone::collections::read(None).unwrap();
    let mail = Mail::of(&collections).unwrap();
    let archive = Archive::read(&file, &mail).unwrap();
    let mut threads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in archive.messages() {
        // A list of the test's own: others count what the real lists have.
        let mut mine = message.clone();
        mine.list.clone_from(&tenant.name);
        let lines = threads.entry(Mail::discussion_id(message)).or_default();
        lines.push(mine.to_line());
    }
    let largest = threads.into_values().max_by_key(Vec::len).unwrap();
    let messages = largest.len();
    let archive = Archive::from_lines("largest", largest.into_iter().map(Ok), &mail).unwrap();
    let discussion = Mail::discussion_id(&archive.messages()[0]);
    local::load::write(&stack, &mail, &archive).await.unwrap();
    let before = tenant.held(&discussion).await;

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, messages);
    let answer = act(&admin, &id, "restore").await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    assert_eq!(sum(&deletion, "restore", "restored"), messages + 1);
    let held = tenant.held_when(&discussion, |held| *held == before).await;
    assert_eq!(held, before);
    say(&format!(
        "the largest real thread, {messages} messages, was deleted and restored"
    ));
}

async fn act(caller: &Caller, id: &str, action: &str) -> Answer {
    let path = format!("/v1/deletions/{id}/{action}");
    caller.call(Method::POST, &path, &[], None).await
}

/// A number of a pass, over all collections.
fn sum(deletion: &Value, pass: &str, outcome: &str) -> usize {
    let collections = deletion["counts"][pass].as_object().into_iter().flatten();
    let counts = collections.map(|(_, counts)| counts[outcome].as_u64().unwrap_or_default());
    usize::try_from(counts.sum::<u64>()).unwrap()
}

/// How many rows and how many documents carry a mark.
fn marked(held: &CurrentValue) -> (usize, usize) {
    let of = |records: &BTreeMap<String, tests::stores::Fields>| {
        let marked = records
            .values()
            .filter(|fields| !mark_of(fields)[2].is_null());
        marked.count()
    };
    (of(&held.rows), of(&held.documents))
}
