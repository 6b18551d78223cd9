//! Writing documents: a partial update that creates the document where there is none.

use serde_json::json;

use super::answer::LineAnswer;
use super::{OpenSearchDocuments, writes_documents};
use domain::collection::Collection;
use domain::document::Document;
use ports::{Attempt, DependencyError, IndexDocuments, IndexOutcome};

const OPERATION: &str = "write a document";

/// One text for all documents, so that it is compiled once. Fields that are not declared stay: they belong to their
/// owner.
const SCRIPT: &str =
    "ctx._source.putAll(params.fields); for (name in params.gone) { ctx._source.remove(name) }";

impl IndexDocuments for OpenSearchDocuments {
    async fn index(
        &self,
        collection: &Collection,
        document: &Document,
    ) -> Result<Attempt<IndexOutcome>, DependencyError> {
        writes_documents(collection, OPERATION)?;
        let params = json!({ "fields": document.fields, "gone": document.gone });
        let update = json!({
            "script": { "lang": "painless", "source": SCRIPT, "params": params },
            "upsert": document.fields,
        });
        let at = std::slice::from_ref(&document.at);
        let answers = self.update(OPERATION, &update, at).await?;
        let answer = answers.into_iter().next();
        Ok(answer.map_or_else(|| Attempt::Retry("no answer".to_owned()), outcome))
    }
}

fn outcome(answer: LineAnswer) -> Attempt<IndexOutcome> {
    match answer {
        LineAnswer::Done | LineAnswer::Unchanged => Attempt::Done(IndexOutcome::Indexed),
        LineAnswer::Rejected(why) => Attempt::Done(IndexOutcome::Rejected(why)),
        // Removed between the update's read and its write: the next update creates it.
        LineAnswer::Missing => Attempt::Retry("document_missing".to_owned()),
        LineAnswer::Conflict => Attempt::Retry("version_conflict".to_owned()),
        LineAnswer::Busy(why) => Attempt::Retry(why),
    }
}
