//! Traces that a second look at the engine found: each broke it once.

use std::time::Duration;

use domain::deletion::State;
use ports::{AdvanceDeletions, Clock};
use requests::manifest::{ManifestFilter, records};
use requests::records::list;
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::purge::purges::{deleted, purged};
use crate::engine::world::strategies::{archived, erased, sum};
use crate::engine::world::trees::{FOUR_LEVELS, mail};
use crate::engine::world::{Ignore, World, admin, after};

fn two_discussions() -> World {
    two_discussions_as(FOUR_LEVELS)
}

fn two_discussions_as(text: &str) -> World {
    let world = World::new(text);
    world.put("lists", &key("l"), None);
    for discussion in ["d1", "d2"] {
        world.put("discussions", &key2("l", discussion), Some(&key("l")));
    }
    world.put("messages", &key("l-m"), Some(&key2("l", "d1")));
    world.put("messages", &key("l-n"), Some(&key2("l", "d2")));
    world
}

/// An outside writer merges two discussions while they are being deleted.
#[tokio::test]
async fn a_record_that_moves_from_one_parent_to_the_next_is_selected_once() {
    for page_keys in [1, 2, 3, 4, 5, 1000] {
        for nth in 1..=20 {
            let mut world = two_discussions();
            world.page_keys = page_keys;
            let deletion = world.accept("lists", &key("l")).await;
            let faults = world.faults();
            let beside = world.clone();
            faults.beside(Operation::QueryRows, nth, Moment::After, move || {
                let messages = beside.collection("messages");
                let mut row = beside.rows.get(messages, &key("l-m")).unwrap();
                row.insert("discussion".to_owned(), "d2".into());
                beside.rows.put(messages, row);
            });

            world.deliver(&faults, &deletion).await.unwrap().ignore();
            world.come_to_rest().await;
            let stands = world.now(&deletion);
            let context = format!("{page_keys} keys a page, moved behind query {nth}");
            let sum: u64 = stands.deleted.values().map(|counts| counts.selected).sum();
            assert_eq!(
                (stands.state, sum),
                (State::Deleted, 5),
                "{context}: {:?}",
                stands.failure
            );
            world.until_purge(&deletion);
            world.come_to_rest().await;
            assert_eq!(world.now(&deletion).state, State::Purged, "{context}");
            assert_eq!(purged(&world, &deletion), (5, 0, 0), "{context}");
        }
    }
}

/// While pages are written nothing is marked, so both parents may show it: it is taken once all the same.
#[tokio::test]
async fn a_record_that_moves_while_pages_are_written_is_removed_and_told_once() {
    for (text, ended) in [(archived(), State::Deleted), (erased(), State::Purged)] {
        for page_keys in [1, 2, 3, 4, 5, 1000] {
            for nth in 1..=12 {
                let mut world = two_discussions_as(&text);
                world.page_keys = page_keys;
                let deletion = world.accept("lists", &key("l")).await;
                let faults = world.faults();
                let beside = world.clone();
                faults.beside(Operation::QueryRows, nth, Moment::After, move || {
                    let messages = beside.collection("messages");
                    if let Some(mut row) = beside.rows.get(messages, &key("l-m")) {
                        row.insert("discussion".to_owned(), "d2".into());
                        beside.rows.put(messages, row);
                    }
                });

                world.deliver(&faults, &deletion).await.unwrap().ignore();
                world.come_to_rest().await;

                let stands = world.now(&deletion);
                let context =
                    format!("{ended:?}, {page_keys} keys a page, moved behind query {nth}");
                assert_eq!(stands.state, ended, "{context}");
                let count = |of| sum(&stands.deleted, of);
                assert_eq!(count("deleted"), 5, "{context}");
                let twice = count("already_deleted") + count("missing");
                assert_eq!(count("selected"), 5 + twice, "{context}");
                assert!(twice <= 1, "{context}");
                let told = world.named("RecordsDeleted");
                assert!(
                    told.len() == 5 && told.values().all(|times| *times == 1),
                    "{context}"
                );
                assert_eq!(world.row("messages", &key("l-m")), None, "{context}");
            }
        }
    }
}

