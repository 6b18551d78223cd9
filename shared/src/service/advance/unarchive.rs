//! How archived rows come back: put where their key is free, below a parent that is there or comes back too.
//!
//! Truth first: the copy goes when the row is back, so a crash between the two leaves a row that equals its copy.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::collection::Collection;
use crate::domain::deletion::Deletion;
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Judged, NotRestored};
use crate::domain::row::{Row, RowMark};
use crate::ports::{ArchiveRows, EnginePorts, PutBackOutcome, RowToPutBack};
use crate::service::advance::Engine;
use crate::service::advance::archive::{AT_ONCE, Whole, copies, drop_copies, whole};
use crate::service::advance::restore_pass::{conflict, has_parent, named_parents};
use crate::service::advance::settle::settle;
use crate::service::advance::slice::{Slice, Stop};

/// Puts the root's row back with its mark, if it was archived and its key is free.
pub(super) async fn root<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    let Some(root) = &deletion.root else {
        return Ok(());
    };
    let collection = engine.collection(&deletion.collection)?;
    let keys = std::slice::from_ref(root);
    let found = copies(engine, slice, deletion, collection, keys).await?;
    let rows: Vec<_> = found
        .into_iter()
        .flatten()
        .map(|stored| RowToPutBack {
            stored,
            marked: true,
            null: false,
        })
        .collect();
    // Whether it is there now, and ours, is judged like that of a row that was never gone.
    put_back(engine, slice, collection, &rows).await.map(drop)
}

/// Removes the root's copy, once its row is back.
pub(super) async fn forget_root<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    let Some(root) = &deletion.root else {
        return Ok(());
    };
    let collection = engine.collection(&deletion.collection)?;
    let keys = std::slice::from_ref(root);
    drop_copies(engine, slice, deletion, collection, keys).await
}

/// Puts rows of one collection back; answers what cannot come back, and the places of those whose copy may go when they
/// are restored.
pub(super) async fn rows<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> Result<(BTreeMap<usize, NotRestored>, Vec<usize>), Stop> {
    let (mut exceptions, mut copied) = (BTreeMap::new(), Vec::new());
    for some in places.chunks(AT_ONCE) {
        let keys: Vec<RecordKey> = some
            .iter()
            .map(|place| entries[*place].key.clone())
            .collect();
        let found = copies(engine, slice, deletion, collection, &keys).await?;
        let held: Vec<Option<&Row>> = found
            .iter()
            .map(|copy| copy.as_ref().map(|copy| &copy.row))
            .collect();
        let parents = match engine.collections.parent_of(collection) {
            Some(parent) => {
                let named = named_parents(collection, held.into_iter().flatten());
                parents(engine, slice, deletion, parent, named).await?
            }
            None => HashSet::new(),
        };
        let (mut at, mut rows) = (Vec::new(), Vec::new());
        for (place, copy) in some.iter().copied().zip(found) {
            let Some(stored) = copy else { continue };
            if has_parent(collection, &stored.row, &parents) {
                at.push(place);
                rows.push(RowToPutBack {
                    stored,
                    marked: false,
                    null: entries[place].judged == Judged::LiveNull,
                });
            } else {
                exceptions.insert(place, conflict("PARENT_MISSING: the parent's row is gone"));
            }
        }
        let taken = put_back(engine, slice, collection, &rows).await?;
        let taken = judge(engine, slice, deletion, collection, &rows, &taken).await?;
        for (place, is_another) in at.into_iter().zip(taken) {
            if is_another {
                let why = "KEY_TAKEN: another record has its key by now; the copy stays";
                exceptions.insert(place, conflict(why));
            } else {
                copied.push(place);
            }
        }
    }
    Ok((exceptions, copied))
}

async fn put_back<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    collection: &Collection,
    rows: &[RowToPutBack<<P::Rows as ArchiveRows>::Whole>],
) -> Result<Vec<PutBackOutcome>, Stop> {
    let store = engine.ports.rows();
    settle(slice, rows, P::Rows::MOVE_BATCH, |batch| async move {
        store.put_back(collection, &batch).await
    })
    .await
}

