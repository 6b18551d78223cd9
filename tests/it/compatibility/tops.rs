//! Deletes without a root that have late arrivals: their `META` is of a version that no build reads which would do them
//! last. One has still to do what was requested; the other has done that, and has a page behind it, for a shared record.

use std::time::Duration;

use domain::deletion::{Action, State};

use super::{Frozen, id};
use crate::on_tables::OnTables;

/// How many rows there are: messages, reactions, links and attachments.
fn rows(world: &OnTables) -> [usize; 4] {
    [
        "stream_messages",
        "reactions",
        "stream_attachments",
        "attachments",
    ]
    .map(|name| world.items(name).len())
}

#[tokio::test]
async fn a_delete_that_has_late_arrivals_goes_on_in_the_order_that_was_stored() {
    for (frozen, expected, left) in [
        (Frozen::of_tops(), (1, 1, 0), [1, 1, 0, 1]),
        (Frozen::of_behind(), (1, 2, 1), [0, 0, 0, 1]),
    ] {
        let world = frozen.world("acme");
        let id = id(&frozen, "0001");
        let faults = world.faults();
        let meta = frozen.control.iter().find(|item| item["sk"]["S"] == "META");
        assert_eq!(meta.expect("it is frozen")["v"]["N"], "4");
        let deletion = world.read(id).await;
        assert_eq!((deletion.tops, deletion.late, deletion.behind), expected);
        assert_eq!(rows(&world), left, "{expected:?}");
        // The worker that has stored it is dead.
        world.clock.advance(Duration::from_mins(10));

        for _ in 0..10 {
            if world.read(id).await.state == State::Deleted {
                break;
            }
            let _ = world.deliver(&faults, id).await.unwrap();
        }

        let deletion = world.read(id).await;
        assert_eq!(deletion.state, State::Deleted, "{expected:?}");
        assert_eq!(rows(&world), [0; 4], "{expected:?}");
        let counts = deletion.deleted.values();
        let deleted: u64 = counts.map(|counts| counts.deleted).sum();
        assert_eq!(deleted, 5, "{expected:?}");
        world.act(&faults, id, Action::Restore).await;
        for _ in 0..10 {
            if world.read(id).await.state == State::Restored {
                break;
            }
            let _ = world.deliver(&faults, id).await.unwrap();
        }
        assert_eq!(rows(&world), [1, 2, 1, 1], "{expected:?}");
    }
}
