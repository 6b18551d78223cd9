//! Reads the records of a page in both stores, and does what is planned for each.
//!
//! The documents are read before the rows, and a document is removed only in the version that was read, so one that is
//! written in between stays. Marks are written and removed under the same conditions as in the passes, so a repair that
//! comes too late finds nothing to do.

use std::collections::{BTreeMap, HashSet};

use crate::compare::hanging;
use crate::compare::looked::{Progress, Removing};
use crate::compare::plan::{Case, Repair, Seen, plan};
use crate::kit::clear::{clear_documents, clear_rows};
use crate::kit::documents::Documents;
use crate::kit::parents::parents;
use crate::kit::purge_rows::purge_rows;
use crate::kit::records::Records;
use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::kit::write_documents::{AT_ONCE, document_of, write_documents};
use domain::collection::Copied;
use domain::deletion::Deletion;
use domain::deletion::comparison::Drift;
use domain::document::Document;
use domain::row::{Row, RowMark};
use ports::{
    ClearOutcome, DocumentMarkOutcome, DocumentVersion, EnginePorts, Fields, PurgeOutcome,
    RemoveOutcome,
};

/// How often a record that changes while it is processed is read again before it is counted as it is.
const READS: usize = 5;

/// Records of one collection and page that are compared with the state that they must have.
pub(crate) struct Comparing<'a, P: EnginePorts> {
    work: Work<'a, P>,
    deletion: &'a Deletion,
    records: &'a Records<'a>,
    documents: Documents<'a>,
}

/// The result of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Repaired,
    /// It stays as it is: it may not be repaired, or the store refuses.
    Stays,
    /// Another writer was faster: it is read again.
    Again,
}

impl<'a, P: EnginePorts> Comparing<'a, P> {
    pub(crate) async fn new(
        work: Work<'a, P>,
        deletion: &'a Deletion,
        records: &'a Records<'a>,
    ) -> Result<Self, Stop> {
        let (documents, _) = Documents::of(work, records).await?;
        Ok(Self {
            work,
            deletion,
            records,
            documents,
        })
    }

