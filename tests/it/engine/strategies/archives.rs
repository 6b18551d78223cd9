//! The strategy `archive`: copied, then removed; the root last.

use domain::deletion::{Action, State};
use domain::size::{Count, ITEM_BYTES};
use requests::accept::{AcceptAnswer, AcceptError};
use requests::act::ActError;
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::areas::shipped;
use crate::engine::world::strategies::{archived, root_anew_half_way, small, sum, tree};
use crate::engine::world::{Ignore, World, text};

fn learners() -> World {
    let world = shipped("learners.toml");
    world.put("learners", &key("s-001"), None);
    for participation in ["p1", "p2", "p3"] {
        let at = key2("s-001", participation);
        world.put("participations", &at, Some(&key("s-001")));
    }
    world
}

#[tokio::test]
async fn a_deleted_tree_is_in_the_archive_with_date_and_author_and_gone_from_its_tables() {
    let world = small(&archived());
    let before: Vec<_> = tree()
        .iter()
        .map(|(collection, key, _)| world.row(collection, key).unwrap())
        .collect();

    let deletion = world.delete_and_rest("lists", &key("l")).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(sum(&deletion.deleted, "deleted"), 6);
    assert_eq!(sum(&deletion.deleted, "not_reached"), 0);
    for ((name, key, _), before) in tree().into_iter().zip(before) {
        let collection = world.collection(name);
        assert_eq!(world.row(name, &key), None, "{name} {key:?}");
        let copy = world.rows.copy_of(deletion.id, collection, &key).unwrap();
        let marks = collection.marks.all();
        if name == "lists" {
            assert_eq!(copy[marks[1]], json!("ada"));
        }
        let mut plain = copy;
        plain.retain(|name, _| !marks.contains(&name.as_str()));
        assert_eq!(plain, before, "{name} {key:?}");
        if collection.document.is_some() {
            assert_eq!(world.marks(name, &key), (None, text(deletion.id)));
        }
    }
    assert!(world.row("lists", &key("other")).is_some());
    assert!(world.row("subscribers", &key2("other", "bob")).is_some());
    assert_eq!(world.named("RecordsDeleted").len(), 6);
}

#[tokio::test]
async fn all_participations_of_a_learner_are_archived_with_it() {
    let world = learners();

    let deletion = world.delete_and_rest("learners", &key("s-001")).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(sum(&deletion.deleted, "deleted"), 4);
    assert_eq!(world.copies_under(deletion.id).len(), 4);
    assert_eq!(deletion.purge_at, None, "nothing in the archive expires");
}

#[tokio::test]
async fn the_natural_key_is_free_again_and_a_new_record_of_it_is_another_one() {
    let world = learners();
    let first = world.delete_and_rest("learners", &key("s-001")).await;

    world.put("learners", &key("s-001"), None);
    world.put("participations", &key2("s-001", "p9"), Some(&key("s-001")));
    world.come_to_rest().await;

    assert_eq!(
        world.marks("learners", &key("s-001")).0,
        Some(String::new())
    );
    assert_eq!(world.row("participations", &key2("s-001", "p1")), None);
    let second = world.delete_and_rest("learners", &key("s-001")).await;
    assert_eq!(sum(&second.deleted, "deleted"), 2);
    assert_eq!(world.copies_under(first.id).len(), 4);
    assert_eq!(world.copies_under(second.id).len(), 2);
}

#[tokio::test]
async fn who_takes_the_key_the_moment_it_is_free_keeps_an_unmarked_document() {
    let world = small(&archived());
    let deletion = world.accept("subscribers", &key2("l", "bob")).await;
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::TakeRows, 1, Moment::After, move || {
        beside.put("subscribers", &key2("l", "bob"), Some(&key("l")));
    });

    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    let live = (Some(String::new()), Some(String::new()));
    assert_eq!(world.marks("subscribers", &key2("l", "bob")), live);
    assert_eq!(world.copies_under(deletion.id).len(), 1);
}

#[tokio::test]
async fn a_restore_of_learners_is_refused_and_not_offered() {
    let world = learners();
    let deletion = world.delete_and_rest("learners", &key("s-001")).await;

    let refused = world.act(&deletion, Action::Restore).await;

    // Nobody is granted it; an admin of another file would get the state.
    assert!(matches!(refused, Err(ActError::Forbidden)));
    let offered: Vec<_> = deletion.allowed_actions(world.clock_now()).collect();
    assert_eq!(offered, [Action::Purge]);
}

#[tokio::test]
async fn deleting_the_same_record_a_second_time_deletes_nothing() {
    let world = small(&archived());
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    let archive = world.archive(deletion.id);

    let answer = world
        .ask(&world.faults(), "lists", &key("l"))
        .await
        .unwrap();

    assert!(!matches!(answer, AcceptAnswer::Scheduled(_)));
    assert_eq!(world.archive(deletion.id), archive);
}

