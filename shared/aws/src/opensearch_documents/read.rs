//! Reading documents by id: their versions, marks and fields, from the documents themselves, not from what search shows.

mod elsewhere;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::by_index::{by_index, in_order, place};
use super::transport::{Request, RequestError};
use super::{INDEX, OpenSearchDocuments, has_documents};
use domain::collection::{Collection, DocumentAt};
use domain::document::is_its;
use domain::row::RowMark;
use ports::{
    Attempt, DependencyError, DocumentContent, DocumentState, DocumentVersion, ReadDocuments,
};

/// The requested part of a `_mget` answer; `_id` is in every item, so none of them disappears from the list.
const FILTER: (&str, &str) = (
    "filter_path",
    "docs._id,docs.found,docs._seq_no,docs._primary_term,docs._version,docs._source,docs.error.type",
);

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(default)]
    docs: Vec<Document>,
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    found: bool,
    #[serde(rename = "_seq_no")]
    seq_no: Option<i64>,
    #[serde(rename = "_primary_term")]
    primary_term: Option<i64>,
    #[serde(rename = "_version")]
    version: Option<i64>,
    /// Absent where nothing of it was requested, or nothing of that exists.
    #[serde(rename = "_source", default)]
    source: Map<String, Value>,
    error: Option<DocumentError>,
}

#[derive(Debug, Deserialize)]
struct DocumentError {
    r#type: String,
}

/// The version of a document, and the requested part of it.
pub(super) type Versioned = (DocumentVersion, Map<String, Value>);

impl ReadDocuments for OpenSearchDocuments {
    async fn states(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<Option<DocumentState>>>, DependencyError> {
        const OPERATION: &str = "read the marks of documents";
        let spec = has_documents(collection, OPERATION)?;
        // Nothing else is requested: the content of a record does not concern us.
        let marks = collection.marks.all().map(|name| spec.field(name));
        let read = self.read(OPERATION, documents, &marks).await?;
        Ok(read
            .into_iter()
            .zip(documents)
            .map(|(document, at)| {
                each(document, |(version, source)| {
                    state(collection, at, version, &source)
                })
            })
            .collect())
    }

    async fn contents(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<Option<DocumentContent>>>, DependencyError> {
        const OPERATION: &str = "read documents";
        has_documents(collection, OPERATION)?;
        let fields = collection.document_fields();
        let read = self.read(OPERATION, documents, &fields).await?;
        Ok(read
            .into_iter()
            .zip(documents)
            .map(|(document, at)| {
                each(document, |(version, fields)| DocumentContent {
                    state: state(collection, at, version, &fields),
                    fields,
                })
            })
            .collect())
    }

    async fn elsewhere(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<bool>>, DependencyError> {
        elsewhere::find(self, collection, documents).await
    }
}

fn state(
    collection: &Collection,
    at: &DocumentAt,
    version: DocumentVersion,
    source: &Map<String, Value>,
) -> DocumentState {
    DocumentState {
        version,
        mark: RowMark::of_document(collection, source),
        is_its: is_its(at, source),
    }
}

impl OpenSearchDocuments {
    /// Reads these fields of documents, and what tells whether they are their records', within the time of one call.
    async fn read(
        &self,
        operation: &'static str,
        documents: &[DocumentAt],
        fields: &[&str],
    ) -> Result<Vec<Attempt<Option<Versioned>>>, DependencyError> {
        let call = async {
            let mut answers = Vec::new();
            for group in by_index(documents, |at| at) {
                let all: Vec<&DocumentAt> = group.items.iter().map(|(_, at)| *at).collect();
                let says = all.first().into_iter().flat_map(|at| at.says.keys());
                let fields: Vec<&str> = fields
                    .iter()
                    .copied()
                    .chain(says.map(String::as_str))
                    .collect();
                let index = self.real(group.index);
                let fields = json!(fields);
                let found = self.read_documents(operation, &index, &all, &fields);
                answers.extend(group.answered(found.await?));
            }
            Ok(answers)
        };
        let answers = self.in_time(operation, call).await?;
        Ok(in_order(answers))
    }

    /// Reads versions and this much of the content; a missing index fails the call.
    pub(super) async fn read_documents(
        &self,
        operation: &'static str,
        index: &str,
        documents: &[&DocumentAt],
        source: &Value,
    ) -> Result<Vec<Attempt<Option<Versioned>>>, DependencyError> {
        let docs: Vec<Value> = documents
            .iter()
            .map(|at| {
                let mut asked = place(at);
                asked.insert("_source".to_owned(), source.clone());
                Value::Object(asked)
            })
            .collect();
        let request = Request {
            method: self.transport(operation)?.read(),
            path: &format!("/{index}/_mget"),
            query: &[FILTER],
            content_type: "application/json",
            body: &json!({ "docs": docs }).to_string(),
        };
        let found: Found = self.ask(operation, &request).await?;
        if found.docs.len() != documents.len() {
            let error = RequestError::Answer(format!(
                "{} answers to {} ids",
                found.docs.len(),
                documents.len()
            ));
            return Err(DependencyError::unavailable(INDEX, operation, error));
        }
        found
            .docs
            .into_iter()
            .map(|document| {
                read(index, document)
                    .map_err(|error| DependencyError::refused(INDEX, operation, error))
            })
            .collect()
    }
}

fn each<T, U>(attempt: Attempt<Option<T>>, take: impl FnOnce(T) -> U) -> Attempt<Option<U>> {
    match attempt {
        Attempt::Done(document) => Attempt::Done(document.map(take)),
        Attempt::Retry(why) => Attempt::Retry(why),
    }
}

fn read(index: &str, document: Document) -> Result<Attempt<Option<Versioned>>, RequestError> {
    match document {
        Document {
            error: Some(error), ..
        } => match error.r#type.as_str() {
            "index_not_found_exception" => Err(RequestError::NoIndex(index.to_owned())),
            "security_exception" | "index_closed_exception" => {
                Err(RequestError::Answer(error.r#type))
            }
            _ => Ok(Attempt::Retry(error.r#type)),
        },
        Document {
            found: true,
            seq_no: Some(seq_no),
            primary_term: Some(primary_term),
            version: Some(version),
            source,
            ..
        } => {
            let version = DocumentVersion {
                seq_no,
                primary_term,
                version,
            };
            Ok(Attempt::Done(Some((version, source))))
        }
        Document { found: true, .. } => Err(RequestError::Answer(
            "a document without a version".to_owned(),
        )),
        Document { found: false, .. } => Ok(Attempt::Done(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Result<Attempt<Option<Versioned>>, RequestError> {
        read("i", serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_missing_index_is_never_a_missing_document() {
        let missing = r#"{"_id":"1","error":{"type":"index_not_found_exception"}}"#;

        assert!(matches!(answer(missing), Err(RequestError::NoIndex(index)) if index == "i"));
        assert_eq!(
            answer(r#"{"_id":"1","found":false}"#).unwrap(),
            Attempt::Done(None)
        );
    }

    #[test]
    fn a_document_is_told_with_its_version_and_a_busy_shard_is_asked_again() {
        let version = DocumentVersion {
            seq_no: 0,
            primary_term: 3,
            version: 7,
        };
        assert_eq!(
            answer(r#"{"_id":"1","found":true,"_seq_no":0,"_primary_term":3,"_version":7}"#)
                .unwrap(),
            Attempt::Done(Some((version, Map::new())))
        );
        assert_eq!(
            answer(r#"{"_id":"1","error":{"type":"no_shard_available_action_exception"}}"#)
                .unwrap(),
            Attempt::Retry("no_shard_available_action_exception".to_owned())
        );
    }
}
