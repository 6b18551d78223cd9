//! Removing documents that are still as they were read.

use serde::Deserialize;
use serde_json::json;

use super::answer::LineAnswer;
use super::transport::RequestError;
use super::{INDEX, OpenSearchDocuments};
use crate::domain::collection::Collection;
use crate::ports::{Attempt, DependencyError, DocumentVersion, PurgeDocuments, RemoveOutcome};

/// What is asked for of a `_mget` answer; `_id` stands in every one, so none of them disappears from the list.
const FILTER: (&str, &str) = (
    "filter_path",
    "docs._id,docs.found,docs._seq_no,docs._primary_term,docs.error.type",
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
    error: Option<DocumentError>,
}

#[derive(Debug, Deserialize)]
struct DocumentError {
    r#type: String,
}

impl PurgeDocuments for OpenSearchDocuments {
    async fn versions(
        &self,
        collection: &Collection,
        ids: &[String],
    ) -> Result<Vec<Attempt<Option<DocumentVersion>>>, DependencyError> {
        const OPERATION: &str = "read the versions of documents";
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (_, index) = self.index(collection, OPERATION)?;
        self.in_time(OPERATION, self.read_versions(OPERATION, &index, ids))
            .await
    }

    async fn remove(
        &self,
        collection: &Collection,
        documents: &[(String, DocumentVersion)],
    ) -> Result<Vec<Attempt<RemoveOutcome>>, DependencyError> {
        const OPERATION: &str = "remove documents";
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        let (_, index) = self.index(collection, OPERATION)?;
        let mut body = String::new();
        for (
            id,
            DocumentVersion {
                seq_no,
                primary_term,
            },
        ) in documents
        {
            let action = json!({
                "delete": { "_index": index, "_id": id, "if_seq_no": seq_no, "if_primary_term": primary_term }
            });
            body.push_str(&action.to_string());
            body.push('\n');
        }
        let answers = self
            .in_time(
                OPERATION,
                self.bulk(OPERATION, &index, body, documents.len()),
            )
            .await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

impl OpenSearchDocuments {
    /// Reads from the documents themselves, not from what search shows; a missing index fails the call.
    pub(super) async fn read_versions(
        &self,
        operation: &'static str,
        index: &str,
        ids: &[String],
    ) -> Result<Vec<Attempt<Option<DocumentVersion>>>, DependencyError> {
        let docs: Vec<_> = ids
            .iter()
            .map(|id| json!({ "_index": index, "_id": id, "_source": false }))
            .collect();
        let body = json!({ "docs": docs }).to_string();
        let found: Found = self
            .post(operation, "/_mget", &[FILTER], "application/json", body)
            .await?;
        if found.docs.len() != ids.len() {
            let error =
                RequestError::Answer(format!("{} answers to {} ids", found.docs.len(), ids.len()));
            return Err(DependencyError::unavailable(INDEX, operation, error));
        }
        found
            .docs
            .into_iter()
            .map(|document| {
                version(index, document)
                    .map_err(|error| DependencyError::refused(INDEX, operation, error))
            })
            .collect()
    }
}

fn version(
    index: &str,
    document: Document,
) -> Result<Attempt<Option<DocumentVersion>>, RequestError> {
    match document {
        Document {
            error: Some(error), ..
        } => match error.r#type.as_str() {
            "index_not_found_exception" => Err(RequestError::NoIndex(index.to_owned())),
            "security_exception" | "index_closed_exception" => {
                Err(RequestError::Answer(error.r#type))
            }
            _ => Ok(Attempt::Again(error.r#type)),
        },
        Document {
            found: true,
            seq_no: Some(seq_no),
            primary_term: Some(primary_term),
            ..
        } => Ok(Attempt::Done(Some(DocumentVersion {
            seq_no,
            primary_term,
        }))),
        Document { found: true, .. } => Err(RequestError::Answer(
            "a document without a version".to_owned(),
        )),
        Document { found: false, .. } => Ok(Attempt::Done(None)),
    }
}

fn outcome(answer: LineAnswer) -> Attempt<RemoveOutcome> {
    match answer {
        LineAnswer::Done | LineAnswer::Missing => Attempt::Done(RemoveOutcome::Gone),
        // Also when it was removed since it was read: the next read shows that.
        LineAnswer::Conflict => Attempt::Done(RemoveOutcome::Changed),
        LineAnswer::Rejected(why) => Attempt::Done(RemoveOutcome::Rejected(why)),
        LineAnswer::Busy(why) => Attempt::Again(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Attempt<Option<DocumentVersion>>, RequestError> {
        version("i", serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_missing_index_is_never_a_missing_document() {
        let missing = r#"{"_id":"1","error":{"type":"index_not_found_exception"}}"#;

        assert!(matches!(read(missing), Err(RequestError::NoIndex(index)) if index == "i"));
        assert_eq!(
            read(r#"{"_id":"1","found":false}"#).unwrap(),
            Attempt::Done(None)
        );
    }

    #[test]
    fn a_document_is_told_with_its_version_and_a_busy_shard_is_asked_again() {
        assert_eq!(
            read(r#"{"_id":"1","found":true,"_seq_no":0,"_primary_term":3}"#).unwrap(),
            Attempt::Done(Some(DocumentVersion {
                seq_no: 0,
                primary_term: 3
            }))
        );
        assert_eq!(
            read(r#"{"_id":"1","error":{"type":"no_shard_available_action_exception"}}"#).unwrap(),
            Attempt::Again("no_shard_available_action_exception".to_owned())
        );
    }
}
