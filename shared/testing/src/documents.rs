//! Documents in memory, with sequence numbers and a simple search.
//!
//! Every index must be created first ([`FakeDocuments::of`] creates those of the collections); a call on a missing one
//! is refused, as the contract requires.

mod index;
mod purge;
mod search;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value};

use domain::collection::{Collection, Collections, DocumentAt, DocumentSpec};
use domain::deletion::DeletionId;
use domain::document::is_its;
use domain::row::{Mark, RowMark};
use ports::{
    Attempt, ClearDocuments, DependencyError, DocumentClearOutcome, DocumentContent,
    DocumentMarkOutcome, DocumentState, DocumentVersion, MarkDocuments, ReadDocuments,
};

const NAME: &str = "search index";

/// The longest text that a keyword field accepts, in bytes.
const KEYWORD_BYTES: usize = 32_766;

/// Why nothing is done with a document.
const ANOTHERS: &str = "it is another record's";

type Source = Map<String, Value>;
type Index = BTreeMap<Slot, Document>;

/// The id of a document and its routing, which is the id where it has none: what decides in which shard it is.
type Slot = (String, String);

fn slot(at: &DocumentAt) -> Slot {
    let routing = at.routing.as_ref().unwrap_or(&at.id);
    (at.id.clone(), routing.clone())
}

/// The search indexes.
#[derive(Debug, Clone, Default)]
pub struct FakeDocuments(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    indexes: BTreeMap<String, Index>,
    /// The versions of documents that are removed: an index remembers them for a while.
    removed: BTreeMap<(String, Slot), i64>,
    /// Documents that are refused, with the reason.
    rejected: BTreeMap<String, String>,
    /// Grows with every write.
    seq_no: i64,
    calls: u64,
}

impl State {
    /// Whether the document has this version or a later one, or had it when it was removed.
    fn has_version(&self, key: &(String, Slot), version: i64) -> bool {
        let there = self.indexes.get(&key.0).and_then(|index| index.get(&key.1));
        let there = there.map(|document| document.version);
        let known = there.or_else(|| self.removed.get(key).copied());
        known.is_some_and(|known| known >= version)
    }
}

#[derive(Debug)]
struct Document {
    source: Source,
    seq_no: i64,
    version: i64,
}

impl Document {
    fn version(&self) -> DocumentVersion {
        DocumentVersion {
            seq_no: self.seq_no,
            primary_term: 1,
            version: self.version,
        }
    }

    fn state(&self, collection: &Collection, at: &DocumentAt) -> DocumentState {
        DocumentState {
            version: self.version(),
            mark: RowMark::of_document(collection, &self.source),
            is_its: is_its(at, &self.source),
        }
    }

    /// Counts a write.
    fn write(&mut self, seq_no: &mut i64) {
        *seq_no += 1;
        self.seq_no = *seq_no;
        self.version += 1;
    }
}

/// Where the document with this id is in a collection that says nothing of it but one index.
///
/// # Panics
///
/// When the collection has no documents, or an index for each kind of record.
#[must_use]
pub fn at_id(collection: &Collection, id: &str) -> DocumentAt {
    DocumentAt {
        index: index_name(collection),
        id: id.to_owned(),
        routing: None,
        says: Map::new(),
    }
}

fn index_name(collection: &Collection) -> String {
    let spec = collection.document.as_ref();
    let name = spec.and_then(|spec| spec.index.fixed());
    name.expect("a collection with one index")
}

impl FakeDocuments {
    /// With an empty index for every collection that has documents in one.
    #[must_use]
    pub fn of(collections: &Collections) -> Self {
        let documents = Self::default();
        let specs = collections
            .iter()
            .filter_map(|collection| collection.document.as_ref());
        for name in specs.filter_map(|spec| spec.index.fixed()) {
            documents.state().indexes.insert(name, Index::new());
        }
        documents
    }

    /// Makes an index, empty.
    pub fn make_index(&self, name: &str) {
        let state = &mut *self.state();
        state.indexes.entry(name.to_owned()).or_default();
    }

    /// Stores a document, and replaces what was stored.
    ///
    /// # Panics
    ///
    /// When the collection has no documents, or its index is missing.
    pub fn put(&self, collection: &Collection, id: &str, source: Source) {
        let at = at_id(collection, id);
        assert!(
            self.has_index(collection),
            "a test puts documents where an index is"
        );
        self.put_at(&at, source);
    }

    /// Stores a document there, and replaces what was stored; makes the index where there is none.
    pub fn put_at(&self, at: &DocumentAt, source: Source) {
        let state = &mut *self.state();
        let key = (at.index.clone(), slot(at));
        let removed = state.removed.remove(&key);
        let index = state.indexes.entry(at.index.clone()).or_default();
        let document = index.entry(key.1).or_insert_with(|| Document {
            source: Source::new(),
            seq_no: 0,
            version: removed.unwrap_or_default(),
        });
        document.write(&mut state.seq_no);
        document.source = source;
    }

