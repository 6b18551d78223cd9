//! Removing documents that are still as they were read.

use serde_json::{Value, json};

use super::answer::LineAnswer;
use super::by_index::{by_index, in_order, place};
use super::{OpenSearchDocuments, has_documents};
use domain::collection::{Collection, DocumentAt};
use ports::{Attempt, DependencyError, DocumentVersion, PurgeDocuments, RemoveOutcome};

const OPERATION: &str = "remove documents";

impl PurgeDocuments for OpenSearchDocuments {
    async fn remove(
        &self,
        collection: &Collection,
        documents: &[(DocumentAt, DocumentVersion)],
    ) -> Result<Vec<Attempt<RemoveOutcome>>, DependencyError> {
        let spec = has_documents(collection, OPERATION)?;
        let is_piped = spec.copy.is_by_pipeline();
        let call = async {
            let mut answers = Vec::new();
            for group in by_index(documents, |(at, _)| at) {
                let body: String = group
                    .items
                    .iter()
                    .map(|(_, (at, version))| line(at, *version, is_piped))
                    .collect();
                let index = self.real(group.index);
                let found = self.bulk(OPERATION, &index, &body, group.items.len());
                answers.extend(group.answered(found.await?));
            }
            Ok(answers)
        };
        let answers = self.in_time(OPERATION, call).await?;
        Ok(in_order(answers).into_iter().map(outcome).collect())
    }
}

/// A removal leaves a version behind for a minute. Ours is one more than that of the document; where a pipeline decides the
/// versions, its next one is often just that, and would be refused. So there the version stays what it is, which is as
/// strict a condition: whoever writes raises it.
fn line(at: &DocumentAt, version: DocumentVersion, is_piped: bool) -> String {
    let DocumentVersion {
        seq_no,
        primary_term,
        version,
    } = version;
    let mut action = place(at);
    let mut require = |name: &str, value: Value| drop(action.insert(name.to_owned(), value));
    if is_piped {
        require("version", version.into());
        require("version_type", "external_gte".into());
    } else {
        require("if_seq_no", seq_no.into());
        require("if_primary_term", primary_term.into());
    }
    format!("{}\n", json!({ "delete": action }))
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
