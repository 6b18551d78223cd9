//! Odd ids: the same record everywhere, or 400 `ID_NEEDS_QUERY`; never another record.

use std::time::Duration;

use tests::mail::{SOMEBODY, Tenant};
use tests::stacks::stack;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn in_a_path_spaces_quotes_and_emoji_name_the_record_that_was_meant() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "path");
    let admin = tenant.admin().await;
    for (name, written) in [
        ("a b", "a%20b"),
        ("quote\"d", "quote%22d"),
        ("it's", "it's"),
        ("🪦", "%F0%9F%AA%A6"),
        ("a+b", "a+b"),
        ("<tag>", "%3Ctag%3E"),
        ("back\\slash", "back%5Cslash"),
        ("semi;colon", "semi;colon"),
    ] {
        let id = tenant.thread(name, 1).await;
        let path = format!("/v1/discussions/{}~{written}", tenant.name);

        let shown = admin.get(&path).await;
        let deletion = admin.begin(&path).await;
        let deletion = admin.done(&deletion, SOON).await;

        assert_eq!(shown.status, 200, "{name}: {shown:?}");
        assert_eq!(shown.json()["id"], id.as_str());
        assert_eq!(deletion["scope"]["root"]["id"], id.as_str());
        tenant.held(&id).await.assert_marked_by(&deletion, 1);
    }
}

#[tokio::test]
async fn an_id_that_a_path_cannot_hold_is_refused_there_and_its_shorter_namesake_survives() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "cut");
    let admin = tenant.admin().await;
    // What a path would be cut to, or read as.
    let decoys =
        ["a", "b", "a b", "a#b", "a?b", "a/b", "a%b", "50%", "aab"].map(|name| tenant.id(name));
    for decoy in &decoys {
        tenant.discussion(decoy, SOMEBODY, "a subject").await;
    }

    for written in [
        "a%2Fb", "a/b/c", "a%23b", "a%3Fb", "a%25b", "50%25", "a%2561b", "a%252Fb", "a%00%2F",
    ] {
        let path = format!("/v1/discussions/{}~{written}", tenant.name);
        for answer in [admin.delete(&path).await, admin.get(&path).await] {
            assert_eq!(
                (answer.status, answer.code()),
                (400, "ID_NEEDS_QUERY".to_owned()),
                "{written}"
            );
        }
    }

    for decoy in &decoys {
        tenant.held(decoy).await.assert_live(0);
    }
    assert_eq!(admin.all("/v1/deletions").await.0.len(), 0);
}

#[tokio::test]
async fn by_query_every_id_names_exactly_its_record() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "query");
    let admin = tenant.admin().await;
    // The longest document id has 512 bytes; its message has one too, seven bytes and a separator longer.
    let long = "é".repeat((512 - 8 - tenant.id("").len()) / 2);
    let long_written = "%C3%A9".repeat(long.len() / 2);
    let cases = [
        ("a/b", "a%2Fb"),
        ("a#b", "a%23b"),
        ("a?b", "a%3Fb"),
        ("a?c", "a?c"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("a b", "a%20b"),
        ("a+b", "a+b"),
        ("a+c", "a%2Bc"),
        ("q\"", "q%22"),
        ("🪦", "%F0%9F%AA%A6"),
        ("a=b", "a=b"),
        ("a&b", "a%26b"),
        ("..", ".."),
        ("x/../y", "x/../y"),
        (&long, &long_written),
    ];
    for (name, _) in cases {
        tenant.thread(name, 1).await;
    }
    let decoys = ["a", "50", "x", "y", "/", "a+", "a "].map(|name| tenant.id(name));
    for decoy in &decoys {
        tenant.discussion(decoy, SOMEBODY, "a subject").await;
    }

    for (name, written) in cases {
        let path = format!("/v1/discussions?id={}~{written}", tenant.name);
        let shown = admin.get(&path).await;
        let deletion = admin.begin(&path).await;
        let deletion = admin.done(&deletion, SOON).await;

        let id = tenant.id(name);
        assert_eq!(shown.json()["id"], id.as_str(), "{name}");
        assert_eq!(deletion["state"], "DELETED", "{name}: {deletion:#}");
        tenant.held(&id).await.assert_marked_by(&deletion, 1);
    }
    for decoy in &decoys {
        tenant.held(decoy).await.assert_live(0);
    }
    assert_eq!(admin.all("/v1/deletions").await.0.len(), cases.len());
}

#[tokio::test]
async fn both_parts_of_a_key_may_be_odd() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "parts");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d/1", 0).await;
    // As real message ids are, and their shorter namesakes.
    let ids = ["<1#2?3/4%5@mail>", "<1", "plain", "~", "m🪦 \"x\""];
    let messages = ids.map(|id| tenant.message(&discussion, id, "a body"));
    tenant.put_messages(&messages).await;

    let path = format!(
        "/v1/messages?id={}~d%2F1&sort=%3C1%232%3F3%2F4%255%40mail%3E",
        tenant.name
    );
    let deletion = admin.begin(&path).await;
    let deletion = admin.done(&deletion, SOON).await;
    let by_path = admin
        .delete(&format!("/v1/messages/{}~d%2F1/plain", tenant.name))
        .await;

    assert_eq!(deletion["scope"]["root"]["sort"], ids[0]);
    assert_eq!(
        (by_path.status, by_path.code()),
        (400, "ID_NEEDS_QUERY".to_owned())
    );
    let held = tenant.held(&discussion).await;
    for (name, row) in &held.rows {
        assert_eq!(row.contains_key("deletion_id"), name == ids[0], "{name}");
        assert_eq!(
            held.documents[name].contains_key("deletion_id"),
            name == ids[0],
            "{name}"
        );
    }
}
