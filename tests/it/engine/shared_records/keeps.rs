//! A record that several share is kept until its last parent goes, whatever the strategy and the size of the pages.

use domain::collection::Strategy;
use domain::deletion::{Action, State};
use domain::page::Outcome;
use requests::destroy::Requested;
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::shared_records::world::{
    PAGE_SIZES, STRATEGIES, chat, deleted, destroy_messages, listed, live_files, message, put_link,
};
use crate::engine::world::{Ignore, World};

/// Everything that the stores hold.
fn everything(world: &World) -> Value {
    let all = world.everything().into_iter();
    all.map(|(collection, at)| {
        let held = (
            world.row(&collection, &at),
            world.document(&collection, &at),
        );
        json!([collection, at, held.0, held.1])
    })
    .collect()
}

fn final_state(strategy: Strategy) -> State {
    if strategy == Strategy::Erase {
        State::Purged
    } else {
        State::Deleted
    }
}

#[tokio::test]
async fn a_shared_record_is_kept_until_its_last_parent_goes() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);

            let first = world.accept("streams", &key("s")).await;
            world.come_to_rest().await;
            assert_eq!(world.now(&first).state, final_state(strategy), "{context}");
            assert_eq!(
                listed(&world, &first),
                deleted(&["both", "own"]),
                "{context}"
            );
            assert_eq!(world.now(&first).deleted["files"].deleted, 2, "{context}");
            assert_eq!(
                live_files(&world),
                ["cover", "loose", "shared"],
                "{context}"
            );

            let second = world.accept("messages", &message("t0")).await;
            world.come_to_rest().await;
            assert_eq!(listed(&world, &second), deleted(&["shared"]), "{context}");
            assert_eq!(live_files(&world), ["cover", "loose"], "{context}");
            let told = world.named("RecordsDeleted");
            let of_files = |((of, _), _): &(&(String, String), &usize)| of == "files";
            assert_eq!(told.iter().filter(of_files).count(), 3, "{context}");
        }
    }
}

#[tokio::test]
async fn a_link_that_is_deleted_for_itself_takes_what_it_alone_kept() {
    for strategy in STRATEGIES {
        let world = chat(strategy, 1000);

        let one = world.accept("message_files", &key2("t0", "shared")).await;
        world.come_to_rest().await;
        assert_eq!(listed(&world, &one), [], "{strategy:?}");
        let last = world.accept("message_files", &key2("s1", "shared")).await;
        world.come_to_rest().await;

        assert_eq!(
            world.now(&last).state,
            final_state(strategy),
            "{strategy:?}"
        );
        assert_eq!(listed(&world, &last), deleted(&["shared"]), "{strategy:?}");
    }
}

#[tokio::test]
async fn what_is_named_by_ids_or_by_author_takes_what_nothing_keeps_any_more() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);
            world.accept("covers", &key2("own", "s")).await;
            world.come_to_rest().await;

            let of_ann = Requested::Author {
                author: "ann".to_owned(),
                beside: Vec::new(),
            };
            let of_ann = destroy_messages(&world, "messages", of_ann).await;
            world.come_to_rest().await;
            assert_eq!(world.now(&of_ann).state, final_state(strategy), "{context}");
            assert_eq!(listed(&world, &of_ann), deleted(&["own"]), "{context}");

            let ids = Requested::Ids {
                ids: vec![message("s1"), message("t1")],
                author: None,
            };
            let by_id = destroy_messages(&world, "messages", ids).await;
            world.come_to_rest().await;
            assert_eq!(world.now(&by_id).state, final_state(strategy), "{context}");
            assert_eq!(
                listed(&world, &by_id),
                deleted(&["both", "shared"]),
                "{context}"
            );
            assert_eq!(live_files(&world), ["cover", "loose"], "{context}");
        }
    }
}

#[tokio::test]
async fn a_restore_brings_back_the_shared_record_and_the_links_to_it() {
    for strategy in [Strategy::Flag, Strategy::Archive] {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);
            let before = everything(&world);
            let stream = world.delete_and_rest("streams", &key("s")).await;
            let of_ann = Requested::Author {
                author: "ann".to_owned(),
                beside: Vec::new(),
            };
            let of_ann = destroy_messages(&world, "messages", of_ann).await;
            world.come_to_rest().await;
            assert_eq!(listed(&world, &of_ann), deleted(&["shared"]), "{context}");

            for deletion in [of_ann, stream] {
                let restored = world.act_and_rest(&deletion, Action::Restore).await;
                assert_eq!(restored.state, State::Restored, "{context}");
            }

            assert_eq!(everything(&world), before, "{context}");
        }
    }
}

