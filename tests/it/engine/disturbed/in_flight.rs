//! Calls at the same time, one of which fails: the lease is given back when all of them have answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::collection::Strategy;
use domain::deletion::Deletion;
use requests::destroy::Requested;
use testing::samples::{key, key2};
use testing::{Fault, Faults, Moment, Operation};

use crate::engine::shared_records::world::{chat, put_link};
use crate::engine::world::strategies::sum;
use crate::engine::world::trees::{FOUR_LEVELS, mail};
use crate::engine::world::{Ignore as _, World, admin};

/// A worker whose `nth` call of this operation fails, among calls that overlap; returns its script when it is done.
async fn fail_among_many(
    world: &World,
    deletion: &Deletion,
    (operation, nth): (Operation, u64),
    seed: u64,
) -> Faults {
    let faults = world.faults();
    faults.interleave(seed);
    let fault = Fault::Unavailable(Moment::Before);
    faults.fail(operation, nth..=nth, fault);

    world.deliver(&faults, deletion).await.unwrap().ignore();

    assert!(world.now(deletion).lease.is_none(), "seed {seed}");
    assert_eq!(faults.unanswered(), 0, "{operation:?}, seed {seed}");
    faults
}

#[tokio::test]
async fn calls_in_flight_are_awaited_before_the_lease_is_given_back() {
    for seed in 1..=20 {
        let world = mail(600);
        let deletion = world.accept("discussions", &key("d")).await;

        let faults = fail_among_many(&world, &deletion, (Operation::MarkRows, 3), seed).await;

        let begun = faults.count(Operation::MarkRows);
        assert!(begun < 24, "none begins any more, seed {seed}");
        world.come_to_rest().await;
        let (row, document) = world.marks("messages", &key2("d", "m0599"));
        assert_eq!(row, Some(deletion.id.to_string()));
        assert_eq!(document, Some(deletion.id.to_string()));
    }
}

#[tokio::test]
async fn no_question_about_links_is_left_open_when_another_one_fails() {
    for nth in 5..30 {
        let world = chat(Strategy::Flag, 1000);
        for number in 0..40 {
            let file = format!("f{number:03}");
            world.put("files", &key(&file), None);
            put_link(&world, "s1", &file);
            put_link(&world, "t1", &file);
        }
        let deletion = world.accept("streams", &key("s")).await;

        fail_among_many(&world, &deletion, (Operation::QueryRows, nth), nth).await;
    }
}

/// Accounts stay while they have a live invoice or a live card.
const ACCOUNTS: &str = r#"
[accounts]
table       = "accounts"
key         = ["account_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], destroy_all = ["admin"] }

[invoices]
table       = "invoices"
key         = ["account_id", "invoice_id"]
tenant      = "owner"
parent      = { collection = "accounts", by = ["account_id"], on_delete = "restrict" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"] }

[cards]
table       = "cards"
key         = ["account_id", "card_id"]
tenant      = "owner"
parent      = { collection = "accounts", by = ["account_id"], on_delete = "restrict" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"] }
"#;

/// So many accounts, all of them asked for; the third has an invoice, and the fifth a card.
async fn listed_accounts(accounts: usize) -> (World, Deletion) {
    let world = World::new(ACCOUNTS);
    let name = |n: usize| format!("a{n:03}");
    for n in 0..accounts {
        world.put("accounts", &key(&name(n)), None);
    }
    world.put("invoices", &key2(&name(3), "i"), Some(&key(&name(3))));
    world.put("cards", &key2(&name(5), "c"), Some(&key(&name(5))));
    let named = Requested::Ids {
        ids: (0..accounts).map(|n| key(&name(n))).collect(),
        author: None,
    };
    let deletion = world
        .destroy(&world.faults(), &admin(), "accounts", named, None)
        .await
        .expect("it is accepted");
    (world, deletion)
}

#[tokio::test]
async fn children_that_may_keep_listed_records_are_asked_for_several_at_once_and_not_all() {
    let (world, deletion) = listed_accounts(300).await;
    let faults = world.faults();
    faults.interleave(7);
    let most = Arc::new(AtomicU64::new(0));
    let (seen, script) = (Arc::clone(&most), faults.clone());
    faults.watch(move |operation, _| {
        if operation == Operation::QueryRows {
            seen.fetch_max(script.unanswered(), Ordering::Relaxed);
        }
    });

    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let most = most.load(Ordering::Relaxed);
    assert!((4..=8).contains(&most), "{most} at once");
    world.come_to_rest().await;
    let counts = world.counts(&deletion, "accounts");
    assert_eq!((counts.deleted, counts.failed), (298, 2));
    for kept in ["a003", "a005"] {
        assert_eq!(world.marks("accounts", &key(kept)).0, Some(String::new()));
    }
}

#[tokio::test]
async fn no_question_about_children_is_left_open_when_another_one_fails() {
    for nth in 1..20 {
        let (world, deletion) = listed_accounts(40).await;

        let at = (Operation::QueryRows, nth);
        let faults = fail_among_many(&world, &deletion, at, nth).await;

        let begun = faults.count(Operation::QueryRows);
        assert!(begun < 40, "none begins any more: {begun}");
        world.come_to_rest().await;
        let counts = world.counts(&deletion, "accounts");
        assert_eq!((counts.deleted, counts.failed), (38, 2), "{nth}");
    }
}

#[tokio::test]
async fn children_of_many_parents_are_asked_for_several_at_once_and_not_all() {
    let world = World::new(FOUR_LEVELS);
    world.put("lists", &key("l"), None);
    for n in 0..100 {
        let discussion = key2("l", &format!("d{n:03}"));
        world.put("discussions", &discussion, Some(&key("l")));
        world.put("messages", &key(&format!("m{n:03}")), Some(&discussion));
    }
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    faults.interleave(7);
    let most = Arc::new(AtomicU64::new(0));
    let (seen, script) = (Arc::clone(&most), faults.clone());
    faults.watch(move |operation, _| {
        if operation == Operation::QueryRows {
            seen.fetch_max(script.unanswered(), Ordering::Relaxed);
        }
    });

    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let most = most.load(Ordering::Relaxed);
    assert!((4..=8).contains(&most), "{most} at once");
    world.come_to_rest().await;
    assert_eq!(sum(&world.now(&deletion).deleted, "deleted"), 201);
}
