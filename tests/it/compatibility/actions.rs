//! Who asked last of a deletion, and the key of a request: both are stored since builds knew `kept`.

use domain::deletion::{Action, LastAction};
use domain::request_key::RequestKey;
use ports::AcceptDeletions;

use super::{Frozen, id};

#[tokio::test]
async fn who_asked_last_is_read_as_it_was_stored() {
    let frozen = Frozen::of_actions();
    let world = frozen.world("acme");

    let deletion = world.read(id(&frozen, "0001")).await;

    let asked = LastAction {
        action: Action::Retry,
        by: "bob".to_owned(),
        at: "2026-11-28T18:58:20.123Z".parse().unwrap(),
    };
    assert_eq!(deletion.last_action, Some(asked));
}

#[tokio::test]
async fn the_key_of_a_request_is_read_as_it_was_stored() {
    let frozen = Frozen::of_actions();
    let world = frozen.world("acme");
    let deletion = world.read(id(&frozen, "0001")).await;
    let key = |at: &str| RequestKey {
        name: "5e".repeat(32),
        asked: String::new(),
        at: at.parse().unwrap(),
    };
    let read = async |at: &str| {
        let used = world.deletions().used_key(&deletion.tenant, &key(at)).await;
        used.unwrap()
    };

    let used = read("2026-11-28T19:00:00Z").await.unwrap();

    assert_eq!((used.asked, used.deletion), ("a7".repeat(32), deletion.id));
    assert_eq!(read("2026-11-30T19:00:00Z").await, None);
}