#[tokio::test]
async fn page_size_2_gives_the_same_result_as_one_page() {
    let mut ends = Vec::new();
    for page_keys in [1, 2, 1000] {
        let mut world = small(&archived());
        world.page_keys = page_keys;
        let deletion = world.delete_and_rest("lists", &key("l")).await;
        let end = world.end(&deletion);
        let counts = end.counts["deleted"].clone();
        let archive = world.archive(deletion.id);
        ends.push((end.state, counts, end.rows, end.documents, archive));
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[1], ends[2]);
}

#[tokio::test]
async fn interrupted_just_before_the_rows_are_touched_they_are_intact_and_the_next_run_completes() {
    let world = small(&archived());
    let deletion = world.accept("lists", &key("l")).await;
    let calm = world.faults();
    world.deliver(&calm, &deletion).await.unwrap().ignore();
    let log = calm.log();
    let copying = log
        .iter()
        .find(|call| call.operation == Operation::CopyRows)
        .expect("rows are copied");
    let world = small(&archived());
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    faults.crash_at(copying.number, Moment::Before);

    let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;

    assert!(answer.is_none());
    assert_eq!(world.rows_of_tree(), 6);
    assert!(world.rows.copies().is_empty());
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.rows_of_tree(), 0);
}

#[tokio::test]
async fn a_row_that_changes_between_copy_and_removal_is_archived_as_it_last_was() {
    let world = small(&archived());
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    let other = world.clone();
    faults.beside(Operation::TakeRows, 1, Moment::Before, move || {
        let mut row = other.row("reactions", &key2("l-d1-0", "x")).unwrap();
        row.insert("subject".into(), json!("edited"));
        other.put_row("reactions", row);
    });

    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let reactions = world.collection("reactions");
    let at = key2("l-d1-0", "x");
    assert_eq!(world.row("reactions", &at), None);
    let copy = world.rows.copy_of(deletion.id, reactions, &at).unwrap();
    assert_eq!(copy["subject"], json!("edited"));
    assert_eq!(sum(&world.now(&deletion).deleted, "deleted"), 6);
}

/// A writer that edits the reaction before every removal.
pub(crate) fn steady_writer(world: &World, faults: &testing::Faults) {
    for n in 1..=20 {
        let other = world.clone();
        faults.beside(Operation::TakeRows, n, Moment::Before, move || {
            if let Some(mut row) = other.row("reactions", &key2("l-d1-0", "x")) {
                row.insert("subject".into(), json!(format!("edit {n}")));
                other.put_row("reactions", row);
            }
        });
    }
}

#[tokio::test]
async fn a_row_that_changes_too_fast_stays_marked_and_is_never_lost() {
    let world = small(&archived());
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    steady_writer(&world, &faults);

    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let at = key2("l-d1-0", "x");
    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.marks("reactions", &at).0, text(deletion.id));
    let stands = world.row("reactions", &at).unwrap()["subject"].clone();
    world.come_to_rest().await;
    world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(world.marks("reactions", &at).0, Some(String::new()));
    assert_eq!(world.row("reactions", &at).unwrap()["subject"], stands);
    assert!(world.rows.copies().is_empty());
}

#[tokio::test]
async fn a_row_that_is_too_large_for_the_archive_stays_marked_and_comes_back_or_goes_with_the_others()
 {
    for action in [Action::Restore, Action::Purge] {
        let world = small(&archived());
        let at = key("l-d1-1");
        let mut large = world.row("messages", &at).unwrap();
        let bytes = Count::Most.item(&large) + "body".len();
        let body = "…".repeat((ITEM_BYTES - 250 - bytes) / "…".len());
        large.insert("body".into(), json!(body));
        world.rows.put(world.collection("messages"), large.clone());

        let deletion = world.delete_and_rest("lists", &key("l")).await;

        assert_eq!(deletion.state, State::Deleted);
        assert_eq!(sum(&deletion.deleted, "deleted"), 6);
        assert_eq!(world.copies_under(deletion.id).len(), 5);
        let ours = (text(deletion.id), text(deletion.id));
        assert_eq!(world.marks("messages", &at), ours);

        world.act_and_rest(&deletion, action).await;

        let left = world.row("messages", &at);
        if action == Action::Restore {
            assert_eq!(left, Some(large));
        } else {
            assert_eq!(left, None);
        }
        assert!(world.rows.copies().is_empty());
    }
}

/// A list that leaves so many bytes free.
fn put_large(world: &World, less: usize) {
    let lists = world.collection("lists");
    let mut row = world.row("lists", &key("l")).expect("it is there");
    row.remove("body");
    let bytes = Count::Most.item(&row) + "body".len();
    // Nothing that a binary value may look like.
    let body = "…".repeat((ITEM_BYTES - less - bytes) / "…".len());
    row.insert("body".into(), json!(body));
    world.rows.put(lists, row);
}

#[tokio::test]
async fn a_root_that_the_archive_cannot_take_is_refused_before_anything_moves() {
    let world = small(&archived());
    put_large(&world, 250);

    let answer = world.ask(&world.faults(), "lists", &key("l")).await;

    assert!(
        matches!(answer, Err(AcceptError::TooLarge { by_id: false })),
        "{answer:?}"
    );
    assert_eq!(world.deletions.all(), []);
    put_large(&world, 800);
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    assert_eq!(deletion.state, State::Deleted);
}