/// The slice of the look ends between the page and its marks.
#[tokio::test]
async fn a_root_created_anew_between_a_looks_page_and_its_marks_keeps_its_children() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    world.put("messages", &key2("d", "late"), Some(&key("d")));
    world.until_purge(&deletion);
    let faults = world.faults();
    faults.fail(Operation::MarkRows, .., Fault::Unavailable(Moment::Before));
    assert_eq!(world.sweep(&faults).await.unwrap().purging, 1);

    world.put("discussions", &key("d"), None);
    world.put("messages", &key2("d", "late"), Some(&key("d")));
    world.come_to_rest().await;

    let live = (Some(String::new()), Some(String::new()));
    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(world.marks("discussions", &key("d")), live);
    assert_eq!(world.marks("messages", &key2("d", "late")), live);
}

#[tokio::test]
async fn a_list_over_an_index_that_lags_does_not_show_what_has_moved_below_a_deleted_parent() {
    let world = two_discussions();
    world.accept("discussions", &key2("l", "d2")).await;
    world.rows.lag();
    let messages = world.collection("messages");
    let mut row = world.rows.get(messages, &key("l-m")).unwrap();
    row.insert("discussion".to_owned(), "d2".into());
    world.rows.put(messages, row);

    let api = world.api(&world.faults());
    let parent = key2("l", "d1");
    let shown = list(&api, &admin(), messages, Some(&parent), 10, None)
        .await
        .unwrap();

    assert!(shown.items.is_empty(), "{:?}", shown.items);
}

#[tokio::test]
async fn a_manifest_with_many_empty_pages_is_read_in_bounded_stretches() {
    let mut world = World::new(FOUR_LEVELS);
    world.page_keys = 1;
    world.put("lists", &key("l"), None);
    world.put("discussions", &key2("l", "d"), Some(&key("l")));
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    let pages = world.now(&deletion).pages;
    for number in pages + 1..=pages + 2000 {
        let page = domain::page::Page {
            number,
            entries: Vec::new(),
            next: None,
        };
        let _ = world.deletions.put_page(&deletion, &page).await.unwrap();
    }
    let faults = world.faults();
    let api = world.api(&faults);
    let mut cursor: Option<String> = None;
    let mut found = 0;
    loop {
        let before = faults.count(Operation::ReadPage);
        let wanted = (deletion.id, &ManifestFilter::default());
        let part = records(&api, &admin(), wanted, 10, cursor.as_deref()).await;
        let part = part.unwrap();
        assert!(faults.count(Operation::ReadPage) - before <= 100);
        found += part.records.len();
        cursor = part.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, 2);
}

#[tokio::test]
async fn no_sweep_drops_pages_past_its_deadline() {
    let mut world = mail(2000);
    world.page_keys = 1;
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    world.come_to_rest().await;
    world.clock.advance(world.timing.compare_after);
    let mut sweeps = 0;
    while world.now(&deletion).due_at.is_some() {
        sweeps += 1;
        assert!(sweeps < 40, "it does not get on");
        let faults = world.faults();
        faults.slow_at(Operation::DropPage, Duration::from_millis(100));
        let deadline = after(world.clock.now(), Duration::from_mins(1));
        world.sweep(&faults).await.unwrap();
        let late = faults
            .log()
            .into_iter()
            .filter(|call| call.at >= deadline)
            .count();
        assert!(late <= 1, "{late} calls behind the deadline");
        world.clock.advance(Duration::from_mins(3));
    }
}

