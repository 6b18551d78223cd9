//! A record that a link kept: a missing one with a field more, so that a build that does not know the field reads it too.

use domain::certificate::{Recount, Verdict};
use domain::deletion::{DeleteCounts, State};
use domain::page::Outcome;
use ports::{AdvanceDeletions, ReadDeletions};
use serde_json::json;

use super::{Frozen, id};
use crate::on_tables::OnTables;

const KEPT: DeleteCounts = DeleteCounts {
    selected: 1,
    kept: 1,
    deleted: 0,
    already_deleted: 0,
    missing: 0,
    failed: 0,
    not_reached: 0,
};

/// What the manifest proves of the deletion.
async fn verdict(world: &OnTables) -> Verdict {
    let deletion = world.read(id(&Frozen::of_kept(), "0001")).await;
    let (tenant, deletions) = (&deletion.tenant, world.deletions());
    let mut recount = Recount::begin(deletion.id);
    for number in 1..=deletion.pages {
        let page = deletions.page(tenant, deletion.id, number).await;
        let exceptions = deletions.exceptions(tenant, deletion.id, number).await;
        let exceptions = exceptions.unwrap().unwrap_or_default();
        recount.add(&deletion, &page.unwrap().unwrap(), &exceptions);
    }
    recount.verdict(&deletion)
}

/// The counts of the attachments, and what became of each.
async fn attachments(world: &OnTables) -> (DeleteCounts, Vec<Outcome>) {
    let deletion = world.read(id(&Frozen::of_kept(), "0001")).await;
    assert_eq!(deletion.state, State::Deleted);
    let (tenant, deletions) = (&deletion.tenant, world.deletions());
    let mut outcomes = Vec::new();
    for number in 1..=deletion.pages {
        let page = deletions.page(tenant, deletion.id, number).await;
        let exceptions = deletions.exceptions(tenant, deletion.id, number).await;
        let page = page.unwrap().unwrap();
        let exceptions = exceptions.unwrap().unwrap_or_default();
        let entries = page.entries.iter().enumerate();
        outcomes.extend(
            entries
                .filter(|(_, entry)| entry.collection.as_ref() == "attachments")
                .map(|(place, _)| page.outcome(place, &exceptions)),
        );
    }
    (deletion.deleted["attachments"], outcomes)
}

#[tokio::test]
async fn a_record_that_a_link_kept_is_read_as_it_was_stored() {
    let world = Frozen::of_kept().world("acme");

    assert_eq!(attachments(&world).await, (KEPT, vec![Outcome::Kept]));
    assert_eq!(verdict(&world).await, Verdict::Proved);
}

#[tokio::test]
async fn a_manifest_proves_its_deletion_whatever_an_earlier_build_has_dropped_of_a_kept_record() {
    // A retry by such a build counts it as missing, and leaves the exceptions.
    let mut retried = Frozen::of_kept();
    for item in &mut retried.control {
        let counts = item.get_mut("deleted").and_then(|of| of.get_mut("M"));
        if let Some(counts) = counts.and_then(|of| of.get_mut("attachments")) {
            counts["M"] = json!({ "selected": { "N": "1" }, "missing": { "N": "1" } });
        }
    }
    // A purge by such a build writes the exceptions, and leaves the counts of the delete.
    let world = Frozen::of_kept().world("acme");
    let deletion = world.read(id(&Frozen::of_kept(), "0001")).await;
    let deletions = world.deletions();
    for number in 1..=deletion.pages {
        let stored = deletions.exceptions(&deletion.tenant, deletion.id, number);
        if let Some(mut exceptions) = stored.await.unwrap() {
            for outcome in exceptions.deleted.values_mut() {
                assert_eq!(*outcome, Outcome::Kept);
                *outcome = Outcome::Missing;
            }
            let put = deletions.put_exceptions(&deletion, number, &exceptions);
            put.await.unwrap();
        }
    }

    assert_eq!(verdict(&retried.world("acme")).await, Verdict::Proved);
    assert_eq!(verdict(&world).await, Verdict::Proved);
}

#[tokio::test]
async fn its_count_is_what_the_others_leave_where_an_earlier_build_has_dropped_it() {
    let mut frozen = Frozen::of_kept();
    for item in &mut frozen.control {
        let counts = item.get_mut("deleted").and_then(|of| of.get_mut("M"));
        if let Some(counts) = counts.and_then(|of| of.get_mut("attachments")) {
            let dropped = counts["M"].as_object_mut().unwrap().remove("kept");
            assert_eq!(dropped, Some(json!({ "N": "1" })));
        }
    }

    assert_eq!(attachments(&frozen.world("acme")).await.0, KEPT);
}
