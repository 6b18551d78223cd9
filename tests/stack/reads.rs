//! Get, list and search: live records, whole, page by page.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::mail::{SOMEBODY, Tenant};
use tests::stacks::stack;

#[tokio::test]
async fn a_live_record_is_shown_whole() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "whole");
    let member = tenant.member("ann").await;
    let discussion = tenant.thread("d", 1).await;

    let answer = member.get(&format!("/v1/discussions/{discussion}")).await;

    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({
            "collection": "discussions",
            "id": discussion,
            "attributes": {
                "discussion_id": discussion,
                "sender_id": SOMEBODY,
                "sent_at": "2026-11-21T07:00:00Z",
                "subject": "a subject",
                "user_id": tenant.name,
            },
        })
    );
}

#[tokio::test]
async fn lists_show_every_live_record_once_whatever_the_page() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "list");
    let member = tenant.member("ann").await;
    let discussion = tenant.thread("d", 25).await;
    for name in ["e", "f"] {
        tenant.thread(name, 0).await;
    }

    let (messages, pages) = member
        .all(&format!("/v1/messages?parent={discussion}&limit=10"))
        .await;
    let (discussions, _) = member.all("/v1/discussions?limit=2").await;

    let ids = |items: &[Value], part: &str| {
        let ids = items
            .iter()
            .map(|item| item[part].as_str().unwrap().to_owned());
        ids.collect::<BTreeSet<String>>()
    };
    assert_eq!((messages.len(), ids(&messages, "sort").len()), (25, 25));
    assert!(pages >= 3, "{pages}");
    let expected = ["d", "e", "f"].map(|name| tenant.id(name));
    assert_eq!(ids(&discussions, "id"), BTreeSet::from(expected));
    assert_eq!(discussions.len(), 3);
}

#[tokio::test]
async fn search_finds_a_record_until_it_is_deleted() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "search");
    let (admin, stranger) = (
        tenant.admin().await,
        Tenant::new(&stack, "searcher").admin().await,
    );
    let (kept, gone) = (tenant.id("kept"), tenant.id("gone"));
    tenant
        .discussion(&kept, SOMEBODY, "quixotic windmills")
        .await;
    tenant.discussion(&gone, SOMEBODY, "quixotic giants").await;
    tenant
        .put_messages(&[tenant.message(&gone, "m", "a quixotic body")])
        .await;
    let found = async || {
        let discussions = admin.all("/v1/search/discussions?q=quixotic").await.0;
        let messages = admin.all("/v1/search/messages?q=quixotic&limit=1").await.0;
        let items = discussions.into_iter().chain(messages);
        items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut before = found().await;
    before.sort();

    let id = admin.begin(&format!("/v1/discussions/{gone}")).await;
    let at_once = found().await;
    admin.done(&id, Duration::from_mins(1)).await;
    let later = found().await;

    assert_eq!(before, [gone.clone(), gone, kept.clone()]);
    assert_eq!(at_once, std::slice::from_ref(&kept));
    assert_eq!(later, [kept]);
    assert_eq!(
        stranger
            .all("/v1/search/discussions?q=quixotic")
            .await
            .0
            .len(),
        0
    );
}

#[tokio::test]
async fn whatever_a_search_says_it_is_answered_or_refused_and_never_a_failure_of_ours() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "words");
    let member = tenant.member("ann").await;
    let discussion = tenant.id("d");
    let words: Vec<String> = ('a'..='z')
        .flat_map(|first| ('a'..='z').map(move |second| format!("{first}wor{second}d")))
        .collect();
    tenant
        .discussion(&discussion, SOMEBODY, &words.join(" "))
        .await;
    // Each is a word and a number: 48 words.
    let fuzzy: Vec<String> = ('a'..='x').map(|first| format!("{first}word~2")).collect();
    let search = async |text: &str| {
        let text = text
            .replace('%', "%25")
            .replace('#', "%23")
            .replace('&', "%26");
        let path = format!("/v1/search/discussions?q={}", text.replace(' ', "%20"));
        member.get(&path).await
    };

    for text in [
        fuzzy.join(" "),
        "\"a b\"~99999".to_owned(),
        "a* b* c* d* e*".to_owned(),
        "(".repeat(900),
        "-a ".repeat(50),
        "\u{7ba1}".repeat(111),
    ] {
        let answer = search(&text).await;
        assert_eq!(answer.status, 200, "{text}: {answer:?}");
    }
    for text in ["a ".repeat(51), "a* ".repeat(6), "a".repeat(1_001)] {
        let answer = search(&text).await;
        let told = (answer.status, answer.code());
        assert_eq!(told, (400, "INVALID_PARAMETER".to_owned()), "{text}");
    }
    // A prefix is still one.
    let found = search("awor*").await.json();
    assert_eq!(found["items"][0]["id"], json!(discussion));
}

#[tokio::test]
async fn a_document_that_an_outside_writer_put_back_is_not_found_by_search() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "putback");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 0).await;
    let original = tenant.held(&discussion).await.documents[""].clone();
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    admin.done(&id, Duration::from_mins(1)).await;

    tenant
        .stores
        .put_documents("discussions", &[(discussion, original)])
        .await;

    assert_eq!(
        admin.all("/v1/search/discussions?q=subject").await.0.len(),
        0
    );
}

#[tokio::test]
async fn a_deleted_record_is_410_for_who_may_restore_it_and_404_for_the_rest() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "gone");
    let (admin, member) = (tenant.admin().await, tenant.member("bob").await);
    let discussion = tenant.thread("d", 1).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, Duration::from_mins(1)).await;

    for path in [
        format!("/v1/discussions/{discussion}"),
        format!("/v1/messages/{discussion}/m000000"),
    ] {
        let (gone, absent) = (admin.get(&path).await, member.get(&path).await);

        assert_eq!(
            (gone.status, gone.code()),
            (410, "RECORD_DELETED".to_owned())
        );
        assert_eq!(gone.json()["purge_at"], deletion["purge_at"]);
        assert_eq!(gone.json()["deletion"]["id"], id);
        assert_eq!(
            (absent.status, absent.code()),
            (404, "RECORD_NOT_FOUND".to_owned())
        );
    }
}
