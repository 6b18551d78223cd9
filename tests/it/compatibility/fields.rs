//! What was added within version 1 after `kept`: each field is read as it was stored, and left out where it has its
//! default, so that a build before it reads what it would have written itself.

use std::collections::BTreeMap;

use domain::collection::Collection;
use domain::deletion::comparison::Tally;
use domain::deletion::{
    Accepted, Action, Comparison, Deletion, DeletionId, DueKind, Failure, LATE_LAST, PassEvents,
    State, VERSION,
};
use domain::page::Entry;
use domain::principal::Tenant;
use jiff::Timestamp;
use ports::{Clock, FindDue, ReadDeletions};
use requests::act::ActError;
use serde_json::{Value, json};
use testing::samples;

use super::{Frozen, Item, id};
use crate::on_tables::OnTables;

/// The deletion of message `m1`, archived, in a stream that says when it was created.
const MESSAGE: &str = "0001";
/// The deletion of `m2` and `m3` by their ids.
const IDS: &str = "0003";
/// Accepted; its message is on its way.
const ACCEPTED: &str = "0005";
/// Ended with a comparison that was given up, and with an event that was given up.
const GIVEN_UP: &str = "000a";
/// A purge that has done a page, and told a part of the next one.
const PURGING: &str = "000b";
/// Ended, and its events are owed.
const OWING: &str = "000c";

/// A deletion as accepted on the streams that ship, at the fixture's moment.
fn accepted(streams: &Collection, id: DeletionId, now: Timestamp) -> Deletion {
    let asked = Accepted {
        id,
        tenant: Tenant::new("acme").expect("a name"),
        requested_by: "ada".to_owned(),
        request_id: "request-1".to_owned(),
        collection: streams,
        first: None,
        names: vec![streams.name.clone()],
        now,
    };
    Deletion::accept(asked, &samples::timing())
}

fn ended(state: State, now: Timestamp) -> PassEvents {
    PassEvents {
        run: 2,
        first: 2,
        done: 2,
        of: 2,
        pages: 1,
        ended: Some(state),
        since: 2,
        part: 3,
        refusals: 4,
        given_up: 5,
        given_up_for: Some(Failure::new("EVENT_TOO_LARGE", "it is too large")),
        finished: now < Timestamp::UNIX_EPOCH,
        ..PassEvents::default()
    }
}

fn given_up(plain: &Deletion, now: Timestamp) -> Deletion {
    let mut deletion = plain.clone();
    deletion.state = State::Restored;
    deletion.root_restored = true;
    deletion.due_at = Some(now);
    deletion.notified.accepted = true;
    deletion.notified.restore = PassEvents {
        finished: true,
        ..ended(State::Restored, now)
    };
    deletion.comparison = Comparison {
        failure: Some(Failure::new("COLLECTION_UNKNOWN", "no file declares it")),
        dropped: 2,
        stale_documents: Tally {
            found: 7,
            repaired: 6,
        },
        ..Comparison::default()
    };
    deletion
}

fn purging(plain: &Deletion, now: Timestamp) -> Deletion {
    let mut deletion = plain.clone();
    deletion.state = State::Purging;
    (deletion.pages, deletion.late, deletion.cursor) = (4, 1, 1);
    deletion.purged_late = Some(1);
    deletion.late_done = true;
    deletion.due_at = Some(now);
    deletion
}

fn owing(plain: &Deletion, now: Timestamp) -> Deletion {
    let mut deletion = plain.clone();
    deletion.state = State::Restored;
    deletion.due_at = Some(now);
    deletion.notified.accepted = true;
    deletion.notified.restore = ended(State::Restored, now);
    deletion
}

type Made = fn(&Deletion, Timestamp) -> Deletion;

const MADE: [(&str, Made); 3] = [(GIVEN_UP, given_up), (PURGING, purging), (OWING, owing)];

fn made(world: &OnTables, (end, of): (&str, Made)) -> Deletion {
    let id = format!("01a22387-4f80-7000-8000-00000000{end}");
    let now = world.clock.now();
    let plain = accepted(world.collection("streams"), id.parse().unwrap(), now);
    of(&plain, now)
}

/// The attribute of an item that these names lead to.
fn at<'a>(item: &'a Item, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = item.get(names.next()?);
    names.fold(first, |found, name| found?.get("M")?.get(name))
}

/// The `META` of a deletion whose id has this end.
fn meta<'a>(items: &'a [Item], end: &str) -> &'a Item {
    let is_its = |item: &&Item| {
        item["sk"]["S"] == "META" && item["pk"]["S"].as_str().is_some_and(|pk| pk.ends_with(end))
    };
    items.iter().find(is_its).expect("it is there")
}

const ADDED: [&str; 9] = [
    "purged_late",
    "root_restored",
    "notified.restore.part",
    "notified.restore.refusals",
    "notified.restore.given_up",
    "notified.restore.given_up_for",
    "comparison.failure",
    "comparison.dropped",
    "comparison.stale_documents",
];

