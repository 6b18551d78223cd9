//! Removing documents that are still as they were read.

use serde_json::json;

use super::OpenSearchDocuments;
use super::answer::LineAnswer;
use domain::collection::Collection;
use ports::{Attempt, DependencyError, DocumentVersion, PurgeDocuments, RemoveOutcome};

impl PurgeDocuments for OpenSearchDocuments {
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
                "delete": { "_id": id, "if_seq_no": seq_no, "if_primary_term": primary_term }
            });
            body.push_str(&action.to_string());
            body.push('\n');
        }
        let answers = self
            .in_time(
                OPERATION,
                self.bulk(OPERATION, &index, &body, documents.len()),
            )
            .await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn outcome(answer: LineAnswer) -> Attempt<RemoveOutcome> {
    match answer {
        LineAnswer::Done | LineAnswer::Unchanged | LineAnswer::Missing => {
            Attempt::Done(RemoveOutcome::Gone)
        }
        // Also when the document was removed since it was read: the next read shows that.
        LineAnswer::Conflict => Attempt::Done(RemoveOutcome::Changed),
        LineAnswer::Rejected(why) => Attempt::Done(RemoveOutcome::Rejected(why)),
        LineAnswer::Busy(why) => Attempt::Retry(why),
    }
}
