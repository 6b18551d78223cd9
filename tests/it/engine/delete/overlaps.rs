//! Deletions that meet: the first one of a record keeps it, none leaves an orphan, none is purged early.

use domain::deletion::{Deletion, State};
use domain::page::Outcome;
use requests::accept::AcceptAnswer;
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::world::trees::{four_levels, is_in_tree, mail, message_key};
use crate::engine::world::{at_once, text};

fn sums(deletion: &Deletion) -> (u64, u64, u64, u64) {
    deletion.deleted.values().fold((0, 0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.selected,
            sum.1 + counts.deleted,
            sum.2 + counts.already_deleted,
            sum.3 + counts.missing + counts.kept,
        )
    })
}

#[tokio::test]
async fn a_child_deleted_before_its_parent_keeps_its_own_deletion() {
    let world = four_levels();
    let child = world.accept("discussions", &key2("l", "d1")).await;
    world.come_to_rest().await;
    world.clock.advance(std::time::Duration::from_hours(1));

    let parent = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;

    // The discussion, two messages and four reactions are the child's.
    assert_eq!(sums(&world.now(&child)), (7, 7, 0, 0));
    assert_eq!(sums(&world.now(&parent)), (15, 8, 7, 0));
    assert_eq!(
        world.marks("messages", &key("l-d1-0")),
        (text(child.id), text(child.id))
    );
    assert_eq!(
        world.row("reactions", &key2("l-d1-0", "x")).unwrap()["deleted_by"],
        json!("ada")
    );
    let outcomes: Vec<_> = world
        .deletions
        .manifest(&parent)
        .iter()
        .flat_map(|(page, exceptions)| {
            (0..page.entries.len())
                .map(|place| page.outcome(place, exceptions))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::AlreadyDeleted)
            .count(),
        7
    );
    assert_eq!(world.events.distinct(), world.events.published());
    assert_eq!(
        world.named("RecordsDeleted").values().sum::<usize>(),
        15,
        "each record is told once, by its own deletion"
    );
}

#[tokio::test]
async fn a_child_of_a_deleted_parent_is_already_deleted_by_the_parents_deletion() {
    let world = four_levels();
    let parent = world.accept("lists", &key("l")).await;

    // Before the consumer has run, and after.
    for _ in 0..2 {
        for (collection, child) in [
            ("discussions", key2("l", "d1")),
            ("messages", key("l-d1-0")),
            ("reactions", key2("l-d1-0", "x")),
        ] {
            let before = world.row(collection, &child);
            let answer = world
                .ask(&world.faults(), collection, &child)
                .await
                .unwrap();
            let AcceptAnswer::AlreadyDeleted(Some(by)) = answer else {
                panic!("{collection}: {answer:?}")
            };
            assert_eq!(by.id, parent.id, "{collection}");
            assert_eq!(world.row(collection, &child), before, "nothing is written");
        }
        world.come_to_rest().await;
    }
    assert_eq!(world.deletions.all().len(), 1);
}

#[tokio::test]
async fn a_purge_of_the_parent_leaves_the_child_to_its_own_deletion() {
    let world = four_levels();
    let first = world.accept("discussions", &key2("l", "d1")).await;
    world.come_to_rest().await;
    // As if it had been accepted a day after the parent's, which a race makes possible.
    let mut younger = world.now(&first);
    younger.purge_at = younger
        .purge_at
        .and_then(|at| at.checked_add(std::time::Duration::from_hours(24)).ok());
    younger.due_at = younger.purge_at;
    let scope = domain::scope::Scope::below(world.collection("discussions"), &world.collections);
    let pages: Vec<_> = world
        .deletions
        .manifest(&first)
        .into_iter()
        .map(|(page, _)| page)
        .collect();
    world.deletions.put(&younger, &scope, &pages);
    let older = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;

    world.until_purge(&older);
    world.come_to_rest().await;

    let stands = world.now(&older);
    assert_eq!(stands.state, State::Purged);
    let kept: u64 = stands.purged.values().map(|counts| counts.kept).sum();
    let purged: u64 = stands.purged.values().map(|counts| counts.purged).sum();
    assert_eq!((purged, kept), (8, 7));
    assert_eq!(world.now(&first).state, State::Deleted);
    assert_eq!(
        world.marks("messages", &key("l-d1-0")),
        (text(first.id), text(first.id)),
        "not purged early"
    );

    world.until_purge(&first);
    world.come_to_rest().await;

    assert_eq!(world.now(&first).state, State::Purged);
    assert!(
        world
            .everything()
            .iter()
            .all(|(_, record)| !is_in_tree(record)),
        "no orphan is left"
    );
    world.assert_every_document_has_its_row("after both purges");
}

