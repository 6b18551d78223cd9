//! Marking documents: one line each, only the marks, never an upsert.

use serde_json::json;

use super::OpenSearchDocuments;
use super::answer::LineAnswer;
use crate::domain::collection::Collection;
use crate::domain::row::Mark;
use crate::ports::{Attempt, DependencyError, DocumentMarkOutcome, MarkDocuments};

const OPERATION: &str = "mark documents";

/// Writers of other fields may come between the read and the write of a partial update.
pub(super) const RETRIES_ON_CONFLICT: u32 = 3;

impl MarkDocuments for OpenSearchDocuments {
    /// Two requests within the time of one: see the head of the module. The first asks for one document, without its
    /// content, and costs a hundredth of a full batch.
    async fn mark(
        &self,
        collection: &Collection,
        mark: &Mark,
        ids: &[String],
    ) -> Result<Vec<Attempt<DocumentMarkOutcome>>, DependencyError> {
        let Some(first) = ids.first() else {
            return Ok(Vec::new());
        };
        let (_, index) = self.index(collection, OPERATION)?;
        let body = lines(&index, collection, mark, ids);
        let call = async {
            self.read_versions(OPERATION, &index, std::slice::from_ref(first))
                .await?;
            self.bulk(OPERATION, &index, body, ids.len()).await
        };
        let answers = self.in_time(OPERATION, call).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn lines(index: &str, collection: &Collection, mark: &Mark, ids: &[String]) -> String {
    let marks: serde_json::Map<_, _> = mark
        .attributes(collection)
        .into_iter()
        .map(|(attribute, value)| (attribute.to_owned(), value.into()))
        .collect();
    let document = json!({ "doc": marks }).to_string();
    let mut body = String::new();
    for id in ids {
        let action = json!({ "update": { "_index": index, "_id": id, "retry_on_conflict": RETRIES_ON_CONFLICT } });
        body.push_str(&action.to_string());
        body.push('\n');
        body.push_str(&document);
        body.push('\n');
    }
    body
}

fn outcome(answer: LineAnswer) -> Attempt<DocumentMarkOutcome> {
    match answer {
        LineAnswer::Done => Attempt::Done(DocumentMarkOutcome::Marked),
        LineAnswer::Missing => Attempt::Done(DocumentMarkOutcome::Missing),
        LineAnswer::Rejected(why) => Attempt::Done(DocumentMarkOutcome::Rejected(why)),
        LineAnswer::Conflict => Attempt::Again("version_conflict".to_owned()),
        LineAnswer::Busy(why) => Attempt::Again(why),
    }
}
