//! Writing documents: a partial update that makes the document where there is none.

use serde_json::json;

use super::OpenSearchDocuments;
use super::answer::LineAnswer;
use super::mark::RETRIES_ON_CONFLICT;
use crate::domain::collection::Collection;
use crate::domain::document::Document;
use crate::ports::{Attempt, DependencyError, IndexDocuments, IndexOutcome};

const OPERATION: &str = "write a document";

/// One text for all documents, so that it is compiled once. Fields that are not declared stay: they are their owner's.
const SCRIPT: &str =
    "ctx._source.putAll(params.fields); for (name in params.gone) { ctx._source.remove(name) }";

impl IndexDocuments for OpenSearchDocuments {
    /// Two requests within the time of one: an upsert would make an index that is not there, so it is asked for first.
    async fn index(
        &self,
        collection: &Collection,
        document: &Document,
    ) -> Result<Attempt<IndexOutcome>, DependencyError> {
        let (_, index) = self.index(collection, OPERATION)?;
        let body = lines(&index, document);
        let call = async {
            self.read_versions(OPERATION, &index, std::slice::from_ref(&document.id))
                .await?;
            self.bulk(OPERATION, &index, body, 1).await
        };
        let answers = self.in_time(OPERATION, call).await?;
        let answer = answers.into_iter().next();
        Ok(answer.map_or_else(|| Attempt::Again("no answer".to_owned()), outcome))
    }
}

fn lines(index: &str, document: &Document) -> String {
    let action = json!({
        "update": { "_index": index, "_id": document.id, "retry_on_conflict": RETRIES_ON_CONFLICT }
    });
    let params = json!({ "fields": document.fields, "gone": document.gone });
    let update = json!({
        "script": { "lang": "painless", "source": SCRIPT, "params": params },
        "upsert": document.fields,
    });
    format!("{action}\n{update}\n")
}

fn outcome(answer: LineAnswer) -> Attempt<IndexOutcome> {
    match answer {
        LineAnswer::Done => Attempt::Done(IndexOutcome::Indexed),
        LineAnswer::Rejected(why) => Attempt::Done(IndexOutcome::Rejected(why)),
        // Removed between the update's read and its write: the next one makes it.
        LineAnswer::Missing => Attempt::Again("document_missing".to_owned()),
        LineAnswer::Conflict => Attempt::Again("version_conflict".to_owned()),
        LineAnswer::Busy(why) => Attempt::Again(why),
    }
}
