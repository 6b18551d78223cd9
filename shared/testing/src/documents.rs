//! Documents in memory, with sequence numbers and a simple search.
//!
//! Every index must be created first ([`FakeDocuments::of`] creates those of the collections); a call on a missing one
//! is refused, as the contract requires.

mod index;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value};

use super::rows::{clear_mark, key_of, write_mark};
use domain::collection::{Collection, Collections, DocumentSpec};
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::row::{Mark, RowMark};
use ports::{
    Attempt, ClearDocuments, DependencyError, DocumentClearOutcome, DocumentContent,
    DocumentMarkOutcome, DocumentState, DocumentVersion, MarkDocuments, PurgeDocuments,
    ReadDocuments, RemoveOutcome, SearchDocuments, SearchPage, SearchQuery,
};

const NAME: &str = "search index";

/// The longest text that a keyword field accepts, in bytes.
const KEYWORD_BYTES: usize = 32_766;

type Source = Map<String, Value>;
type Index = BTreeMap<String, Document>;

/// The search indexes.
#[derive(Debug, Clone, Default)]
pub struct FakeDocuments(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    indexes: BTreeMap<String, Index>,
    /// Documents that have a routing of their own: the index and the id of each.
    routed: BTreeSet<(String, String)>,
    /// Documents that are refused, with the reason.
    rejected: BTreeMap<String, String>,
    /// Grows with every write.
    seq_no: i64,
    calls: u64,
}

#[derive(Debug)]
struct Document {
    source: Source,
    seq_no: i64,
}

impl Document {
    fn version(&self) -> DocumentVersion {
        DocumentVersion {
            seq_no: self.seq_no,
            primary_term: 1,
        }
    }
}

impl FakeDocuments {
    /// With an empty index for every collection that has documents.
    #[must_use]
    pub fn of(collections: &Collections) -> Self {
        let documents = Self::default();
        for spec in collections
            .iter()
            .filter_map(|collection| collection.document.as_ref())
        {
            documents
                .state()
                .indexes
                .insert(spec.index.clone(), Index::new());
        }
        documents
    }

    /// Stores a document, and replaces what was stored.
    ///
    /// # Panics
    ///
    /// When the collection has no documents, or its index is missing.
    pub fn put(&self, collection: &Collection, id: &str, source: Source) {
        let state = &mut *self.state();
        state.seq_no += 1;
        let index = index(&mut state.indexes, collection, "put")
            .expect("a test puts documents where an index is");
        index.insert(
            id.to_owned(),
            Document {
                source,
                seq_no: state.seq_no,
            },
        );
    }

    /// The document as it is, or `None`.
    #[must_use]
    pub fn get(&self, collection: &Collection, id: &str) -> Option<Source> {
        let spec = collection.document.as_ref()?;
        Some(
            self.state()
                .indexes
                .get(&spec.index)?
                .get(id)?
                .source
                .clone(),
        )
    }

    /// Removes a document, as its owner might.
    pub fn forget(&self, collection: &Collection, id: &str) {
        if let Ok(index) = index(&mut self.state().indexes, collection, "remove") {
            index.remove(id);
        }
    }

    /// The ids of all documents of a collection, in order.
    #[must_use]
    pub fn ids(&self, collection: &Collection) -> Vec<String> {
        let name = collection.document.as_ref().map(|spec| spec.index.as_str());
        let state = self.state();
        name.and_then(|name| state.indexes.get(name))
            .map_or_else(Vec::new, |index| index.keys().cloned().collect())
    }

    /// Whether the index of a collection exists.
    #[must_use]
    pub fn has_index(&self, collection: &Collection) -> bool {
        collection
            .document
            .as_ref()
            .is_some_and(|spec| self.state().indexes.contains_key(&spec.index))
    }

    /// Removes the whole index of a collection, which has the effect of a wrong prefix.
    pub fn drop_index(&self, collection: &Collection) {
        if let Some(spec) = &collection.document {
            self.state().indexes.remove(&spec.index);
        }
    }

    /// From now on, the document with this id is on another shard: only a search finds it.
    ///
    /// # Panics
    ///
    /// When the collection has no documents.
    pub fn route(&self, collection: &Collection, id: &str) {
        self.forget(collection, id);
        let spec = collection
            .document
            .as_ref()
            .expect("a test routes documents");
        let place = (spec.index.clone(), id.to_owned());
        self.state().routed.insert(place);
    }

    /// From now on, every change of the document with this id is rejected for this reason.
    pub fn reject(&self, id: &str, reason: &str) {
        self.state()
            .rejected
            .insert(id.to_owned(), reason.to_owned());
    }

