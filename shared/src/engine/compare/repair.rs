//! Reads the records of a page in both stores, and does what is planned for each.
//!
//! The copy is read before the truth: a document that is removed is named as it was read, so what is written in between
//! keeps it. Marks are put on and taken off under the conditions of the passes, so a repair that comes too late finds
//! nothing to do.

use std::collections::{BTreeMap, HashSet};

use crate::domain::collection::Collection;
use crate::domain::deletion::Deletion;
use crate::domain::deletion::comparison::{Drift, Findings};
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Judged};
use crate::domain::row::Row;
use crate::engine::compare::plan::{Case, Repair, Seen, plan};
use crate::engine::kit::parents::{has_parent, parents};
use crate::engine::kit::records::{document_ids, read_rows};
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{
    ClearDocuments, ClearOutcome, ClearRows, DocumentClearOutcome, DocumentMarkOutcome,
    DocumentState, DocumentVersion, EnginePorts, Fields, MarkDocuments, PurgeDocuments,
    PurgeOutcome, PurgeRows, ReadDocuments, RemoveOutcome, RowToClear,
};

/// How often a record that changes under our hands is read again before it is counted as it is.
const READS: usize = 5;

/// Records of one collection in one page.
pub(crate) struct Records<'a, P: EnginePorts> {
    pub(crate) work: Work<'a, P>,
    pub(crate) deletion: &'a Deletion,
    pub(crate) collection: &'a Collection,
    pub(crate) entries: &'a [Entry],
    /// By place; a record whose id cannot be rendered has no document.
    ids: BTreeMap<usize, String>,
}

/// What came of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Repaired,
    /// It stays as it is: it may not be repaired, or the store refuses.
    Stays,
    /// Somebody was there first: it is read again.
    Again,
}

impl<'a, P: EnginePorts> Records<'a, P> {
    pub(crate) fn new(
        work: Work<'a, P>,
        deletion: &'a Deletion,
        collection: &'a Collection,
        entries: &'a [Entry],
        places: &[usize],
    ) -> Self {
        Self {
            work,
            deletion,
            collection,
            entries,
            ids: document_ids(collection, entries, places)
                .0
                .into_iter()
                .collect(),
        }
    }

