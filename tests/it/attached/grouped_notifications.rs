//! Notifications of users who have no row: their id is inside a text, which is the tenant too; times are numbers with a
//! fraction, and the oldest member of a group is found by such a number.

use domain::deletion::{Action, Deletion, State};
use domain::narrowing::Narrowing;
use requests::accept::{AcceptAnswer, DeleteRequest, accept};
use requests::destroy::{DestroyRequest, Requested, destroy};
use serde_json::{Map, Value, json};
use testing::samples::key;

use super::{Attached, attached};

const FILE: &str = include_str!("grouped-notifications.toml");

fn of_user(user: &str) -> Option<Attached> {
    let attached = attached("grouped-notifications", FILE, user)?;
    // After the newest notification.
    attached
        .on
        .clock
        .set("2026-11-29T10:00:00Z".parse().unwrap());
    Some(attached)
}

fn row(app: &Attached, id: &str) -> Map<String, Value> {
    let mut items = app.on.items("notifications").into_iter();
    let found = items.find(|item| item["id"] == json!({ "S": id }));
    found.unwrap_or_default()
}

/// The ids of these rows, each once.
fn ids(changed: &[(String, Value)]) -> Vec<String> {
    let ids = changed.iter().map(|(_, item)| item["id"]["S"].as_str());
    let mut ids: Vec<String> = ids.flatten().map(str::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

const OF_17: [&str; 5] = [
    "n-0000000001",
    "n-0000000002",
    "n-0000000003",
    "n-0000000004",
    "s-01",
];

#[tokio::test]
async fn everything_of_a_user_is_deleted_restored_and_purged_and_nothing_of_another() {
    let Some(app) = of_user("17") else { return };

    let deletion = app.delete_whole("users", "17").await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["notifications"].deleted, 4);
    assert_eq!(deletion.deleted["subscriptions"].deleted, 1);
    assert_eq!(ids(&app.changed()), OF_17, "not 170, 18 or Admin#17");

    let restored = app.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(app.changed(), [], "to the type and the digit");

    let again = app.delete_whole("users", "17").await;
    let purged = app.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    let changed = app.changed();
    assert_eq!(
        (changed.len(), ids(&changed)),
        (5, OF_17.map(String::from).to_vec())
    );
}

#[tokio::test]
async fn the_oldest_by_number_becomes_the_owner_and_the_others_name_it() {
    let Some(app) = of_user("17") else { return };
    let owner = |id: &str| row(&app, id).get("group_owner_id").cloned();

    let deletion = app.delete("notifications", "n-0000000001", None).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(owner("n-0000000004"), None);
    for member in ["n-0000000002", "n-0000000003"] {
        assert_eq!(owner(member), Some(json!({ "S": "n-0000000004" })));
    }
    assert_eq!(ids(&app.changed()), OF_17[..4]);
    let marked = row(&app, "n-0000000001");
    assert_eq!(marked["deleted_at"], json!({ "N": "1795946400" }));
}

#[tokio::test]
async fn a_mark_is_a_number_of_seconds_with_their_fraction_and_leaves_nothing_behind() {
    let Some(app) = of_user("17") else { return };
    app.on
        .clock
        .set("2026-11-29T10:00:00.120Z".parse().unwrap());

    let deletion = app.delete("notifications", "n-0000000003", None).await;
    assert_eq!(
        row(&app, "n-0000000003")["deleted_at"],
        json!({ "N": "1795946400.12" })
    );

    app.act(&deletion, Action::Restore).await;
    assert_eq!(app.changed(), []);
}

/// Deletes what meets these filters.
async fn destroyed(app: &Attached, filters: &Value) -> Deletion {
    let (on, collection) = (&app.on, app.on.collection("notifications"));
    let fields = filters.as_object().unwrap();
    let request = DestroyRequest {
        principal: &on.principal,
        collection,
        named: Requested::Matching { beside: vec![] },
        whole: None,
        parent: None,
        filters: Narrowing::parse(fields, &collection.filters).unwrap(),
        as_of: None,
        expected_count: None,
        request_id: "r".to_owned(),
        once: None,
    };
    let api = on.api(&on.faults());
    let id = Box::pin(destroy(&api, request)).await.unwrap().deletion.id;
    let _ended = on.deliver(&on.faults(), id).await.unwrap();
    on.read(id).await
}

#[tokio::test]
async fn filters_are_about_parts_of_texts_about_what_is_there_and_about_numbers_with_a_fraction() {
    let all = &OF_17[..4];
    for (filters, expected) in [
        (json!({ "type": "Comment" }), all),
        (json!({ "type": "Comment#001" }), &[]),
        (json!({ "group_type": "Article", "group_id": "55" }), all),
        (json!({ "group_type": "Article", "group_id": "5" }), &[]),
        (
            json!({ "key": "comment.created", "opened": true }),
            &OF_17[2..3],
        ),
        (json!({ "key": "article.published" }), &[]),
        // Ends do not belong to it: n-1 is of 03:20:01.101.
        (
            json!({ "later_than": "2026-11-28T03:20:01.101Z" }),
            &OF_17[1..3],
        ),
        (
            json!({ "later_than": "2026-11-28T03:20:01.100Z" }),
            &OF_17[..3],
        ),
        (
            json!({ "earlier_than": "2026-11-28T03:20:03.303Z", "opened": false }),
            &["n-0000000001", "n-0000000004"],
        ),
        (
            json!({ "earlier_than": "2026-11-28T03:20:03.304Z", "later_than": "2026-11-28T03:20:01.101Z" }),
            &OF_17[2..3],
        ),
    ] {
        let Some(app) = of_user("17") else { return };

        let deletion = destroyed(&app, &filters).await;

        assert_eq!(deletion.state, State::Deleted, "{filters}");
        let items = app.on.items("notifications").into_iter();
        let marked = items.filter(|item| item.contains_key("deletion_id"));
        let mut marked: Vec<_> = marked.map(|item| item["id"]["S"].clone()).collect();
        marked.sort_by_key(Value::to_string);
        assert_eq!(marked, expected, "{filters}");
        app.act(&deletion, Action::Restore).await;
        let items = app.on.items("notifications").into_iter();
        assert!(
            !items
                .into_iter()
                .any(|item| item.contains_key("deletion_id"))
        );
    }
}

/// What a caller is answered who asks for the deletion of this notification.
async fn answered(app: &Attached, id: &str) -> String {
    let request = DeleteRequest {
        principal: &app.on.principal,
        collection: app.on.collection("notifications"),
        key: key(id),
        request_id: "r".to_owned(),
        once: None,
        tags: domain::tags::Tags::Unasked,
    };
    match Box::pin(accept(&app.on.api(&app.on.faults()), request)).await {
        Ok(AcceptAnswer::Scheduled(_)) => "scheduled".to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_user_reaches_nothing_of_another_one_and_nothing_of_another_kind_of_target() {
    let Some(app) = of_user("17") else { return };
    let absent = answered(&app, "n-none").await;

    for (id, whose) in [
        ("n-0000000005", "User#18"),
        ("n-0000000006", "User#170"),
        ("n-0000000007", "Admin#17"),
    ] {
        assert_eq!(answered(&app, id).await, absent, "{whose}");
    }
    assert_eq!(answered(&app, "n-0000000003").await, "scheduled");
    assert_eq!(app.on.next_message().iter().count(), 1);

    let Some(other) = of_user("18") else { return };
    let whole = other.delete_whole("users", "18").await;
    assert_eq!(whole.state, State::Deleted);
    assert_eq!(ids(&other.changed()), ["n-0000000005", "s-02"]);
}
