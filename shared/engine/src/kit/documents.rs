//! The documents of some records, by place. A record that does not say where its document is has no document, and no
//! answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, DocumentAt, IdError};
use domain::deletion::DeletionId;
use domain::document::Document;
use domain::page::Judged;
use domain::row::Mark;
use ports::{
    ClearDocuments, DocumentClearOutcome, DocumentContent, DocumentMarkOutcome, DocumentState,
    DocumentVersion, EnginePorts, IndexDocuments, IndexOutcome, MarkDocuments, PurgeDocuments,
    ReadDocuments, RemoveOutcome,
};

/// Why a document that is there is neither marked nor removed.
pub(crate) const ROUTED: &str = "DOCUMENT_ROUTED: the document was written with a routing of its own, and is on another shard than its id says; the collections file has to say so";

/// Why nothing is done with the document of a record.
pub(crate) fn invalid(error: &IdError) -> String {
    format!("DOCUMENT_ID_INVALID: {error}")
}

/// Why a document is not removed.
pub(crate) const ANOTHERS: &str = "DOCUMENT_OF_ANOTHER: the document under the record's id is another record's; correct the collections file, where `document.unique` says that there is none such";

/// The documents of records of one collection and page: where they are, which is rendered once.
#[derive(Debug)]
pub(crate) struct Documents<'a> {
    collection: &'a Collection,
    at: BTreeMap<usize, DocumentAt>,
}

impl<'a> Documents<'a> {
    /// The documents of these records, and why some of them have none: one whose place cannot be rendered fails alone,
    /// before the request is made. What a page does not say, because the file said nothing of it when it was written, or
    /// because the record was deleted already, the row says if it is there. Without one, nothing is known of a record that
    /// was another deletion's.
    pub(crate) async fn of<P: EnginePorts>(
        work: Work<'_, P>,
        records: &Records<'a>,
    ) -> Result<(Self, BTreeMap<usize, IdError>), Stop> {
        let (mut documents, mut failed) = Self::as_stored(records);
        let unknown = failed.iter().filter(|(_, error)| error.leaves_a_document());
        let unknown: Vec<usize> = unknown.map(|(place, _)| *place).collect();
        if unknown.is_empty() {
            return Ok((documents, failed));
        }
        let collection = records.collection;
        let rows = records.at(unknown.clone()).rows(work).await?;
        for (place, row) in unknown.into_iter().zip(rows) {
            let entry = records.entry(place);
            let Some(row) = row else {
                if entry.judged == Judged::AlreadyDeleted {
                    failed.remove(&place);
                }
                continue;
            };
            match collection.document_at(&entry.key, |attribute| row.text(attribute)) {
                Ok(Some(at)) => {
                    documents.at.insert(place, at);
                    failed.remove(&place);
                }
                Ok(None) => {}
                Err(error) => drop(failed.insert(place, error)),
            }
        }
        Ok((documents, failed))
    }

    /// The same, as far as the page says it.
    fn as_stored(records: &Records<'a>) -> (Self, BTreeMap<usize, IdError>) {
        let collection = records.collection;
        let (mut at, mut failed) = (BTreeMap::new(), BTreeMap::new());
        for place in &records.places {
            let entry = records.entry(*place);
            match collection.document_at(&entry.key, |attribute| entry.held(attribute)) {
                Ok(None) => {}
                Ok(Some(found)) => drop(at.insert(*place, found)),
                Err(error) => drop(failed.insert(*place, error)),
            }
        }
        (Self { collection, at }, failed)
    }

    /// The places of the records that say where their documents are.
    pub(crate) fn places(&self) -> Vec<usize> {
        self.at.keys().copied().collect()
    }

