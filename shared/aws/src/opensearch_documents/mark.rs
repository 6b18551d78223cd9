//! Marking documents: one line each, only the marks, never an upsert.

use serde_json::{Map, json};

use super::answer::LineAnswer;
use super::{OpenSearchDocuments, writes_documents};
use domain::collection::{Collection, DocumentAt};
use domain::row::Mark;
use ports::{Attempt, DependencyError, DocumentMarkOutcome, MarkDocuments};

const OPERATION: &str = "mark documents";

impl MarkDocuments for OpenSearchDocuments {
    async fn mark(
        &self,
        collection: &Collection,
        mark: &Mark,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<DocumentMarkOutcome>>, DependencyError> {
        writes_documents(collection, OPERATION)?;
        let marks: Map<_, _> = mark
            .fields(collection)
            .into_iter()
            .map(|(field, value)| (field.to_owned(), value))
            .collect();
        let update = json!({ "doc": marks });
        let answers = self.update(OPERATION, &update, documents).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn outcome(answer: LineAnswer) -> Attempt<DocumentMarkOutcome> {
    match answer {
        LineAnswer::Done | LineAnswer::Unchanged => Attempt::Done(DocumentMarkOutcome::Marked),
        LineAnswer::Missing => Attempt::Done(DocumentMarkOutcome::Missing),
        LineAnswer::Rejected(why) => Attempt::Done(DocumentMarkOutcome::Rejected(why)),
        LineAnswer::Conflict => Attempt::Retry("version_conflict".to_owned()),
        LineAnswer::Busy(why) => Attempt::Retry(why),
    }
}