    /// Compares these records and makes of them what can be made; counts what was found.
    pub(crate) async fn compare(
        &self,
        case: Case,
        places: Vec<usize>,
        findings: &mut Findings,
    ) -> Result<(), Stop> {
        let mut open = places;
        let mut found: BTreeMap<usize, (Drift, bool)> = BTreeMap::new();
        let mut waiting: HashSet<usize> = HashSet::new();
        for _ in 0..READS {
            let seen = self.read(case, &open).await?;
            let mut planned: BTreeMap<usize, (Drift, Repair)> = BTreeMap::new();
            for (place, seen) in seen {
                // What an earlier reading found may be gone by now.
                found.remove(&place);
                waiting.remove(&place);
                if let Some(plan) = plan(case, self.deletion.id, seen) {
                    planned.insert(place, plan);
                }
            }
            let repairs = planned.iter().map(|(place, (_, repair))| (*place, *repair));
            let done = self.repair(repairs.collect()).await?;
            open = Vec::new();
            for (place, (drift, repair)) in planned {
                let done = done.get(&place).copied().unwrap_or(Done::Stays);
                found.insert(place, (drift, done == Done::Repaired));
                if repair == Repair::Wait {
                    waiting.insert(place);
                }
                if done == Done::Again {
                    open.push(place);
                }
            }
            if open.is_empty() {
                break;
            }
        }
        for (drift, repaired) in found.into_values() {
            findings.count(drift, 1, repaired);
        }
        findings.waiting += u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    async fn read(&self, case: Case, places: &[usize]) -> Result<Vec<(usize, Seen)>, Stop> {
        let documents = self.documents(places).await?;
        let rows = self.rows(places).await?;
        // Only a restored deletion asks for parents, and only of what carries its mark.
        let ours: Vec<Option<Row>> = rows
            .iter()
            .map(|row| {
                row.clone()
                    .filter(|row| matches!(case, Case::Restored { .. }) && self.is_ours(row))
            })
            .collect();
        let there = parents(self.work, self.deletion, self.collection, &ours).await?;
        let seen = |(place, row): (&usize, Option<Row>)| {
            let seen = Seen {
                row: row.as_ref().map(|row| row.mark(self.collection)),
                has_parent: row.is_some_and(|row| has_parent(self.collection, &row, &there)),
                document: documents.get(place).copied(),
            };
            (*place, seen)
        };
        Ok(places.iter().zip(rows).map(seen).collect())
    }

    fn is_ours(&self, row: &Row) -> bool {
        row.mark(self.collection).is_of(self.deletion.id)
    }

    async fn documents(&self, places: &[usize]) -> Result<BTreeMap<usize, DocumentState>, Stop> {
        let documents = self.work.documents();
        let (with, ids) = self.with_ids(places);
        let batch = P::Documents::STATE_BATCH;
        let states = self
            .work
            .settle(&ids, batch, |ids| async move {
                documents.states(self.collection, &ids).await
            })
            .await?;
        let there = |(place, state): (usize, Option<DocumentState>)| Some((place, state?));
        Ok(with.into_iter().zip(states).filter_map(there).collect())
    }

    async fn rows(&self, places: &[usize]) -> Result<Vec<Option<Row>>, Stop> {
        let keys: Vec<RecordKey> = places
            .iter()
            .map(|place| self.entries[*place].key.clone())
            .collect();
        read_rows(self.work, self.collection, &keys, Fields::Judged).await
    }

    /// Those of these places that have a document id, with their ids.
    fn with_ids(&self, places: &[usize]) -> (Vec<usize>, Vec<String>) {
        places
            .iter()
            .filter_map(|place| Some((*place, self.ids.get(place)?.clone())))
            .unzip()
    }

    async fn repair(
        &self,
        repairs: BTreeMap<usize, Repair>,
    ) -> Result<BTreeMap<usize, Done>, Stop> {
        let at = |wanted: fn(&Repair) -> bool| -> Vec<usize> {
            let places = repairs.iter().filter(|(_, repair)| wanted(repair));
            places.map(|(place, _)| *place).collect()
        };
        let mut done = BTreeMap::new();
        done.extend(
            self.mark_documents(&at(|repair| *repair == Repair::MarkDocument))
                .await?,
        );
        done.extend(
            self.clear_records(&at(|repair| *repair == Repair::ClearRecord))
                .await?,
        );
        done.extend(
            self.clear_documents(&at(|repair| *repair == Repair::ClearDocument))
                .await?,
        );
        let mut removed = Vec::new();
        let mut documents = Vec::new();
        for (place, repair) in &repairs {
            match repair {
                Repair::RemoveDocument(version) => documents.push((*place, *version)),
                Repair::RemoveRecord(version) => {
                    removed.push(*place);
                    documents.extend(version.map(|version| (*place, version)));
                }
                Repair::Count
                | Repair::Wait
                | Repair::MarkDocument
                | Repair::ClearRecord
                | Repair::ClearDocument => {}
            }
        }
        // Copy before truth: a row goes only when its document is gone.
        done.extend(self.remove_documents(&documents).await?);
        removed.retain(|place| done.get(place).is_none_or(|done| *done == Done::Repaired));
        done.extend(self.remove_rows(&removed).await?);
        Ok(done)
    }

    /// Then the rows are read once more: a restore may have passed in between, and its document must not stay hidden.
    async fn mark_documents(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let documents = self.work.documents();
        let mark = &self.deletion.mark();
        let (with, ids) = self.with_ids(places);
        let batch = P::Documents::MARK_BATCH;
        let outcomes = self
            .work
            .settle(&ids, batch, |ids| async move {
                MarkDocuments::mark(documents, self.collection, mark, &ids).await
            })
            .await?;
        let mut done: BTreeMap<usize, Done> = BTreeMap::new();
        for (place, outcome) in with.into_iter().zip(outcomes) {
            let outcome = match outcome {
                DocumentMarkOutcome::Marked | DocumentMarkOutcome::Missing => Done::Repaired,
                DocumentMarkOutcome::Rejected(_) => Done::Stays,
            };
            done.insert(place, outcome);
        }
        let marked: Vec<usize> = done.keys().copied().collect();
        let rows = self.rows(&marked).await?;
        let not_ours: Vec<usize> = marked
            .into_iter()
            .zip(rows)
            .filter(|(_, row)| row.as_ref().is_some_and(|row| !self.is_ours(row)))
            .map(|(place, _)| place)
            .collect();
        self.clear_documents(&not_ours).await?;
        done.extend(not_ours.into_iter().map(|place| (place, Done::Again)));
        Ok(done)
    }

    /// Truth before copy, as in a restore.
    async fn clear_records(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let rows = self.work.rows();
        let to_clear: Vec<RowToClear> = places
            .iter()
            .map(|place| RowToClear {
                key: self.entries[*place].key.clone(),
                null: self.entries[*place].judged == Judged::LiveNull,
            })
            .collect();
        let outcomes = self
            .work
            .settle(&to_clear, P::Rows::CLEAR_BATCH, |batch| async move {
                rows.clear(self.collection, self.deletion.id, &batch).await
            })
            .await?;
        let mut done = BTreeMap::new();
        for (place, outcome) in places.iter().zip(outcomes) {
            let outcome = match outcome {
                ClearOutcome::Cleared | ClearOutcome::Live => Done::Repaired,
                ClearOutcome::MarkedByAnother | ClearOutcome::Missing => Done::Again,
            };
            done.insert(*place, outcome);
        }
        let cleared: Vec<usize> = done
            .iter()
            .filter(|(_, done)| **done == Done::Repaired)
            .map(|(place, _)| *place)
            .collect();
        done.extend(self.clear_documents(&cleared).await?);
        Ok(done)
    }

    async fn clear_documents(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let documents = self.work.documents();
        let (with, ids) = self.with_ids(places);
        let outcomes = self
            .work
            .settle(&ids, P::Documents::CLEAR_BATCH, |ids| async move {
                documents
                    .clear(self.collection, self.deletion.id, &ids)
                    .await
            })
            .await?;
        let done = |outcome| match outcome {
            DocumentClearOutcome::Cleared | DocumentClearOutcome::Missing => Done::Repaired,
            DocumentClearOutcome::Rejected(_) => Done::Stays,
        };
        Ok(with
            .into_iter()
            .zip(outcomes.into_iter().map(done))
            .collect())
    }

    async fn remove_documents(
        &self,
        read: &[(usize, DocumentVersion)],
    ) -> Result<BTreeMap<usize, Done>, Stop> {
        let documents = self.work.documents();
        let (places, asked): (Vec<usize>, Vec<(String, DocumentVersion)>) = read
            .iter()
            .filter_map(|(place, version)| {
                let id = self.ids.get(place)?.clone();
                Some((*place, (id, *version)))
            })
            .unzip();
        let batch = P::Documents::PURGE_BATCH;
        let outcomes = self
            .work
            .settle(&asked, batch, |asked| async move {
                documents.remove(self.collection, &asked).await
            })
            .await?;
        let done = |outcome| match outcome {
            RemoveOutcome::Gone => Done::Repaired,
            RemoveOutcome::Changed => Done::Again,
            RemoveOutcome::Rejected(_) => Done::Stays,
        };
        Ok(places
            .into_iter()
            .zip(outcomes.into_iter().map(done))
            .collect())
    }

    async fn remove_rows(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let rows = self.work.rows();
        let keys: Vec<RecordKey> = places
            .iter()
            .map(|place| self.entries[*place].key.clone())
            .collect();
        let batch = P::Rows::PURGE_BATCH;
        let outcomes = self
            .work
            .settle(&keys, batch, |keys| async move {
                rows.purge(self.collection, self.deletion.id, &keys).await
            })
            .await?;
        let done = |outcome| match outcome {
            PurgeOutcome::Gone => Done::Repaired,
            PurgeOutcome::Kept => Done::Again,
        };
        Ok(places
            .iter()
            .copied()
            .zip(outcomes.into_iter().map(done))
            .collect())
    }
}