    /// Reads the marks and versions of those that exist.
    pub(crate) async fn states<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        places: &[usize],
    ) -> Result<BTreeMap<usize, DocumentState>, Stop> {
        let (documents, collection) = (work.documents(), self.collection);
        let (places, all) = self.places_of(places);
        let states = work
            .settle(&all, P::Documents::STATE_BATCH, |batch| async move {
                documents.states(collection, &batch).await
            })
            .await?;
        let there = |(place, state): (usize, Option<DocumentState>)| Some((place, state?));
        Ok(places.into_iter().zip(states).filter_map(there).collect())
    }

    /// Which of those that were not found are on another shard.
    pub(crate) async fn elsewhere<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        missing: &[usize],
    ) -> Result<BTreeSet<usize>, Stop> {
        let (documents, collection) = (work.documents(), self.collection);
        let (places, all) = self.places_of(missing);
        let found = work
            .settle(&all, P::Documents::STATE_BATCH, |batch| async move {
                documents.elsewhere(collection, &batch).await
            })
            .await?;
        let elsewhere = places.into_iter().zip(found).filter(|(_, found)| *found);
        Ok(elsewhere.map(|(place, _)| place).collect())
    }

    /// Reads what their rows determine of those that exist.
    pub(crate) async fn contents<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        places: &[usize],
    ) -> Result<BTreeMap<usize, DocumentContent>, Stop> {
        let (documents, collection) = (work.documents(), self.collection);
        let (places, all) = self.places_of(places);
        let contents = work
            .settle(&all, P::Documents::CONTENT_BATCH, |batch| async move {
                documents.contents(collection, &batch).await
            })
            .await?;
        let there = |(place, content): (usize, Option<DocumentContent>)| Some((place, content?));
        Ok(places.into_iter().zip(contents).filter_map(there).collect())
    }

    /// Writes these documents; returns the outcome of each.
    pub(crate) async fn write<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        written: &[(usize, Document)],
    ) -> Result<Vec<(usize, IndexOutcome)>, Stop> {
        let (documents, collection) = (work.documents(), self.collection);
        let all: Vec<&Document> = written.iter().map(|(_, document)| document).collect();
        let outcomes = work
            .settle(&all, 1, |one| async move {
                let mut answers = Vec::new();
                for document in one {
                    answers.push(documents.index(collection, document).await?);
                }
                Ok(answers)
            })
            .await?;
        let places = written.iter().map(|(place, _)| *place);
        Ok(places.zip(outcomes).collect())
    }

    /// Writes a mark into them; returns the outcome of each.
    pub(crate) async fn mark<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        places: &[usize],
        mark: &Mark,
    ) -> Result<Vec<(usize, DocumentMarkOutcome)>, Stop> {
        let (documents, collection) = (work.documents(), self.collection);
        let (places, all) = self.places_of(places);
        let outcomes = work
            .settle(&all, P::Documents::MARK_BATCH, |batch| async move {
                MarkDocuments::mark(documents, collection, mark, &batch).await
            })
            .await?;
        Ok(places.into_iter().zip(outcomes).collect())
    }

    /// Removes a deletion's mark from them, and leaves those of others; returns the outcome of each.
    pub(crate) async fn clear<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        places: &[usize],
        deletion: DeletionId,
    ) -> Result<Vec<(usize, DocumentClearOutcome)>, Stop> {
        let (documents, collection) = (work.documents(), self.collection);
        let (places, all) = self.places_of(places);
        let outcomes = work
            .settle(&all, P::Documents::CLEAR_BATCH, |batch| async move {
                documents.clear(collection, deletion, &batch).await
            })
            .await?;
        Ok(places.into_iter().zip(outcomes).collect())
    }

    /// Removes those that are still as they were read; returns the outcome of each.
    pub(crate) async fn remove<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        read: &BTreeMap<usize, DocumentVersion>,
    ) -> Result<Vec<(usize, RemoveOutcome)>, Stop> {
        let (documents, collection) = (work.documents(), self.collection);
        let (places, asked): (Vec<usize>, Vec<(DocumentAt, DocumentVersion)>) = read
            .iter()
            .filter_map(|(place, version)| Some((*place, (self.at.get(place)?.clone(), *version))))
            .unzip();
        let outcomes = work
            .settle(&asked, P::Documents::PURGE_BATCH, |batch| async move {
                documents.remove(collection, &batch).await
            })
            .await?;
        Ok(places.into_iter().zip(outcomes).collect())
    }

    /// Those of these places whose document can be looked for, and where.
    fn places_of(&self, places: &[usize]) -> (Vec<usize>, Vec<DocumentAt>) {
        let with_place = |place: &usize| Some((*place, self.at.get(place)?.clone()));
        places.iter().filter_map(with_place).unzip()
    }
}
