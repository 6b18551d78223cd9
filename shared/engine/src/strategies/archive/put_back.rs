//! How archived rows come back: they are put back if their key is free, below a parent that is there or comes back too.
//!
//! Rows first: the archived row is removed when the row is back, so a crash between the two leaves a row that equals
//! it.

use std::collections::BTreeMap;

use crate::kit::archived::{AT_ONCE, Whole, copies, drop_copies, is_same, whole};
use crate::kit::parents::{has_parent, parents};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Judged, NotRestored};
use ports::{ArchiveRows, EnginePorts, PutBackOutcome, RowToPutBack};

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
    let rows: Vec<_> = found
        .into_iter()
        .flatten()
        .map(|stored| RowToPutBack {
            stored,
            marked: true,
            null: false,
        })
        .collect();
    // Whether it is there now, and ours, is judged as for a row that was never removed.
    put_back(work, collection, &rows).await.map(drop)
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

/// Puts rows of one collection back; returns those that cannot come back, and the places of those whose archived row
/// may be removed when they are restored.
pub(crate) async fn rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<(BTreeMap<usize, NotRestored>, Vec<usize>), Stop> {
    let collection = records.collection;
    let (mut exceptions, mut copied) = (BTreeMap::new(), Vec::new());
    for some in records.chunks(AT_ONCE) {
        let found = copies(work, deletion, collection, &some.keys()).await?;
        let archived = found.iter().flatten().map(|copy| &copy.row);
        let parents = parents(work, deletion, collection, archived).await?;
        let (mut at, mut rows) = (Vec::new(), Vec::new());
        for (place, copy) in some.places.iter().copied().zip(found) {
            let Some(stored) = copy else { continue };
            if has_parent(collection, &stored.row, &parents) {
                at.push(place);
                rows.push(RowToPutBack {
                    stored,
                    marked: false,
                    null: records.entry(place).judged == Judged::LiveNull,
                });
            } else {
                let why = "PARENT_MISSING: the parent's row is gone";
                exceptions.insert(place, NotRestored::conflict(why));
            }
        }
        let taken = put_back(work, collection, &rows).await?;
        let taken = judge(work, deletion, collection, &rows, &taken).await?;
        for (place, is_another) in at.into_iter().zip(taken) {
            if is_another {
                let why = "KEY_TAKEN: another record has its key by now; the copy stays";
                exceptions.insert(place, NotRestored::conflict(why));
            } else {
                copied.push(place);
            }
        }
    }
    Ok((exceptions, copied))
}

async fn put_back<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    rows: &[RowToPutBack<<P::Rows as ArchiveRows>::Whole>],
) -> Result<Vec<PutBackOutcome>, Stop> {
    let store = work.rows();
    work.settle(rows, P::Rows::MOVE_BATCH, |batch| async move {
        store.put_back(collection, &batch).await
    })
    .await
}

/// Whether the row at a key that was not free is another record: neither put back by an earlier attempt, nor left there
/// with our mark.
async fn judge<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    rows: &[RowToPutBack<<P::Rows as ArchiveRows>::Whole>],
    outcomes: &[PutBackOutcome],
) -> Result<Vec<bool>, Stop> {
    let is_taken = |outcome: &PutBackOutcome| *outcome == PutBackOutcome::Taken;
    let taken: Vec<RecordKey> = rows
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| is_taken(outcome))
        .map(|(row, _)| row.stored.row.key.clone())
        .collect();
    let mut standing = whole(work, collection, &taken).await?.into_iter();
    let mut judge = |(row, outcome): (&RowToPutBack<_>, &PutBackOutcome)| {
        is_taken(outcome)
            && standing.next().flatten().is_some_and(|now: Whole<P>| {
                !is_same(deletion, collection, &now.row, &row.stored.row)
            })
    };
    Ok(rows.iter().zip(outcomes).map(&mut judge).collect())
}
