//! Which parents are there, or come back from the archive.

use std::collections::{HashMap, HashSet};

use crate::kit::archived::{READ, copies, is_same, whole};
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use ports::EnginePorts;

/// Which of these parents are there, or come back with this restore. The pass runs backwards, so children come before
/// their parents: a parent that is still in the archive counts if all its ancestors do, up to a row that is there.
pub(crate) async fn parents<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    parent: &Collection,
    named: Vec<RecordKey>,
) -> Result<HashSet<RecordKey>, Stop> {
    let mut levels = Vec::new();
    let mut at = Some((parent, named));
    while let Some((collection, keys)) = at.take() {
        let mut level = Level::default();
        for some in keys.chunks(READ) {
            level.read(work, deletion, collection, some).await?;
        }
        let above: HashSet<RecordKey> = level.hanging.values().cloned().collect();
        levels.push(level);
        if !above.is_empty()
            && let Some(parent) = work.collections().parent_of(collection)
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
    /// Parents whose row is there, or that reference no parent.
    there: HashSet<RecordKey>,
    /// Parents that are in the archive, with the parent that each references.
    hanging: HashMap<RecordKey, RecordKey>,
}

impl Level {
    async fn read<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &Deletion,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> Result<(), Stop> {
        let rows = whole(work, collection, keys).await?;
        let copies = copies(work, deletion, collection, keys).await?;
        for ((key, row), copy) in keys.iter().zip(rows).zip(copies) {
            match (row, copy) {
                (Some(row), copy) => {
                    // Another record at that key cannot be the parent.
                    let is_ours =
                        copy.is_none_or(|copy| is_same(deletion, collection, &row.row, &copy.row));
                    if is_ours && row.row.is_of(&deletion.tenant, collection) {
                        self.there.insert(key.clone());
                    }
                }
                (None, Some(copy)) => match (&collection.parent, copy.row.parent_key(collection)) {
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