#[tokio::test]
async fn two_accepted_deletions_of_one_tree_mark_each_record_once() {
    // Each place at which the delete of the child can come in between.
    for nth in 1..=6 {
        let mut world = four_levels();
        world.page_keys = 2;
        let child = world.accept("messages", &key("l-d1-0")).await;
        let parent = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        let (beside, inner) = (world.clone(), child.clone());
        faults.beside(Operation::MarkRows, nth, Moment::Before, move || {
            let _ = at_once(beside.deliver(&beside.faults(), &inner)).unwrap();
        });
        let _ = world.deliver(&faults, &parent).await.unwrap();
        world.come_to_rest().await;

        let (child, parent) = (world.now(&child), world.now(&parent));
        assert_eq!(
            (child.state, parent.state),
            (State::Deleted, State::Deleted)
        );
        let (of_child, of_parent) = (sums(&child), sums(&parent));
        assert_eq!(of_child.0 + of_parent.0, 3 + 15);
        assert_eq!(
            of_child.1 + of_parent.1,
            15,
            "each record is deleted by one of them: {of_child:?}, {of_parent:?}"
        );
        assert_eq!(of_child.2 + of_parent.2, 3, "and counted by the other");
        assert_eq!(world.named("RecordsDeleted").values().sum::<usize>(), 15);
    }
}

#[tokio::test]
async fn a_second_delete_changes_neither_date_nor_author() {
    let world = mail(2);
    let first = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    let before = (
        world.row("discussions", &key("d")),
        world.row("messages", &message_key("d", 0)),
    );
    world.clock.advance(std::time::Duration::from_hours(5));

    let api = world.api(&world.faults());
    let other = crate::engine::world::principal("bea", crate::engine::world::TENANT, &["admin"]);
    let answer = crate::engine::world::ask(&api, &other, "discussions", &key("d"))
        .await
        .unwrap();
    world.come_to_rest().await;

    assert!(
        matches!(answer, AcceptAnswer::AlreadyDeleted(Some(deletion)) if deletion.id == first.id)
    );
    assert_eq!(
        (
            world.row("discussions", &key("d")),
            world.row("messages", &message_key("d", 0))
        ),
        before
    );
    assert_eq!(world.deletions.all().len(), 1);
}

#[tokio::test]
async fn a_root_that_is_gone_or_created_anew_before_the_first_page_is_missing_and_not_marked() {
    for anew in [false, true] {
        let world = mail(3);
        let deletion = world.accept("discussions", &key("d")).await;
        world
            .rows
            .remove(world.collection("discussions"), &key("d"));
        if anew {
            world.put("discussions", &key("d"), None);
        }

        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Deleted, "created anew: {anew}");
        assert_eq!(sums(&stands), (4, 3, 0, 1), "created anew: {anew}");
        let (row, document) = world.marks("discussions", &key("d"));
        assert_eq!(row, anew.then(String::new));
        assert_eq!(
            document.as_deref(),
            Some(""),
            "a document of a record that is not ours is left alone"
        );
        let (_, exceptions) = &world.deletions.manifest(&deletion)[0];
        assert_eq!(exceptions.deleted[&0], Outcome::Missing);
        assert!(
            !world
                .named("RecordsDeleted")
                .contains_key(&("discussions".to_owned(), json!(key("d")).to_string()))
        );
    }
}

#[tokio::test]
async fn a_child_that_names_no_parent_or_moves_away_from_it_is_left_alone() {
    let world = four_levels();
    world.rows.lag();
    // The index still shows it under the old discussion.
    let moved = world.live_row("messages", &key("l-d1-0"), Some(&key2("other", "d2")));
    world.put_row("messages", moved);

    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(
        world.marks("messages", &key("l-d1-0")),
        (Some(String::new()), Some(String::new()))
    );
    assert_eq!(
        sums(&world.now(&deletion)),
        (12, 12, 0, 0),
        "nor what is below it"
    );
}