#[tokio::test]
async fn a_purge_takes_the_shared_record_too() {
    for strategy in [Strategy::Flag, Strategy::Archive] {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);
            let deletion = world.delete_and_rest("streams", &key("s")).await;

            world.until_purge(&deletion);
            world.come_to_rest().await;

            let purged = world.now(&deletion);
            assert_eq!(purged.state, State::Purged, "{context}");
            assert_eq!(purged.purged["files"].purged, 2, "{context}");
            for file in ["own", "both"] {
                assert_eq!(world.row("files", &key(file)), None, "{context}");
                assert_eq!(world.document("files", &key(file)), None, "{context}");
            }
            assert_eq!(world.archive(deletion.id), json!([]), "{context}");
            assert_eq!(
                live_files(&world),
                ["cover", "loose", "shared"],
                "{context}"
            );
        }
    }
}

#[tokio::test]
async fn a_purge_gives_back_what_a_live_link_names_by_then() {
    for strategy in [Strategy::Flag, Strategy::Archive] {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);
            let before = world.row("files", &key("own"));
            let deletion = world.delete_and_rest("streams", &key("s")).await;
            put_link(&world, "t1", "own");

            world.until_purge(&deletion);
            world.come_to_rest().await;

            let purged = world.now(&deletion);
            assert_eq!(purged.state, State::Purged, "{context}");
            let counts = purged.purged["files"];
            assert_eq!((counts.purged, counts.kept), (1, 1), "{context}");
            assert_eq!(world.row("files", &key("own")), before, "{context}");
            assert_eq!(
                live_files(&world),
                ["cover", "loose", "own", "shared"],
                "{context}"
            );
            assert_eq!(world.archive(deletion.id), json!([]), "{context}");
        }
    }
}

#[tokio::test]
async fn a_link_that_is_added_before_its_turn_keeps_the_record() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);
            let deletion = world.accept("messages", &message("s0")).await;
            world.come_to_rest().await;
            assert_eq!(
                listed(&world, &deletion),
                [],
                "{context}: the cover keeps it"
            );

            let deletion = world.accept("covers", &key2("own", "s")).await;
            let faults = world.faults();
            let other = world.clone();
            // The page with the file is written, and not done.
            faults.beside(Operation::PutPage, 1, Moment::After, move || {
                put_link(&other, "t1", "own");
            });
            world.deliver(&faults, &deletion).await.unwrap().ignore();
            world.come_to_rest().await;

            let ended = world.now(&deletion);
            assert_eq!(ended.state, final_state(strategy), "{context}");
            let expected = [("own".to_owned(), Outcome::Kept)];
            assert_eq!(listed(&world, &deletion), expected, "{context}");
            let counts = ended.deleted["files"];
            assert_eq!((counts.kept, counts.missing), (1, 0), "{context}");
            assert!(live_files(&world).contains(&"own".to_owned()), "{context}");
        }
    }
}