#[tokio::test]
async fn each_field_is_read_as_it_was_stored() {
    let frozen = Frozen::of_fields();
    let world = frozen.world("acme");

    for (end, of) in MADE {
        assert_eq!(world.read(id(&frozen, end)).await, made(&world, (end, of)));
    }
}

#[test]
fn a_field_is_left_out_where_it_has_its_default() {
    let frozen = Frozen::of_fields();
    let all = [GIVEN_UP, PURGING, OWING].map(|end| meta(&frozen.control, end));
    for path in ADDED {
        let plain = meta(&frozen.control, ACCEPTED);
        assert_eq!(at(plain, path), None, "{path} of one that is only accepted");
        let is_there = all.iter().any(|item| at(item, path).is_some());
        assert!(is_there, "{path} is in the file");
    }
}

#[test]
fn only_a_purge_that_has_done_a_page_is_of_a_version_of_its_own() {
    let frozen = Frozen::of_fields();
    let versions: BTreeMap<&str, u32> = [MESSAGE, IDS, ACCEPTED, GIVEN_UP, PURGING, OWING]
        .into_iter()
        .map(|end| (end, meta(&frozen.control, end)["v"]["N"].as_str().unwrap()))
        .map(|(end, version)| (end, version.parse().unwrap()))
        .collect();

    for (end, version) in versions {
        let expected = if end == PURGING { LATE_LAST } else { VERSION };
        assert_eq!(version, expected, "{end}");
    }
}

#[tokio::test]
async fn what_is_due_is_found_under_its_kind_and_what_an_earlier_build_stored_as_the_most_urgent() {
    let mut frozen = Frozen::of_fields();
    let kinds = [
        (ACCEPTED, DueKind::Work),
        (PURGING, DueKind::Purge),
        (OWING, DueKind::Events),
        (GIVEN_UP, DueKind::Compare),
    ];
    let found = async |frozen: &Frozen, kind| {
        let world = frozen.world("acme");
        let later = world.later(std::time::Duration::from_hours(1));
        let found = world.deletions().find_due(kind, later, 100).await.unwrap();
        found.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    for (end, kind) in kinds {
        let id = id(&frozen, end);
        for other in DueKind::ALL {
            let is_found = found(&frozen, other).await.contains(&id);
            assert_eq!(is_found, other == kind, "{end} as {other:?}");
        }
    }

    for item in &mut frozen.control {
        if let Some(shard) = item.get("due_shard").and_then(|shard| shard["S"].as_str()) {
            let number = shard.rsplit('-').next().unwrap();
            let number = json!({ "S": number });
            item.insert("due_shard".to_owned(), number);
        }
    }
    let urgent = found(&frozen, DueKind::Work).await;
    for (end, _) in kinds {
        assert!(urgent.contains(&id(&frozen, end)), "{end}");
    }
}

/// The first record of the deletion's first page.
async fn first(world: &OnTables, id: DeletionId) -> Entry {
    let page = world.deletions().page(&world.principal.tenant, id, 1).await;
    page.unwrap().unwrap().entries.remove(0)
}

#[tokio::test]
async fn what_tells_records_and_what_was_above_them_apart_is_read_and_a_restore_goes_by_it() {
    let frozen = Frozen::of_fields();
    let (message, ids) = (id(&frozen, MESSAGE), id(&frozen, IDS));
    let world = frozen.world("acme");
    let plain = world.faults();
    let (root, listed) = (first(&world, message).await, first(&world, ids).await);
    assert!(root.fingerprint.is_none() && !root.above.is_empty());
    assert!(listed.fingerprint.is_some());
    assert_eq!(listed.above, root.above, "they are in one stream");
    for (id, records) in [(message, &["m1"][..]), (ids, &["m2", "m3"])] {
        world.act(&plain, id, Action::Restore).await;
        let _ = world.deliver(&plain, id).await.expect("it answers");
        assert_eq!(world.read(id).await.state, State::Restored);
        let back = world.items("stream_messages");
        for record in records {
            let is_it = |item: &Item| item["message_id"]["S"] == *record;
            assert!(back.iter().any(is_it), "{record} is back");
        }
    }

    // An older stream has the id by now.
    let mut frozen = Frozen::of_fields();
    for stream in frozen.rows.get_mut("streams").expect("they are frozen") {
        let created = json!({ "S": "2026-01-01T07:00:00Z" });
        stream.insert("created_at".to_owned(), created);
    }
    let world = frozen.world("acme");
    let plain = world.faults();
    let refused = world.try_act(&plain, message, Action::Restore).await;
    assert!(matches!(refused, Err(ActError::ParentNotLive(None))));
    world.act(&plain, ids, Action::Restore).await;
    let _ = world.deliver(&plain, ids).await.expect("it answers");
    let restored = &world.read(ids).await.restored["stream_messages"];
    assert_eq!((restored.restored, restored.conflict), (0, 2));
}