    /// Stores a document there with a version of its writer's; whether it is higher than the one that is, or was, there.
    #[must_use]
    pub fn put_version(&self, at: &DocumentAt, version: i64, source: Source) -> bool {
        let state = &mut *self.state();
        let key = (at.index.clone(), slot(at));
        if state.has_version(&key, version) {
            return false;
        }
        state.removed.remove(&key);
        state.seq_no += 1;
        let document = Document {
            source,
            seq_no: state.seq_no,
            version,
        };
        let index = state.indexes.entry(key.0).or_default();
        index.insert(key.1, document);
        true
    }

    /// Removes a document with a version of its writer's; whether it is higher than the one that is, or was, there.
    #[must_use]
    pub fn remove_version(&self, at: &DocumentAt, version: i64) -> bool {
        let state = &mut *self.state();
        let key = (at.index.clone(), slot(at));
        if state.has_version(&key, version) {
            return false;
        }
        if let Some(index) = state.indexes.get_mut(&key.0) {
            index.remove(&key.1);
        }
        state.removed.insert(key, version);
        true
    }

    /// The document as it is, or `None`.
    #[must_use]
    pub fn get(&self, collection: &Collection, id: &str) -> Option<Source> {
        collection.document.as_ref()?;
        self.get_at(&at_id(collection, id))
    }

    /// The same, at any place.
    #[must_use]
    pub fn get_at(&self, at: &DocumentAt) -> Option<Source> {
        let state = self.state();
        let document = state.indexes.get(&at.index)?.get(&slot(at))?;
        Some(document.source.clone())
    }

    /// Removes a document, as its owner might.
    pub fn forget(&self, collection: &Collection, id: &str) {
        self.forget_at(&at_id(collection, id));
    }

    /// The same, at any place.
    pub fn forget_at(&self, at: &DocumentAt) {
        let state = &mut *self.state();
        let found = state.indexes.get_mut(&at.index);
        if let Some(document) = found.and_then(|index| index.remove(&slot(at))) {
            let key = (at.index.clone(), slot(at));
            state.removed.insert(key, document.version + 1);
        }
    }

    /// The ids of all documents of a collection, in order.
    #[must_use]
    pub fn ids(&self, collection: &Collection) -> Vec<String> {
        let spec = collection.document.as_ref();
        let name = spec.and_then(|spec| spec.index.fixed());
        let state = self.state();
        name.and_then(|name| state.indexes.get(&name))
            .map_or_else(Vec::new, |index| {
                index.keys().map(|(id, _)| id.clone()).collect()
            })
    }

    /// Every document: its index, id and routing, and what is in it.
    #[must_use]
    pub fn all(&self) -> Vec<((String, String, String), Source)> {
        let state = self.state();
        let of = |(name, index): (&String, &Index)| -> Vec<_> {
            let each = index.iter().map(|((id, routing), document)| {
                let place = (name.clone(), id.clone(), routing.clone());
                (place, document.source.clone())
            });
            each.collect()
        };
        state.indexes.iter().flat_map(of).collect()
    }

    /// Whether the index of a collection exists.
    #[must_use]
    pub fn has_index(&self, collection: &Collection) -> bool {
        let spec = collection.document.as_ref();
        let name = spec.and_then(|spec| spec.index.fixed());
        name.is_some_and(|name| self.state().indexes.contains_key(&name))
    }

    /// Removes the whole index of a collection, which has the effect of a wrong prefix.
    pub fn drop_index(&self, collection: &Collection) {
        let spec = collection.document.as_ref();
        if let Some(name) = spec.and_then(|spec| spec.index.fixed()) {
            self.state().indexes.remove(&name);
        }
    }

