//! The announcement of a delete by ids, as it was stored: it hides what it lists, on real tables, until the run has ended.

use domain::deletion::State;
use requests::records::{Got, get};
use testing::samples::key2;

use super::{Frozen, id};
use crate::on_tables::OnTables;

/// Which of the messages are shown.
async fn shown(world: &OnTables) -> Vec<&'static str> {
    let api = world.api(&world.faults());
    let messages = world.collection("messages");
    let mut shown = Vec::new();
    for message in ["m1", "m2", "m3"] {
        let key = key2("d", message);
        let got = Box::pin(get(&api, &world.principal, messages, &key)).await;
        if matches!(got.unwrap(), Got::Live(_)) {
            shown.push(message);
        }
    }
    shown
}

fn announcements(world: &OnTables) -> usize {
    let items = world.tables.control_items().into_iter();
    items.filter(|item| item["pk"]["S"] == "T#acme#O").count()
}

#[tokio::test]
async fn what_an_announced_delete_lists_is_hidden_and_the_announcement_goes_with_its_end() {
    let frozen = Frozen::of_open();
    let world = frozen.world("acme");
    assert_eq!(shown(&world).await, ["m3"]);
    assert_eq!(announcements(&world), 1);
    let id = id(&frozen, "0001");

    let _ = world.deliver(&world.faults(), id).await.unwrap();

    assert_eq!(world.read(id).await.state, State::Deleted);
    assert_eq!(announcements(&world), 0);
    assert_eq!(shown(&world).await, ["m3"]);
}

#[tokio::test]
async fn an_announcement_of_a_later_version_hides_nothing_and_is_left_alone() {
    let mut frozen = Frozen::of_open();
    for item in &mut frozen.control {
        item.insert(
            "v".to_owned(),
            serde_json::json!({ "N": (domain::deletion::KNOWN + 1).to_string() }),
        );
    }
    let world = frozen.world("acme");

    assert_eq!(shown(&world).await, ["m1", "m2", "m3"]);
    assert_eq!(announcements(&world), 1);
}