    /// Undoes [`reject`](Self::reject).
    pub fn accept(&self, id: &str) {
        self.state().rejected.remove(id);
    }

    /// How many calls there were through the ports.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with the lock held")
    }

    fn begin(
        &self,
        operation: &'static str,
        most: usize,
        count: usize,
    ) -> Result<MutexGuard<'_, State>, DependencyError> {
        let mut state = self.state();
        state.calls += 1;
        if count > most {
            return Err(DependencyError::refused(
                NAME,
                operation,
                format!("{count} documents in one call, {most} allowed"),
            ));
        }
        Ok(state)
    }
}

impl MarkDocuments for FakeDocuments {
    async fn mark(
        &self,
        collection: &Collection,
        mark: &Mark,
        ids: &[String],
    ) -> Result<Vec<Attempt<DocumentMarkOutcome>>, DependencyError> {
        let operation = "mark documents";
        let state = &mut *self.begin(operation, Self::MARK_BATCH, ids.len())?;
        let index = index(&mut state.indexes, collection, operation)?;
        let mut outcomes = Vec::new();
        for id in ids {
            outcomes.push(Attempt::Done(
                match (index.get_mut(id), state.rejected.get(id)) {
                    (None, _) => DocumentMarkOutcome::Missing,
                    (Some(_), Some(reason)) => DocumentMarkOutcome::Rejected(reason.clone()),
                    (Some(_), None) if mark.deleted_by.len() > KEYWORD_BYTES => {
                        DocumentMarkOutcome::Rejected(
                            "the text is too long for a keyword".to_owned(),
                        )
                    }
                    (Some(document), None) => {
                        state.seq_no += 1;
                        document.seq_no = state.seq_no;
                        write_mark(collection, mark, &mut document.source);
                        DocumentMarkOutcome::Marked
                    }
                },
            ));
        }
        Ok(outcomes)
    }
}

impl ClearDocuments for FakeDocuments {
    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        ids: &[String],
    ) -> Result<Vec<Attempt<DocumentClearOutcome>>, DependencyError> {
        let operation = "clear documents";
        let state = &mut *self.begin(operation, Self::CLEAR_BATCH, ids.len())?;
        let index = index(&mut state.indexes, collection, operation)?;
        let mut outcomes = Vec::new();
        for id in ids {
            let outcome = match (index.get_mut(id), state.rejected.get(id)) {
                (None, _) => DocumentClearOutcome::Missing,
                (Some(document), _)
                    if !RowMark::of_document(collection, &document.source).is_of(deletion) =>
                {
                    DocumentClearOutcome::Untouched
                }
                (Some(_), Some(reason)) => DocumentClearOutcome::Rejected(reason.clone()),
                (Some(document), None) => {
                    state.seq_no += 1;
                    document.seq_no = state.seq_no;
                    clear_mark(collection, &mut document.source);
                    DocumentClearOutcome::Cleared
                }
            };
            outcomes.push(Attempt::Done(outcome));
        }
        Ok(outcomes)
    }
}

impl ReadDocuments for FakeDocuments {
    async fn states(
        &self,
        collection: &Collection,
        ids: &[String],
    ) -> Result<Vec<Attempt<Option<DocumentState>>>, DependencyError> {
        let operation = "read documents";
        let state = &mut *self.begin(operation, Self::STATE_BATCH, ids.len())?;
        let index = index(&mut state.indexes, collection, operation)?;
        let seen = |document: &Document| DocumentState {
            version: document.version(),
            mark: RowMark::of_document(collection, &document.source),
        };
        let state = |id: &String| Attempt::Done(index.get(id).map(seen));
        Ok(ids.iter().map(state).collect())
    }

    async fn contents(
        &self,
        collection: &Collection,
        ids: &[String],
    ) -> Result<Vec<Attempt<Option<DocumentContent>>>, DependencyError> {
        let operation = "read the contents of documents";
        let state = &mut *self.begin(operation, Self::CONTENT_BATCH, ids.len())?;
        let index = index(&mut state.indexes, collection, operation)?;
        let seen = |document: &Document| {
            let mut fields = document.source.clone();
            fields.retain(|name, _| collection.document_attributes().contains(&name.as_str()));
            DocumentContent {
                state: DocumentState {
                    version: document.version(),
                    mark: RowMark::of_document(collection, &document.source),
                },
                fields,
            }
        };
        let content = |id: &String| Attempt::Done(index.get(id).map(seen));
        Ok(ids.iter().map(content).collect())
    }

