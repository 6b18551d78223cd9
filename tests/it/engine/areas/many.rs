//! Very many notifications: previews and runs stay bounded.

#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::time::Duration;

use domain::deletion::State;
use requests::destroy::{MOST_COUNTED, SAMPLE};
use serde_json::{Value, json};
use testing::Operation;
use testing::samples::key;

use super::asking::by;
use super::text_of;
use crate::engine::world::figures::{asked, peak_grown, peak_kilobytes};
use crate::engine::world::{Ignore as _, World};

/// How many notifications: a million in the longest run (`MATCHES=1000000`), less otherwise.
fn matches() -> usize {
    asked("MATCHES", 12_000)
}

/// The store calls of a preview at the most: so many rows are counted, and of one in five that match five times as many
/// are read, a thousand at once.
const MOST_CALLS: u64 = 80;

#[tokio::test]
async fn however_many_match_the_preview_is_bounded_and_honest_and_the_run_goes_on_in_slices() {
    // Without groups: for each record that may own one the index is asked who the members are.
    let text = text_of("notifications.toml").replace("\"promote\"", "\"cascade\"");
    let text: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("promote "))
        .collect();
    let world = World::new(&text.join("\n"));
    world.put("targets", &key("t"), None);
    let collection = world.collection("notifications");
    for number in 0..matches() {
        let row = json!({
            "target_id": "t", "notification_id": format!("{number:07}"), "account_id": "acme",
            "kind": if number % 5 == 0 { "mention" } else { "comment" }, "sent_at": "2026-11-21T06:00:00Z",
        });
        // Rows alone: a document for each would be most of what this takes.
        world
            .rows
            .put(collection, row.as_object().cloned().unwrap());
    }
    let (counting, counting_few) = (world.faults(), world.faults());
    let before = peak_kilobytes();
    let preview = world.preview_with(&counting, &by(Value::Null)).await;
    let asked = by(json!({"type": "mention"}));
    let few = world.preview_with(&counting_few, &asked).await;
    let calls = [counting, counting_few].map(|faults| faults.calls());
    println!(
        "{} notifications: the preview of all took {} store calls and counted {}, that of one in five {} and {}",
        matches(),
        calls[0],
        preview.count,
        calls[1],
        few.count
    );
    assert!(
        calls.into_iter().all(|calls| calls <= MOST_CALLS),
        "{calls:?}"
    );

    assert!(!preview.exact);
    assert!((MOST_COUNTED..=MOST_COUNTED + 1_000).contains(&preview.count));
    assert_eq!(preview.sample.len(), SAMPLE);
    let mentions = matches() / 5;
    assert_eq!(few.exact, mentions <= MOST_COUNTED);
    assert!(few.count == mentions || few.count > MOST_COUNTED && !few.exact);

    let faults = world.faults();
    let deletion = world.destroy_asked(&faults, &asked).await.unwrap();
    faults.slow(Duration::from_millis(100));
    let mut slices = 0;
    while world.now(&deletion).state != State::Deleted {
        slices += 1;
        assert!(
            slices < 500,
            "it does not get on: {:?}",
            world.now(&deletion)
        );
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        let _ = world.queue.take();
    }

    let selected = world.counts(&deletion, "notifications").selected;
    assert_eq!(selected, u64::try_from(matches() / 5).unwrap());
    let queries = faults.count(Operation::QueryRows);
    let per_thousand = queries * 1_000 / usize::try_from(selected).unwrap();
    // A query of a table reads up to 1,000 rows, and half a unit is 4 KB read consistently.
    println!(
        "one in five matches: {queries} queries for {selected} selected in {slices} slices, {per_thousand} for 1,000; with rows of 1 KB about {} read units for 1,000 selected",
        1_000 * 5 / 4
    );
    if let (Some(before), Some(grown)) = (before, peak_grown(before)) {
        println!(
            "the rows of the fake and all that was there before: {} MB; the peak grew by {} MB in preview and run, with pages, marks and documents",
            before / 1024,
            grown / 1024
        );
    }
    assert!(per_thousand <= 12, "{per_thousand}");
}
