//! Taking marks off documents: a script checks whose mark it is at the moment at which it is removed.

use serde_json::json;

use super::answer::LineAnswer;
use super::{OpenSearchDocuments, writes_documents};
use domain::collection::{Collection, DocumentAt};
use domain::deletion::DeletionId;
use ports::{Attempt, ClearDocuments, DependencyError, DocumentClearOutcome};

const OPERATION: &str = "clear documents";

/// One text for all documents, so that it is compiled once. A mark is both attributes, as in a row: an id beside an
/// explicit NULL is none.
const SCRIPT: &str = "if (ctx._source[params.names[0]] != null && params.id.equals(ctx._source[params.names[2]])) \
    { for (name in params.names) { ctx._source.remove(name) } } else { ctx.op = 'none' }";

impl ClearDocuments for OpenSearchDocuments {
    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        documents: &[DocumentAt],
    ) -> Result<Vec<Attempt<DocumentClearOutcome>>, DependencyError> {
        let spec = writes_documents(collection, OPERATION)?;
        let names = collection.marks.all().map(|name| spec.field(name));
        let params = json!({ "id": deletion.to_string(), "names": names });
        let update =
            json!({ "script": { "lang": "painless", "source": SCRIPT, "params": params } });
        let answers = self.update(OPERATION, &update, documents).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn outcome(answer: LineAnswer) -> Attempt<DocumentClearOutcome> {
    match answer {
        LineAnswer::Done => Attempt::Done(DocumentClearOutcome::Cleared),
        LineAnswer::Unchanged => Attempt::Done(DocumentClearOutcome::Untouched),
        LineAnswer::Missing => Attempt::Done(DocumentClearOutcome::Missing),
        LineAnswer::Rejected(why) => Attempt::Done(DocumentClearOutcome::Rejected(why)),
        LineAnswer::Conflict => Attempt::Retry("version_conflict".to_owned()),
        LineAnswer::Busy(why) => Attempt::Retry(why),
    }
}
