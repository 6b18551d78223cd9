//! How archived rows come back: they are put back if their key is free, below a parent that is there or comes back too.
//!
//! Rows first: the archived row is removed when the row is back, so a crash between the two leaves a row that equals
//! it. A row comes back with its mark, which is taken off when the archived row is gone: one that is live may be another
//! deletion's a moment later, and would be put back a second time.

use std::collections::BTreeMap;

use crate::kit::archived::{AtKey, Whole, at_key, copies, drop_copies, first_copies, first_whole};
use crate::kit::parents::parents;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::{Deletion, Failure};
use domain::key::RecordKey;
use domain::page::NotRestored;
use ports::{ArchiveRows, EnginePorts, PutBackOutcome};

/// Puts the root's row back with its mark, if it was archived and its key is free.
pub(crate) async fn give_back_root<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    let Some(root) = &deletion.root else {
        return Ok(());
    };
    let collection = work.collection(&deletion.collection)?;
    let keys = std::slice::from_ref(root);
    let found = copies(work, deletion, collection, keys).await?;
    let rows: Vec<Whole<P>> = found.into_iter().flatten().collect();
    // Whether it is there now, and ours, is judged as for a row that was never removed.
    match put_back(work, collection, &rows).await?.pop() {
        Some(PutBackOutcome::Refused(why)) => Err(Stop::Impossible(Failure {
            code: "ROW_REFUSED".to_owned(),
            reason: format!("the table does not take the root's row back: {why}"),
        })),
        Some(PutBackOutcome::Back | PutBackOutcome::Taken) | None => Ok(()),
    }
}

/// Removes the root's archived row, once its row is back.
pub(crate) async fn forget_root<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    let Some(root) = &deletion.root else {
        return Ok(());
    };
    let collection = work.collection(&deletion.collection)?;
    let keys = std::slice::from_ref(root);
    drop_copies(work, deletion, collection, keys).await
}

/// Puts rows of one collection back, with their marks, and removes the archived rows of those that are back; returns
/// those that cannot come back.
pub(crate) async fn rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    let collection = records.collection;
    let mut exceptions = BTreeMap::new();
    let mut open = records.places.as_slice();
    while !open.is_empty() {
        let keys = records.at(open.to_vec()).keys();
        let found = first_copies(work, deletion, collection, &keys).await?;
        let some;
        (some, open) = open.split_at(found.len());
        let archived = found.iter().flatten().map(|copy| &copy.row);
        let parents = parents(work, deletion, collection, archived).await?;
        let (mut at, mut rows, mut orphans) = (Vec::new(), Vec::new(), Vec::new());
        for (place, copy) in some.iter().copied().zip(found) {
            let Some(stored) = copy else { continue };
            if parents.has(&stored.row, records.entry(place).above) {
                at.push(place);
                rows.push(stored);
            } else {
                let why = "PARENT_MISSING: the parent's row is gone, or another record by now";
                exceptions.insert(place, NotRestored::conflict(why));
                orphans.push((place, stored));
            }
        }
        let outcomes = put_back(work, collection, &rows).await?;
        let at_keys = at_keys(work, deletion, collection, &rows, &outcomes).await?;
        // Their parents were there when an earlier attempt put them back: they stay, with their marks.
        let mut back = there_already(work, deletion, collection, orphans).await?;
        for (number, (place, outcome)) in at.into_iter().zip(outcomes).enumerate() {
            match (outcome, at_keys.get(&number)) {
                (PutBackOutcome::Taken, Some(AtKey::Another)) => {
                    let why = "KEY_TAKEN: another record has its key by now; the copy stays";
                    exceptions.insert(place, NotRestored::conflict(why));
                }
                // The row comes back; the archived row may be of an earlier record of its key, which cannot.
                (PutBackOutcome::Taken, Some(AtKey::Ours)) => {}
                (PutBackOutcome::Back | PutBackOutcome::Taken, _) => back.push(place),
                (PutBackOutcome::Refused(why), _) => {
                    let reason = format!("ROW_REFUSED: the table does not take it back: {why}");
                    exceptions.insert(place, NotRestored::Failed { reason });
                }
            }
        }
        drop_copies(work, deletion, collection, &records.at(back).keys()).await?;
    }
    Ok(exceptions)
}

async fn put_back<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    rows: &[Whole<P>],
) -> Result<Vec<PutBackOutcome>, Stop> {
    let store = work.rows();
    work.settle(rows, P::Rows::MOVE_BATCH, |batch| async move {
        store.put_back(collection, &batch).await
    })
    .await
}

/// The places of those of these archived rows that are in their table too.
async fn there_already<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    mut archived: Vec<(usize, Whole<P>)>,
) -> Result<Vec<usize>, Stop> {
    let mut found = Vec::new();
    while !archived.is_empty() {
        let keys: Vec<RecordKey> = archived
            .iter()
            .map(|(_, copy)| copy.row.key.clone())
            .collect();
        let rows = first_whole(work, collection, &keys).await?;
        for ((place, copy), now) in archived.drain(..rows.len()).zip(rows) {
            let is_same = |now: &Whole<P>| {
                at_key(deletion, collection, &now.row, &copy.row) == AtKey::Same
                    && now.row.mark(collection).is_of(deletion.id)
            };
            if now.is_some_and(|now| is_same(&now)) {
                found.push(place);
            }
        }
    }
    Ok(found)
}

/// What the rows are that have the keys which were not free, by number.
async fn at_keys<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    rows: &[Whole<P>],
    outcomes: &[PutBackOutcome],
) -> Result<BTreeMap<usize, AtKey>, Stop> {
    let (taken, keys): (Vec<usize>, Vec<RecordKey>) = (0..rows.len())
        .filter(|number| outcomes[*number] == PutBackOutcome::Taken)
        .map(|number| (number, rows[number].row.key.clone()))
        .unzip();
    let mut found = BTreeMap::new();
    let mut judged = 0;
    while judged < taken.len() {
        let there = first_whole(work, collection, &keys[judged..]).await?;
        for (number, now) in taken[judged..].iter().zip(&there) {
            if let Some(now) = now {
                let copied = &rows[*number].row;
                found.insert(*number, at_key(deletion, collection, &now.row, copied));
            }
        }
        judged += there.len();
    }
    Ok(found)
}
