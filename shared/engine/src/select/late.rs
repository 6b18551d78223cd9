//! Which records without a mark are a deletion's all the same: the only place that decides it, for the search for late
//! arrivals and for the comparison.
//!
//! What is below its records is, however it came there. What the request lists is found over an index, which may not show
//! yet what was written a moment before the request; so it is asked for once more, later. Nothing hides such a record, so
//! it must say itself that it was there, with a time that is not after the request, and was meant: where the request asks
//! for what may have changed since, it is not asked again. And the manifest must not have it: a record that its owner has
//! taken back, or that has failed, stays as it is.

use std::collections::BTreeSet;

use tracing::warn;

use crate::kit::manifest::{LONGEST, Listed, known, listed_in};
use crate::kit::membership::{Membership, can_be_asked_again, was_requested};
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::step::{Found, Step};
use crate::select::walk::Walk;
use domain::collection::CollectionName;
use domain::cursor::RequestedPlace;
use domain::deletion::{Deletion, Failure};
use domain::key::RecordRef;
use domain::page::SelectCursor;
use domain::row::Row;
use domain::scope::{Scope, Source};
use ports::{EnginePorts, Related};

/// Why a pass ends that has found records which may be listed already, and cannot find out.
const TOO_LONG: &str = "the manifest is too long to tell records that came late from those that have failed; what was requested stays above them: mend what has failed and retry, or delete them by another request";

/// Whether what the request lists may be found over an index.
pub(crate) fn may_be_over_an_index(scope: &Scope) -> bool {
    matches!(
        scope.source,
        Source::Author { .. } | Source::Matching { .. }
    )
}

/// The next late arrivals from the cursor on, at most `limit`; `number` is that of the page after the manifest. What is
/// below late arrivals is searched when their turn is over: then they are the deletion's, or gone.
pub(crate) async fn step<P: EnginePorts>(
    walk: &mut Walk<'_, P>,
    deletion: &Deletion,
    cursor: &SelectCursor,
    number: u32,
    limit: usize,
) -> Result<Step, Stop> {
    let (work, scope) = (walk.work, walk.scope);
    let place = match cursor {
        SelectCursor::Requested(place) => Some(place),
        SelectCursor::Below(_) | SelectCursor::Shared(_) => None,
    };
    if let Some(next) = place.and_then(|place| passed_by(work, deletion, scope, place)) {
        let entries = Vec::new();
        return Ok(Step::Entries { entries, next });
    }
    let open = (number, [].as_slice());
    let mut step = walk.step(deletion, cursor.clone(), open, limit).await?;
    if let Step::Rows { rows, .. } = &mut step {
        let found = std::mem::take(rows);
        *rows = if place.is_some() {
            Box::pin(not_listed(walk, deletion, found)).await?
        } else {
            let mut membership = Membership::of_found(work, deletion, scope);
            membership.waiting = walk.waiting();
            let found = Box::pin(live_below(work, membership, found)).await?;
            Box::pin(not_to_be_done(walk, deletion, found)).await?
        };
    }
    Ok(step)
}

/// Where the search continues if nothing is asked for once more at this place.
fn passed_by<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    place: &RequestedPlace,
) -> Option<SelectCursor> {
    let (Source::Author { collections, .. } | Source::Matching { collections }) = &scope.source
    else {
        return Some(SelectCursor::ROOT);
    };
    let Some(name) = collections.get(place.source) else {
        return Some(SelectCursor::ROOT);
    };
    // A collection that no file declares any more is an error of the step.
    let declared = work.collections().get(name.as_ref());
    let is_asked = declared.is_none_or(|collection| {
        let listed = Related::listed(collection, scope, &deletion.tenant);
        // What a table itself lists was there.
        listed.is_none_or(|listed| listed.is_over_an_index())
            && can_be_asked_again(scope, collection)
    });
    (!is_asked).then(|| {
        SelectCursor::Requested(RequestedPlace {
            source: place.source + 1,
            ..RequestedPlace::default()
        })
    })
}