    /// Compares these records and repairs those that can be repaired; counts the differences.
    pub(crate) async fn compare(&self, case: Case, progress: &mut Progress) -> Result<(), Stop> {
        let mut open = self.records.places.clone();
        let mut found: BTreeMap<usize, (Drift, bool)> = BTreeMap::new();
        let (mut waiting, mut late) = (HashSet::new(), HashSet::new());
        for _ in 0..READS {
            let seen = self.read(case, &open).await?;
            let mut planned: BTreeMap<usize, (Drift, Repair)> = BTreeMap::new();
            for (place, seen) in seen {
                // A difference that an earlier reading found may no longer exist.
                found.remove(&place);
                waiting.remove(&place);
                if let Some(plan) = plan(case, self.deletion.id, seen, self.copy()) {
                    planned.insert(place, plan);
                }
            }
            let repairs = planned.iter().map(|(place, (_, repair))| (*place, *repair));
            let done = self.repair(repairs.collect(), progress).await?;
            open = Vec::new();
            for (place, (drift, repair)) in planned {
                let done = done.get(&place).copied().unwrap_or(Done::Stays);
                if matches!(repair, Repair::HideAgain(_)) && done == Done::Repaired {
                    late.insert(place);
                } else {
                    found.insert(place, (drift, done == Done::Repaired));
                }
                if matches!(repair, Repair::Wait | Repair::WaitMarked) {
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
            progress.findings.count(drift, 1, repaired);
        }
        progress.findings.waiting += count(&waiting);
        progress.findings.late += count(&late);
        Ok(())
    }

    async fn read(&self, case: Case, places: &[usize]) -> Result<Vec<(usize, Seen)>, Stop> {
        if matches!(case, Case::Restored { .. }) {
            let mut all = Vec::new();
            for some in places.chunks(AT_ONCE) {
                all.extend(self.read_restored(some).await?);
            }
            return Ok(all);
        }
        let collection = self.records.collection;
        let documents = self.documents.states(self.work, places).await?;
        let rows = self.at(places).rows(self.work).await?;
        let seen = |(place, row): (&usize, Option<Row>)| {
            let seen = Seen {
                row: row.as_ref().map(|row| row.mark(collection)),
                has_parent: false,
                document: documents
                    .get(place)
                    .copied()
                    .filter(|document| document.is_its),
                is_stale: false,
            };
            (*place, seen)
        };
        let mut seen: Vec<(usize, Seen)> = places.iter().zip(rows).map(seen).collect();
        if case == Case::Purged && !self.deletion.restored.is_empty() {
            self.read_those_back(&mut seen).await?;
        }
        Ok(seen)
    }

    /// Of a deletion that was purged behind a restore that had failed: the documents of what is live must be what the rows
    /// say, too. The index may have refused them then.
    async fn read_those_back(&self, seen: &mut [(usize, Seen)]) -> Result<(), Stop> {
        let is_live = |seen: &Seen| seen.row.is_some_and(RowMark::is_live);
        let live = seen.iter().filter(|(_, seen)| is_live(seen));
        let live: Vec<usize> = live.map(|(place, _)| *place).collect();
        let mut now = BTreeMap::new();
        for some in live.chunks(AT_ONCE) {
            now.extend(self.read_restored(some).await?);
        }
        for (place, seen) in seen {
            if let Some(now) = now.remove(place) {
                *seen = now;
            }
        }
        Ok(())
    }

    /// Of a restored deletion: what the documents say must be what the rows say, and rows that still carry the mark
    /// need their parents.
    async fn read_restored(&self, places: &[usize]) -> Result<Vec<(usize, Seen)>, Stop> {
        let collection = self.records.collection;
        let (keys, fields) = (self.at(places).keys(), Fields::Searched);
        let contents = self.documents.contents(self.work, places).await?;
        let rows = read_rows(self.work, collection, &keys, fields).await?;
        let ours = |row: &Option<Row>| row.clone().filter(|row| self.is_ours(row));
        let ours: Vec<Option<Row>> = rows.iter().map(ours).collect();
        let ours = ours.iter().flatten();
        let there = parents(self.work, self.deletion, collection, ours).await?;
        let seen = |(place, row): (&usize, Option<Row>)| {
            let content = contents.get(place).filter(|content| content.state.is_its);
            let expected = row.as_ref().and_then(|row| document_of(collection, row));
            let is_said = |expected: Document| {
                content.is_some_and(|content| expected.is_said_by(&content.fields))
            };
            let seen = Seen {
                row: row.as_ref().map(|row| row.mark(collection)),
                has_parent: row
                    .is_some_and(|row| there.has(&row, self.records.entry(*place).above)),
                document: content.map(|content| content.state),
                is_stale: expected.is_some_and(|expected| !is_said(expected)),
            };
            (*place, seen)
        };
        Ok(places.iter().zip(rows).map(seen).collect())
    }

    fn copy(&self) -> Copied {
        let spec = self.records.collection.document.as_ref();
        spec.map_or(Copied::ByUs, |spec| spec.copy)
    }

    fn at(&self, places: &[usize]) -> Records<'a> {
        self.records.at(places.to_vec())
    }

    fn is_ours(&self, row: &Row) -> bool {
        row.mark(self.records.collection).is_of(self.deletion.id)
    }

    async fn repair(
        &self,
        repairs: BTreeMap<usize, Repair>,
        progress: &mut Progress,
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
        let waiting = at(|repair| *repair == Repair::WaitMarked);
        let waiting = self.mark_documents(&waiting).await?.into_iter();
        done.extend(waiting.filter(|(_, done)| *done == Done::Again));
        done.extend(
            self.clear_records(&at(|repair| *repair == Repair::ClearRecord))
                .await?,
        );
        done.extend(
            self.clear_documents(&at(|repair| *repair == Repair::ClearDocument))
                .await?,
        );
        done.extend(
            self.write_documents(&at(|repair| *repair == Repair::WriteDocument))
                .await?,
        );
        let mut removed = Vec::new();
        let mut documents = BTreeMap::new();
        for (place, repair) in &repairs {
            match repair {
                Repair::RemoveDocument(version) | Repair::HideAgain(version) => {
                    documents.insert(*place, *version);
                }
                Repair::RemoveRecord(version) => removed.push((*place, *version)),
                Repair::Count
                | Repair::Wait
                | Repair::WaitMarked
                | Repair::MarkDocument
                | Repair::ClearRecord
                | Repair::ClearDocument
                | Repair::WriteDocument => {}
            }
        }
        done.extend(self.remove_documents(&documents).await?);
        let mut removed = removed.as_slice();
        while !removed.is_empty() {
            let some = &removed[..removed.len().min(AT_ONCE)];
            let (looked, some) = Box::pin(self.remove_records(some, progress)).await?;
            done.extend(some);
            removed = &removed[looked..];
        }
        Ok(done)
    }

    /// What is below them first: a record below which something stays is left. Documents before rows: a row is removed
    /// only when its document is. Returns how many of the records have had their turn.
    async fn remove_records(
        &self,
        records: &[(usize, Option<DocumentVersion>)],
        progress: &mut Progress,
    ) -> Result<(usize, BTreeMap<usize, Done>), Stop> {
        let places: Vec<usize> = records.iter().map(|(place, _)| *place).collect();
        let (some, looked) = (self.at(&places), &mut progress.looked);
        let below = hanging::clear(self.work, self.deletion, &some, Removing::Rows, looked).await?;
        below.count(&mut progress.findings);
        let records = &records[..below.looked];
        let kept = below.kept.iter().map(|place| (*place, Done::Stays));
        let mut done: BTreeMap<usize, Done> = kept.collect();
        let free = records
            .iter()
            .filter(|(place, _)| !done.contains_key(place));
        let documents = free.filter_map(|(place, version)| Some((*place, (*version)?)));
        let documents = documents.collect();
        done.extend(self.remove_documents(&documents).await?);
        let is_free = |place: &usize| done.get(place).is_none_or(|done| *done == Done::Repaired);
        let rows = places.into_iter().take(below.looked);
        let rows: Vec<usize> = rows.filter(is_free).collect();
        done.extend(self.remove_rows(&rows).await?);
        Ok((below.looked, done))
    }

    /// Afterwards the rows are read once more: a restore may have run in between, and its document must not stay
    /// hidden.
    async fn mark_documents(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let mark = self.deletion.mark();
        let done = |outcome| match outcome {
            DocumentMarkOutcome::Marked | DocumentMarkOutcome::Missing => Done::Repaired,
            DocumentMarkOutcome::Rejected(_) => Done::Stays,
        };
        let outcomes = self.documents.mark(self.work, places, &mark).await?;
        let mut done: BTreeMap<usize, Done> = by_place(outcomes, done);
        let marked = self.records.at(done.keys().copied().collect());
        let rows = marked.rows(self.work).await?;
        let not_ours: Vec<usize> = marked
            .places
            .into_iter()
            .zip(rows)
            .filter(|(_, row)| row.as_ref().is_some_and(|row| !self.is_ours(row)))
            .map(|(place, _)| place)
            .collect();
        self.clear_documents(&not_ours).await?;
        done.extend(not_ours.into_iter().map(|place| (place, Done::Again)));
        Ok(done)
    }

    /// Rows before documents, as in a restore.
    async fn clear_records(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let done = |outcome| match outcome {
            ClearOutcome::Cleared | ClearOutcome::Live => Done::Repaired,
            ClearOutcome::Otherwise(_) | ClearOutcome::MarkedByAnother | ClearOutcome::Missing => {
                Done::Again
            }
        };
        let at = self.at(places);
        let read = if at.collection.marks.depends_on_more() {
            at.rows(self.work).await?
        } else {
            Vec::new()
        };
        let read = places.iter().copied().zip(read);
        let read = read
            .filter_map(|(place, row)| Some((place, row?)))
            .collect();
        let outcomes = clear_rows(self.work, &at, self.deletion.id, &read).await?;
        let mut done = by_place(outcomes, done);
        let cleared: Vec<usize> = done
            .iter()
            .filter(|(_, done)| **done == Done::Repaired)
            .map(|(place, _)| *place)
            .collect();
        done.extend(self.clear_documents(&cleared).await?);
        Ok(done)
    }

    /// As in a restore: a document that did not carry the mark is made to say what the row says.
    async fn clear_documents(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let refused = clear_documents(self.work, &self.at(places), self.deletion.id).await?;
        let done = |place: &usize| {
            if refused.contains_key(place) {
                (*place, Done::Stays)
            } else {
                (*place, Done::Repaired)
            }
        };
        Ok(places.iter().map(done).collect())
    }

    /// One that says what its row says by now was only late: it is read again, and is no drift.
    async fn write_documents(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let written = Box::pin(write_documents(self.work, &self.at(places))).await?;
        let done = |place: &usize| {
            let done = match (
                written.rejected.contains_key(place),
                written.changed.contains(place),
            ) {
                (true, _) => Done::Stays,
                (false, true) => Done::Repaired,
                (false, false) => Done::Again,
            };
            (*place, done)
        };
        Ok(places.iter().map(done).collect())
    }

    async fn remove_documents(
        &self,
        read: &BTreeMap<usize, DocumentVersion>,
    ) -> Result<BTreeMap<usize, Done>, Stop> {
        let done = |outcome| match outcome {
            RemoveOutcome::Gone => Done::Repaired,
            RemoveOutcome::Changed => Done::Again,
            RemoveOutcome::Rejected(_) => Done::Stays,
        };
        let outcomes = self.documents.remove(self.work, read).await?;
        Ok(by_place(outcomes, done))
    }

    async fn remove_rows(&self, places: &[usize]) -> Result<BTreeMap<usize, Done>, Stop> {
        let done = |outcome| match outcome {
            PurgeOutcome::Gone => Done::Repaired,
            PurgeOutcome::Kept => Done::Again,
        };
        let outcomes = purge_rows(self.work, &self.at(places), self.deletion).await?;
        Ok(by_place(outcomes, done))
    }
}

fn count(places: &HashSet<usize>) -> u64 {
    u64::try_from(places.len()).unwrap_or(u64::MAX)
}

fn by_place<T>(outcomes: Vec<(usize, T)>, done: impl Fn(T) -> Done) -> BTreeMap<usize, Done> {
    let outcomes = outcomes.into_iter();
    outcomes
        .map(|(place, outcome)| (place, done(outcome)))
        .collect()
}
