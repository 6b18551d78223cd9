//! What was above the records that a request without a root lists itself, so that a restore knows it again.
//!
//! Below a root nothing is read: what was above the root is stored with it at acceptance, and what is below it comes back
//! with it. Nor is a listed record ever below another one of the same request.

use std::collections::{BTreeSet, HashMap};

use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::above::Above;
use domain::collection::{Collection, CollectionName};
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::row::Row;
use ports::{EnginePorts, Fields};

/// The parents of the records of a page, by the collection that references them: each is read once.
#[derive(Debug, Default)]
pub(crate) struct Parents(HashMap<(CollectionName, RecordKey), Above>);

impl Parents {
    /// What is above each of these rows, where their parents say when they were created.
    pub(crate) async fn of<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &Deletion,
        collection: &Collection,
        rows: &[Option<&Row>],
    ) -> Result<Vec<Above>, Stop> {
        let parent = work.collections().parent_of(collection);
        let dated = parent.filter(|parent| parent.filters.time.is_some());
        let Some(parent) = dated.filter(|_| deletion.strategy.keeps_records()) else {
            return Ok(vec![Above::default(); rows.len()]);
        };
        let named = |key: RecordKey| (collection.name.clone(), key);
        let keys: Vec<Option<RecordKey>> = rows
            .iter()
            .map(|row| (*row)?.parent_key(collection, &deletion.tenant))
            .collect();
        let is_new = |key: &&RecordKey| !self.0.contains_key(&named((*key).clone()));
        let new: BTreeSet<RecordKey> = keys.iter().flatten().filter(is_new).cloned().collect();
        let new: Vec<RecordKey> = new.into_iter().collect();
        let read = read_rows(work, parent, &new, Fields::Judged).await?;
        for (key, row) in new.into_iter().zip(read) {
            let row = row.filter(|row| row.is_of(&deletion.tenant, parent));
            let above = Above::nearest(row.as_ref().map(|row| (parent, row)));
            self.0.insert(named(key), above);
        }
        let above = |key: Option<RecordKey>| self.0.get(&named(key?)).copied();
        Ok(keys
            .into_iter()
            .map(|key| above(key).unwrap_or_default())
            .collect())
    }
}