#[tokio::test]
async fn a_root_that_grew_since_stays_marked_in_its_table_and_comes_back() {
    let world = small(&archived());
    let deletion = world.accept("lists", &key("l")).await;
    put_large(&world, 100);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.marks("lists", &key("l")).0, text(deletion.id));
    assert_eq!(world.rows_of_tree(), 1);

    let restored = world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(world.marks("lists", &key("l")).0, Some(String::new()));
    assert_eq!(world.rows_of_tree(), 6);
    assert!(world.rows.copies().is_empty());
}

#[tokio::test]
async fn a_child_that_arrives_while_the_others_go_is_archived_before_the_root() {
    for page_keys in [1, 2, 1000] {
        let mut world = small(&archived());
        world.page_keys = page_keys;
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        let other = world.clone();
        faults.beside(Operation::TakeRows, 1, Moment::Before, move || {
            other.put("discussions", &key2("l", "late"), Some(&key("l")));
            other.put("messages", &key("l-late-0"), Some(&key2("l", "late")));
        });

        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Deleted);
        assert_eq!(sum(&stands.deleted, "deleted"), 8, "pages of {page_keys}");
        assert_eq!(world.row("discussions", &key2("l", "late")), None);
        assert_eq!(world.row("messages", &key("l-late-0")), None);
        assert_eq!(world.copies_under(deletion.id).len(), 8);
        let restored = world.act_and_rest(&deletion, Action::Restore).await;
        assert_eq!(sum(&restored.restored, "restored"), 8);
    }
}

#[tokio::test]
async fn no_old_child_shows_below_a_root_that_was_created_anew_half_way() {
    for n in 1..=4 {
        let (world, deletion) =
            root_anew_half_way(&archived(), (Operation::TakeRows, n), State::Deleted).await;
        assert_eq!(sum(&deletion.deleted, "deleted"), 5);
        let live = (Some(String::new()), Some(String::new()));

        // Neither a restore nor a purge touches what is new.
        let refused = world.act(&deletion, Action::Restore).await;
        assert!(matches!(refused, Err(ActError::KeyTaken)), "{refused:?}");
        assert_eq!(world.rows_of_tree(), 1);
        let purged = world.act_and_rest(&deletion, Action::Purge).await;
        assert_eq!(purged.state, State::Purged);
        assert_eq!(world.marks("lists", &key("l")), live);
        assert_eq!(world.marks("subscribers", &key2("l", "new")), live);
        assert!(world.rows.copies().is_empty());
    }
}

#[tokio::test]
async fn a_cancel_while_pages_are_written_stops_at_once_and_nothing_was_touched() {
    let mut world = small(&archived());
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    let (other, accepted) = (world.clone(), deletion.clone());
    faults.beside(Operation::PutPage, 2, Moment::After, move || {
        crate::engine::world::at_once(other.act(&accepted, Action::Cancel)).expect("it applies");
    });

    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Cancelled);
    assert_eq!(sum(&stands.deleted, "deleted"), 0);
    assert_eq!(sum(&stands.deleted, "not_reached"), u64::from(stands.pages));
    assert_eq!(world.rows_of_tree(), 6);
    assert!(world.rows.copies().is_empty());

    let retried = world.act_and_rest(&deletion, Action::Retry).await;
    assert_eq!(retried.state, State::Deleted);
    assert_eq!(sum(&retried.deleted, "deleted"), 6);
    assert_eq!(world.rows_of_tree(), 0);
}

#[tokio::test]
async fn a_cancel_half_way_finishes_what_is_begun_and_is_finished_or_undone_later() {
    for after in [Action::Retry, Action::Restore, Action::Purge] {
        let mut world = small(&archived());
        world.page_keys = 1;
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        let (other, accepted) = (world.clone(), deletion.clone());
        faults.beside(Operation::TakeRows, 2, Moment::Before, move || {
            crate::engine::world::at_once(other.act(&accepted, Action::Cancel))
                .expect("it applies");
        });

        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Cancelled);
        assert_eq!(sum(&stands.deleted, "deleted"), 2);
        assert_eq!(sum(&stands.deleted, "not_reached"), 4);
        assert_eq!(world.rows_of_tree(), 4);
        assert_eq!(world.marks("lists", &key("l")).0, text(deletion.id));

        let ended = world.act_and_rest(&deletion, after).await;
        match after {
            Action::Retry => {
                assert_eq!(ended.state, State::Deleted);
                assert_eq!(sum(&ended.deleted, "deleted"), 6);
                assert_eq!(world.copies_under(deletion.id).len(), 6);
            }
            Action::Restore => {
                assert_eq!(ended.state, State::Restored);
                assert_eq!(sum(&ended.restored, "restored"), 6);
                assert_eq!(world.rows_of_tree(), 6);
                assert!(world.rows.copies().is_empty());
            }
            _ => {
                assert_eq!(ended.state, State::Purged);
                assert_eq!(sum(&ended.purged, "purged"), 6);
                assert_eq!(world.rows_of_tree(), 0);
                assert!(world.rows.copies().is_empty());
            }
        }
    }
}