/// Whether what stands at a key that was not free is another record: neither what an earlier attempt has put back, nor
/// what stayed there with our mark.
async fn judge<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
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
    let mut standing = whole(engine, slice, collection, &taken).await?.into_iter();
    let mut judge = |(row, outcome): (&RowToPutBack<_>, &PutBackOutcome)| {
        is_taken(outcome)
            && standing.next().flatten().is_some_and(|now: Whole<P>| {
                !is_same(deletion, collection, &now.row, &row.stored.row)
            })
    };
    Ok(rows.iter().zip(outcomes).map(&mut judge).collect())
}

/// Whether the row that stands is the one that was copied: as it was, but for the mark, or with our mark on it.
fn is_same(deletion: &Deletion, collection: &Collection, now: &Row, copied: &Row) -> bool {
    match now.mark(collection) {
        RowMark::By(by) => by == Some(deletion.id),
        RowMark::Absent | RowMark::Null => {
            let marks = collection.marks.all();
            let plain = |row: &Row| {
                let mut attributes = row.attributes.clone();
                attributes.retain(|name, _| !marks.contains(&name.as_str()));
                attributes
            };
            plain(now) == plain(copied)
        }
    }
}

/// Which of these parents are there, or come back with this restore: backwards, children come before their parents, so
/// one that is still in the archive counts, if everything up to a row that is there does.
pub(super) async fn parents<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    parent: &Collection,
    named: Vec<RecordKey>,
) -> Result<HashSet<RecordKey>, Stop> {
    let mut levels = Vec::new();
    let mut at = Some((parent, named));
    while let Some((collection, keys)) = at.take() {
        let mut level = Level::default();
        for some in keys.chunks(AT_ONCE) {
            level
                .read(engine, slice, deletion, collection, some)
                .await?;
        }
        let above: HashSet<RecordKey> = level.hanging.values().cloned().collect();
        levels.push(level);
        if !above.is_empty()
            && let Some(parent) = engine.collections.parent_of(collection)
        {
            let mut above: Vec<RecordKey> = above.into_iter().collect();
            above.sort();
            at = Some((parent, above));
        }
    }
    let mut there = HashSet::new();
    for level in levels.into_iter().rev() {
        let hanging = level.hanging.into_iter();
        let below: Vec<RecordKey> = hanging
            .filter(|(_, above)| there.contains(above))
            .map(|(key, _)| key)
            .collect();
        there = level.there;
        there.extend(below);
    }
    Ok(there)
}

/// The parents of one collection.
#[derive(Default)]
struct Level {
    /// Whose row is there, or hangs below nothing.
    there: HashSet<RecordKey>,
    /// Who is in the archive, and below whom.
    hanging: HashMap<RecordKey, RecordKey>,
}

impl Level {
    async fn read<P: EnginePorts>(
        &mut self,
        engine: &Engine<P>,
        slice: &Slice<'_, P::Clock>,
        deletion: &Deletion,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> Result<(), Stop> {
        let rows = whole(engine, slice, collection, keys).await?;
        let copies = copies(engine, slice, deletion, collection, keys).await?;
        for ((key, row), copy) in keys.iter().zip(rows).zip(copies) {
            match (row.map(|row| row.row), copy.map(|copy| copy.row)) {
                (Some(row), copy) => {
                    // Another record at that key is none to hang below.
                    let is_ours =
                        copy.is_none_or(|copy| is_same(deletion, collection, &row, &copy));
                    if is_ours && row.is_of(&deletion.tenant, collection) {
                        self.there.insert(key.clone());
                    }
                }
                (None, Some(copy)) => match (&collection.parent, copy.parent_key(collection)) {
                    (Some(_), Some(above)) => {
                        self.hanging.insert(key.clone(), above);
                    }
                    (Some(link), None) if link.required => {}
                    (_, None) | (None, _) => {
                        self.there.insert(key.clone());
                    }
                },
                (None, None) => {}
            }
        }
        Ok(())
    }
}
