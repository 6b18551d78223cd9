//! Taking marks off documents: a script looks whose mark it is, in the moment in which it is taken off.

use serde_json::json;

use super::OpenSearchDocuments;
use super::answer::LineAnswer;
use super::mark::RETRIES_ON_CONFLICT;
use crate::domain::collection::Collection;
use crate::domain::deletion::DeletionId;
use crate::ports::{Attempt, ClearDocuments, DependencyError, DocumentClearOutcome};

const OPERATION: &str = "clear documents";

/// One text for all documents, so that it is compiled once.
const SCRIPT: &str = "if (params.id.equals(ctx._source[params.names[2]])) \
    { for (name in params.names) { ctx._source.remove(name) } } else { ctx.op = 'none' }";

impl ClearDocuments for OpenSearchDocuments {
    /// Two requests within the time of one, as when documents are marked.
    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        ids: &[String],
    ) -> Result<Vec<Attempt<DocumentClearOutcome>>, DependencyError> {
        let Some(first) = ids.first() else {
            return Ok(Vec::new());
        };
        let (_, index) = self.index(collection, OPERATION)?;
        let body = lines(&index, collection, deletion, ids);
        let call = async {
            self.read_versions(OPERATION, &index, std::slice::from_ref(first))
                .await?;
            self.bulk(OPERATION, &index, body, ids.len()).await
        };
        let answers = self.in_time(OPERATION, call).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn lines(index: &str, collection: &Collection, deletion: DeletionId, ids: &[String]) -> String {
    let params = json!({ "id": deletion.to_string(), "names": collection.marks.all() });
    let script = json!({ "script": { "lang": "painless", "source": SCRIPT, "params": params } });
    let script = script.to_string();
    let mut body = String::new();
    for id in ids {
        let action = json!({ "update": { "_index": index, "_id": id, "retry_on_conflict": RETRIES_ON_CONFLICT } });
        body.push_str(&action.to_string());
        body.push('\n');
        body.push_str(&script);
        body.push('\n');
    }
    body
}

fn outcome(answer: LineAnswer) -> Attempt<DocumentClearOutcome> {
    match answer {
        LineAnswer::Done => Attempt::Done(DocumentClearOutcome::Cleared),
        LineAnswer::Missing => Attempt::Done(DocumentClearOutcome::Missing),
        LineAnswer::Rejected(why) => Attempt::Done(DocumentClearOutcome::Rejected(why)),
        LineAnswer::Conflict => Attempt::Again("version_conflict".to_owned()),
        LineAnswer::Busy(why) => Attempt::Again(why),
    }
}