/// A worker writes the page with the file and dies, and nobody knows how long ago when the next one adopts it.
#[tokio::test]
async fn an_adopted_page_of_shared_records_is_judged_again() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            for is_linked in [false, true] {
                let context = format!("{strategy:?}, pages of {page_keys}, linked: {is_linked}");
                let world = chat(strategy, page_keys);
                world.accept("messages", &message("s0")).await;
                world.come_to_rest().await;
                let deletion = world.accept("covers", &key2("own", "s")).await;
                let faults = world.faults();
                faults.fail(Operation::PutPage, 1..=1, Fault::Unavailable(Moment::After));
                world.deliver(&faults, &deletion).await.unwrap().ignore();
                let written = world.deletions.manifest(&deletion).len();
                assert_eq!(written, 2, "{context}");
                assert_eq!(world.now(&deletion).pages, 1, "{context}: it is not known");
                if is_linked {
                    put_link(&world, "t1", "own");
                }

                world.come_to_rest().await;

                let ended = world.now(&deletion);
                assert_eq!(ended.state, final_state(strategy), "{context}");
                let is_live = live_files(&world).contains(&"own".to_owned());
                assert_eq!(is_live, is_linked, "{context}");
                let counts = ended.deleted.get("files").copied().unwrap_or_default();
                let gone = u64::from(!is_linked);
                assert_eq!(counts.deleted, gone, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn of_two_deletions_that_take_the_last_two_links_at_once_one_takes_the_record() {
    for strategy in STRATEGIES {
        // Wherever the one is, the other does all of its own.
        for call in 1..60 {
            let context = format!("{strategy:?}, call {call}");
            let world = chat(strategy, 1000);
            let one = world.accept("messages", &message("s1")).await;
            let other = world.accept("messages", &message("t0")).await;
            let faults = world.faults();
            faults.crash_at(call, Moment::Before);
            let _dead = faults.until_crash(world.deliver(&faults, &one)).await;
            world
                .deliver(&world.faults(), &other)
                .await
                .unwrap()
                .ignore();
            world.come_to_rest().await;

            let mut outcomes = listed(&world, &one);
            outcomes.extend(listed(&world, &other));
            outcomes.retain(|(_, outcome)| *outcome == Outcome::Deleted);
            if strategy == Strategy::Erase {
                // Nothing tells whose removal it was.
                outcomes.dedup();
            }
            assert_eq!(outcomes, deleted(&["shared"]), "{context}");
            assert!(
                !live_files(&world).contains(&"shared".to_owned()),
                "{context}"
            );
        }
    }
}

#[tokio::test]
async fn a_link_below_a_record_that_another_deletion_hides_does_not_keep() {
    for strategy in STRATEGIES {
        let world = chat(strategy, 1000);
        let hidden = world.accept("streams", &key("t")).await;

        let deletion = world.accept("messages", &message("s1")).await;
        let answer = world.deliver(&world.faults(), &deletion).await;
        answer.unwrap().ignore();

        assert_eq!(world.now(&hidden).state, State::PendingDelete);
        assert_eq!(
            listed(&world, &deletion),
            deleted(&["shared"]),
            "{strategy:?}"
        );
    }
}

#[tokio::test]
async fn links_of_another_tenant_or_without_a_message_keep_nothing() {
    let world = chat(Strategy::Archive, 1000);
    put_link(&world, "s9", "own");
    put_link(&world, "t1", "both");
    let mut foreign = world.row("message_files", &key2("t1", "both")).unwrap();
    foreign.insert("realm".to_owned(), json!("globex"));
    world.put_row("message_files", foreign);

    let deletion = world.delete_and_rest("streams", &key("s")).await;

    assert_eq!(listed(&world, &deletion), deleted(&["both", "own"]));
}

#[tokio::test]
async fn a_record_that_is_asked_for_goes_though_links_name_it() {
    for strategy in STRATEGIES {
        let world = chat(strategy, 1000);

        let deletion = world.delete_and_rest("files", &key("shared")).await;

        assert_eq!(deletion.state, final_state(strategy), "{strategy:?}");
        assert_eq!(live_files(&world), ["both", "cover", "loose", "own"]);
        let link = world.row("message_files", &key2("t0", "shared")).unwrap();
        assert_eq!(link.get("deleted_at"), None);
    }
}

#[tokio::test]
async fn one_that_fails_stands_in_the_manifest_once_and_a_retry_takes_it() {
    for strategy in [Strategy::Flag, Strategy::Archive] {
        let world = chat(strategy, 1);
        world.documents.reject("both", "mapper_parsing_exception");
        let ids = Requested::Ids {
            ids: vec![message("s0"), message("s1")],
            author: None,
        };
        let deletion = destroy_messages(&world, "messages", ids).await;
        world.come_to_rest().await;
        assert_eq!(world.now(&deletion).state, State::DeleteFailed);
        let failed = listed(&world, &deletion);
        assert_eq!(failed.len(), 1, "{failed:?}");
        world.documents.accept("both");

        let retried = world.act_and_rest(&deletion, Action::Retry).await;

        assert_eq!(retried.state, State::Deleted, "{strategy:?}");
        assert_eq!(
            listed(&world, &deletion),
            deleted(&["both"]),
            "{strategy:?}"
        );
    }
}

#[tokio::test]
async fn one_with_thousands_of_dead_links_is_judged_over_several_steps() {
    let world = chat(Strategy::Flag, 1000);
    let links = world.collection("message_files").clone();
    for number in 0..12_000 {
        let at = key2(&format!("gone-{number:05}"), "both");
        let mut row = world.live_row("message_files", &at, Some(&message("t9")));
        row.insert("message_id".to_owned(), json!(at.partition));
        world.rows.put(&links, row);
    }

    let deletion = world.delete_and_rest("streams", &key("s")).await;

    assert_eq!(listed(&world, &deletion), deleted(&["both", "own"]));
}