    async fn elsewhere(
        &self,
        collection: &Collection,
        ids: &[String],
    ) -> Result<Vec<Attempt<bool>>, DependencyError> {
        let operation = "find documents elsewhere";
        let state = &mut *self.begin(operation, Self::STATE_BATCH, ids.len())?;
        index(&mut state.indexes, collection, operation)?;
        let index = collection.document.as_ref().map(|spec| spec.index.as_str());
        let is_routed = |id: &String| {
            let mut routed = state.routed.iter();
            Attempt::Done(routed.any(|(of, routed)| Some(of.as_str()) == index && routed == id))
        };
        Ok(ids.iter().map(is_routed).collect())
    }
}

impl PurgeDocuments for FakeDocuments {
    async fn remove(
        &self,
        collection: &Collection,
        documents: &[(String, DocumentVersion)],
    ) -> Result<Vec<Attempt<RemoveOutcome>>, DependencyError> {
        let operation = "remove documents";
        let state = &mut *self.begin(operation, Self::PURGE_BATCH, documents.len())?;
        let index = index(&mut state.indexes, collection, operation)?;
        let mut outcomes = Vec::new();
        for (id, version) in documents {
            let rejected = state.rejected.get(id);
            outcomes.push(Attempt::Done(remove(index, rejected, id, *version)));
        }
        Ok(outcomes)
    }
}

fn remove(
    index: &mut Index,
    rejected: Option<&String>,
    id: &str,
    version: DocumentVersion,
) -> RemoveOutcome {
    // As OpenSearch: when it must remove a certain version, it cannot say whether the document is missing or was
    // changed.
    let now = index.get(id).map(|document| document.seq_no);
    if now != Some(version.seq_no) || version.primary_term != 1 {
        return RemoveOutcome::Changed;
    }
    if let Some(reason) = rejected {
        return RemoveOutcome::Rejected(reason.clone());
    }
    index.remove(id);
    RemoveOutcome::Gone
}

impl SearchDocuments for FakeDocuments {
    async fn search(&self, query: SearchQuery<'_>) -> Result<SearchPage, DependencyError> {
        let operation = "search";
        let state = &mut *self.begin(operation, 0, 0)?;
        let index = index(&mut state.indexes, query.collection, operation)?;
        let mut found: Vec<RecordKey> = index
            .values()
            .map(|document| &document.source)
            .filter(|source| shows(&query, source) && matches(&query, source))
            .filter_map(|source| key_of(query.collection, source))
            .filter(|key| query.after.is_none_or(|after| key < after))
            .collect();
        found.sort_by(|one, other| other.cmp(one));
        found.dedup();
        let is_full = found.len() >= query.limit;
        found.truncate(query.limit);
        let next = found.last().filter(|_| is_full).cloned();
        Ok(SearchPage { hits: found, next })
    }
}

/// The index of a collection, or the error for a missing one.
fn index<'a>(
    indexes: &'a mut BTreeMap<String, Index>,
    collection: &Collection,
    operation: &'static str,
) -> Result<&'a mut Index, DependencyError> {
    let refused = |why| DependencyError::refused(NAME, operation, why);
    let spec: &DocumentSpec = collection
        .document
        .as_ref()
        .ok_or_else(|| refused("the collection has no documents".to_owned()))?;
    indexes
        .get_mut(&spec.index)
        .ok_or_else(|| refused(format!("no such index: {}", spec.index)))
}

fn shows(query: &SearchQuery<'_>, source: &Source) -> bool {
    let text = |attribute: &str| source.get(attribute).and_then(Value::as_str);
    let author = query.author.zip(query.collection.document_author());
    let tenant = query.collection.tenant.attribute();
    tenant.is_none_or(|attribute| {
        text(attribute) == Some(&*query.collection.tenant.text_of(query.tenant))
    }) && author.is_none_or(|(author, attribute)| text(attribute) == Some(author))
        && RowMark::of_document(query.collection, source).is_live()
}

/// Whether one of the words is found in the declared fields.
fn matches(query: &SearchQuery<'_>, source: &Source) -> bool {
    let fields = query
        .collection
        .document
        .iter()
        .flat_map(|spec| &spec.fields);
    let texts: Vec<_> = fields
        .filter_map(|field| Some(source.get(field)?.as_str()?.to_lowercase()))
        .collect();
    let mut words = query.text.split_whitespace().map(str::to_lowercase);
    words.any(|word| {
        let word = word.trim_end_matches('*');
        texts.iter().any(|text| text.contains(word))
    })
}