    /// From now on, the document with this id is on another shard: only a search finds it.
    ///
    /// # Panics
    ///
    /// When the collection has no documents.
    pub fn route(&self, collection: &Collection, id: &str) {
        self.forget(collection, id);
        let at = DocumentAt {
            routing: Some("elsewhere".to_owned()),
            ..at_id(collection, id)
        };
        self.put_at(&at, Source::new());
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
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<DocumentMarkOutcome>>, DependencyError> {
        let operation = "mark documents";
        let state = &mut *self.begin(operation, Self::MARK_BATCH, documents.len())?;
        writes(collection, operation)?;
        let mut outcomes = Vec::new();
        for at in documents {
            let index = index(&mut state.indexes, at, operation)?;
            let outcome = match (index.get_mut(&slot(at)), state.rejected.get(&at.id)) {
                (None, _) => DocumentMarkOutcome::Missing,
                (Some(document), _) if !is_its(at, &document.source) => {
                    DocumentMarkOutcome::Rejected(ANOTHERS.to_owned())
                }
                (Some(_), Some(reason)) => DocumentMarkOutcome::Rejected(reason.clone()),
                (Some(_), None) if mark.deleted_by.len() > KEYWORD_BYTES => {
                    DocumentMarkOutcome::Rejected("the text is too long for a keyword".to_owned())
                }
                (Some(document), None) => {
                    document.write(&mut state.seq_no);
                    for (field, value) in mark.fields(collection) {
                        document.source.insert(field.to_owned(), value);
                    }
                    DocumentMarkOutcome::Marked
                }
            };
            outcomes.push(Attempt::Done(outcome));
        }
        Ok(outcomes)
    }
}

impl ClearDocuments for FakeDocuments {
    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<DocumentClearOutcome>>, DependencyError> {
        let operation = "clear documents";
        let state = &mut *self.begin(operation, Self::CLEAR_BATCH, documents.len())?;
        let spec = writes(collection, operation)?;
        let mut outcomes = Vec::new();
        for at in documents {
            let index = index(&mut state.indexes, at, operation)?;
            let outcome = match (index.get_mut(&slot(at)), state.rejected.get(&at.id)) {
                (None, _) => DocumentClearOutcome::Missing,
                (Some(document), _) if !is_its(at, &document.source) => {
                    DocumentClearOutcome::Rejected(ANOTHERS.to_owned())
                }
                (Some(document), _) if !document.state(collection, at).mark.is_of(deletion) => {
                    DocumentClearOutcome::Untouched
                }
                (Some(_), Some(reason)) => DocumentClearOutcome::Rejected(reason.clone()),
                (Some(document), None) => {
                    document.write(&mut state.seq_no);
                    for name in collection.marks.all() {
                        document.source.remove(spec.field(name));
                    }
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
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<Option<DocumentState>>>, DependencyError> {
        let operation = "read documents";
        let state = &mut *self.begin(operation, Self::STATE_BATCH, documents.len())?;
        let mut states = Vec::new();
        for at in documents {
            let index = index(&mut state.indexes, at, operation)?;
            let found = index.get(&slot(at));
            let found = found.map(|document| document.state(collection, at));
            states.push(Attempt::Done(found));
        }
        Ok(states)
    }

    async fn contents(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<Option<DocumentContent>>>, DependencyError> {
        let operation = "read the contents of documents";
        let state = &mut *self.begin(operation, Self::CONTENT_BATCH, documents.len())?;
        let mut contents = Vec::new();
        for at in documents {
            let index = index(&mut state.indexes, at, operation)?;
            let seen = |document: &Document| {
                let mut fields = document.source.clone();
                let wanted = collection.document_fields();
                fields.retain(|name, _| wanted.contains(&name.as_str()));
                DocumentContent {
                    state: document.state(collection, at),
                    fields,
                }
            };
            contents.push(Attempt::Done(index.get(&slot(at)).map(seen)));
        }
        Ok(contents)
    }

    async fn elsewhere(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<bool>>, DependencyError> {
        let operation = "find documents elsewhere";
        let state = &mut *self.begin(operation, Self::STATE_BATCH, documents.len())?;
        has_documents(collection, operation)?;
        let mut found = Vec::new();
        for at in documents {
            let index = index(&mut state.indexes, at, operation)?;
            let here = slot(at);
            let mut slots = index.keys();
            let is_elsewhere = slots.any(|slot| slot.0 == at.id && *slot != here);
            found.push(Attempt::Done(is_elsewhere));
        }
        Ok(found)
    }
}

/// The index of a document, or the error for a missing one.
fn index<'a>(
    indexes: &'a mut BTreeMap<String, Index>,
    at: &DocumentAt,
    operation: &'static str,
) -> Result<&'a mut Index, DependencyError> {
    let missing =
        || DependencyError::refused(NAME, operation, format!("no such index: {}", at.index));
    indexes.get_mut(&at.index).ok_or_else(missing)
}

fn has_documents<'a>(
    collection: &'a Collection,
    operation: &'static str,
) -> Result<&'a DocumentSpec, DependencyError> {
    let refused = || DependencyError::refused(NAME, operation, "the collection has no documents");
    collection.document.as_ref().ok_or_else(refused)
}

/// The same, where we write into them.
fn writes<'a>(
    collection: &'a Collection,
    operation: &'static str,
) -> Result<&'a DocumentSpec, DependencyError> {
    let spec = has_documents(collection, operation)?;
    if spec.copy.is_by_pipeline() {
        let why = "a pipeline writes the documents of the collection";
        return Err(DependencyError::refused(NAME, operation, why));
    }
    Ok(spec)
}