#[tokio::test]
async fn no_sweep_tells_past_its_deadline() {
    let mut world = mail(2000);
    world.page_keys = 10;
    let deletion = world.accept("discussions", &key("d")).await;
    let away = world.faults();
    away.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
    world.deliver(&away, &deletion).await.unwrap().ignore();
    world.clock.advance(Duration::from_mins(5));
    let faults = world.faults();
    faults.slow_at(Operation::ReadDeletion, Duration::from_secs(50));
    faults.slow_at(Operation::Publish, Duration::from_secs(1));
    let deadline = after(world.clock.now(), Duration::from_mins(1));
    world.sweep(&faults).await.unwrap();
    let late: Vec<_> = faults
        .log()
        .into_iter()
        .filter(|call| call.at >= deadline)
        .map(|c| c.operation)
        .collect();
    assert!(late.is_empty(), "{late:?}");
}

#[tokio::test]
async fn a_slow_and_busy_index_is_no_reason_to_give_up() {
    for seconds in 1..=8 {
        let world = mail(5);
        let deletion = world.accept("discussions", &key("d")).await;
        let faults = world.faults();
        faults.fail(Operation::MarkDocuments, .., Fault::Again(|_| true));
        faults.slow_at(Operation::MarkDocuments, Duration::from_secs(seconds));
        for _ in 0..60 {
            for _ in world.queue.take() {
                let _ = world.deliver(&faults, &deletion).await;
            }
            world.clock.advance(Duration::from_mins(1));
            world.sweep(&world.faults()).await.unwrap();
            let stands = world.now(&deletion);
            assert_ne!(
                stands.state,
                State::DeleteFailed,
                "{seconds} s: {:?}",
                stands.failure
            );
        }
    }
}

#[tokio::test]
async fn two_documents_of_one_record_are_one_hit() {
    let world = mail(2);
    let messages = world.collection("messages");
    let row = world
        .rows
        .get(messages, &crate::engine::world::trees::message_key("d", 0))
        .unwrap();
    world.documents.put(messages, "an older id", row);

    let api = world.api(&world.faults());
    let shown = requests::records::search(&api, &admin(), messages, "stone", 10, None)
        .await
        .unwrap();

    assert_eq!(shown.items.len(), 4);
}

#[tokio::test]
async fn taking_an_acceptance_back_ends_while_the_client_still_waits() {
    let world = mail(2);
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
    faults.fail(Operation::Undo, .., Fault::Unavailable(Moment::Before));
    faults.slow_at(Operation::Undo, Duration::from_secs(8));
    let mut api = world.api(&faults);
    api.on_publish_failure = requests::OnPublishFailure::Rollback;

    let answer = crate::engine::world::ask(&api, &admin(), "discussions", &key("d")).await;

    assert!(answer.is_err());
    assert_eq!(faults.count(Operation::Undo), 1);
}

#[tokio::test]
async fn a_bus_that_hangs_does_not_take_the_time_of_what_is_due_behind_it() {
    let world = mail(1);
    let away = world.faults();
    away.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
    for n in 0..30 {
        let key = key(&format!("old-{n}"));
        world.put("discussions", &key, None);
        let deletion = world.accept("discussions", &key).await;
        world.deliver(&away, &deletion).await.unwrap().ignore();
    }
    let _lost = world.queue.take();
    world.accept("discussions", &key("d")).await;
    let _lost = world.queue.take();
    world.clock.advance(Duration::from_mins(3));
    away.slow_at(Operation::Publish, Duration::from_secs(8));

    let report = world.sweep(&away).await.unwrap();

    assert_eq!(report.resent, 1, "{report:?}");
    assert!(
        report.left > 0,
        "events leave time for the rest: {report:?}"
    );
}

/// The bus refuses an event of more than 256 KB for ever, and a deletion that is not told is not purged.
#[tokio::test]
async fn ids_of_control_characters_do_not_make_an_event_too_large() {
    let world = World::new(FOUR_LEVELS);
    world.put("messages", &key("l"), None);
    for n in 0..190 {
        let id = format!("{n:04}{}", "\u{1}".repeat(1000));
        world.put("reactions", &key2("l", &id), Some(&key("l")));
    }
    world.accept("messages", &key("l")).await;

    world.come_to_rest().await;

    assert_eq!(world.named("RecordsDeleted").len(), 191);
    for event in world.events.published() {
        assert!(event.detail.to_string().len() < 256 * 1024);
    }
}