/// Those of these rows that the request was for, that carry no mark, and that are not in the manifest.
async fn not_listed<P: EnginePorts>(
    walk: &mut Walk<'_, P>,
    deletion: &Deletion,
    found: Vec<Found>,
) -> Result<Vec<Found>, Stop> {
    let (work, scope) = (walk.work, walk.scope);
    let mut rows = Vec::new();
    for found in found {
        let collection = work.collection(&found.collection)?;
        if found.row.mark(collection).is_live()
            && was_requested(deletion, scope, collection, &found.row)
        {
            rows.push(found);
        }
    }
    not_known(walk, deletion, rows, Listed::Ever).await
}

/// Those of these rows that the manifest does not have, or does not have open.
async fn not_known<P: EnginePorts>(
    walk: &mut Walk<'_, P>,
    deletion: &Deletion,
    rows: Vec<Found>,
    listed: Listed,
) -> Result<Vec<Found>, Stop> {
    if rows.is_empty() {
        return Ok(rows);
    }
    if deletion.pages > LONGEST {
        return not_told(deletion, rows);
    }
    walk.also_took(deletion.pages);
    let wanted = rows.iter().map(record).collect();
    let known = known(walk.work, deletion, wanted, listed).await?;
    Ok(rows
        .into_iter()
        .filter(|row| !known.contains(&record(row)))
        .collect())
}

/// Nothing tells whether these rows are listed already. A pass ends with that as its reason, and what is above them stays.
/// A comparison counts them.
fn not_told(deletion: &Deletion, rows: Vec<Found>) -> Result<Vec<Found>, Stop> {
    if deletion.state.working_pass().is_some() {
        return Err(Stop::Impossible(Failure::new(
            "MANIFEST_TOO_LONG",
            TOO_LONG,
        )));
    }
    let (id, unmarked) = (deletion.id, rows.len());
    warn!(deletion_id = %id, unmarked, "the manifest of deletion {id} is too long to be read for {unmarked} records without a mark: they are left");
    Ok(rows)
}

/// Without those that the pages list which are still to be done: the last one with requested records may have some of
/// those below them. A page that is done has none any more that carries no mark, unless one has failed; another record may
/// have the key of one that is gone.
async fn not_to_be_done<P: EnginePorts>(
    walk: &mut Walk<'_, P>,
    deletion: &Deletion,
    rows: Vec<Found>,
) -> Result<Vec<Found>, Stop> {
    let Some(last) = deletion.last_requested_page().filter(|_| !rows.is_empty()) else {
        return Ok(rows);
    };
    if deletion.has_failed() {
        return not_known(walk, deletion, rows, Listed::Open).await;
    }
    let wanted = rows.iter().map(record).collect();
    let listed = listed_in(walk.work, deletion, last, &wanted, Listed::Open).await?;
    Ok(rows
        .into_iter()
        .filter(|row| !listed.contains(&record(row)))
        .collect())
}

fn record(found: &Found) -> RecordRef {
    RecordRef {
        collection: found.collection.clone(),
        key: found.row.key.clone(),
    }
}

/// Those of these rows that carry no mark although they are below the deletion: what is above them is read after them.
async fn live_below<P: EnginePorts>(
    work: Work<'_, P>,
    membership: Membership<'_, P>,
    found: Vec<Found>,
) -> Result<Vec<Found>, Stop> {
    let mut live = Vec::new();
    for found in found {
        let collection = work.collection(&found.collection)?;
        if found.row.mark(collection).is_live() {
            live.push(found);
        }
    }
    below(work, membership, live).await
}

/// Those of these rows that are below the deletion: what is above them is read after them.
pub(super) async fn below<P: EnginePorts>(
    work: Work<'_, P>,
    mut membership: Membership<'_, P>,
    mut found: Vec<Found>,
) -> Result<Vec<Found>, Stop> {
    let names: BTreeSet<CollectionName> = found.iter().map(|row| row.collection.clone()).collect();
    for name in names {
        let collection = work.collection(&name)?;
        let is_its = |row: &Found| row.collection == name;
        let rows: Vec<Row> = found
            .iter()
            .filter(|row| is_its(row))
            .map(|row| row.row.clone())
            .collect();
        let mut ours = membership.of(collection, &rows).await?.into_iter();
        found.retain(|row| !is_its(row) || ours.next().unwrap_or(false));
    }
    Ok(found)
}
