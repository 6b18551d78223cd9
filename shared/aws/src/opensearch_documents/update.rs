//! One partial update for some documents: one line each.

use serde_json::{Map, Value, json};

use super::OpenSearchDocuments;
use super::answer::LineAnswer;
use super::by_index::{by_index, in_order, place};
use domain::collection::DocumentAt;
use domain::document::is_its;
use ports::{Attempt, DependencyError, DocumentVersion};

/// Writers of other fields may write between the read and the write of a partial update.
const RETRIES_ON_CONFLICT: u32 = 3;

/// Why nothing is done with a document.
const ANOTHERS: &str =
    "it is the document of another record, although the collections file says that ids are unique";

impl OpenSearchDocuments {
    /// Sends the update for each of these documents. Two requests within the time of one: see the head of the module.
    /// The first reads one document, without its content, and costs a hundredth of a full batch; where documents have to
    /// be compared with their records, it reads what is compared of all.
    pub(super) async fn update(
        &self,
        operation: &'static str,
        update: &Value,
        documents: &[DocumentAt],
    ) -> Result<Vec<LineAnswer>, DependencyError> {
        let update = &update.to_string();
        let call = async {
            let mut answers = Vec::new();
            for group in by_index(documents, |at| at) {
                let index = self.real(group.index);
                let all: Vec<&DocumentAt> = group.items.iter().map(|(_, at)| *at).collect();
                let found = if all.iter().any(|at| !at.says.is_empty()) {
                    self.update_compared(operation, &index, update, &all)
                        .await?
                } else {
                    self.read_documents(operation, &index, &all[..1], &json!(false))
                        .await?;
                    let body: String = all.iter().map(|at| lines(update, at, None)).collect();
                    self.bulk(operation, &index, &body, all.len()).await?
                };
                answers.extend(group.answered(found));
            }
            Ok(answers)
        };
        let answers = self.in_time(operation, call).await?;
        Ok(in_order(answers))
    }

    /// Updates those that are their records', in the version that was compared. One that does not exist is sent, too: an
    /// update may create it.
    async fn update_compared(
        &self,
        operation: &'static str,
        index: &str,
        update: &str,
        documents: &[&DocumentAt],
    ) -> Result<Vec<LineAnswer>, DependencyError> {
        let fields: Map<String, Value> = documents.iter().flat_map(|at| at.says.clone()).collect();
        let fields = json!(fields.keys().collect::<Vec<_>>());
        let read = self
            .read_documents(operation, index, documents, &fields)
            .await?;
        let mut answers: Vec<Option<LineAnswer>> = Vec::new();
        let mut body = String::new();
        for (at, read) in documents.iter().zip(read) {
            let (answer, version) = match read {
                Attempt::Retry(why) => (Some(LineAnswer::Busy(why)), None),
                Attempt::Done(None) => (None, None),
                Attempt::Done(Some((version, source))) if is_its(at, &source) => {
                    (None, Some(version))
                }
                Attempt::Done(Some(_)) => (Some(LineAnswer::Rejected(ANOTHERS.to_owned())), None),
            };
            if answer.is_none() {
                body.push_str(&lines(update, at, version));
            }
            answers.push(answer);
        }
        let sent = answers.iter().filter(|answer| answer.is_none()).count();
        if sent == 0 {
            return Ok(answers.into_iter().flatten().collect());
        }
        let mut sent = self.bulk(operation, index, &body, sent).await?.into_iter();
        let answers = answers.into_iter();
        Ok(answers
            .filter_map(|answer| answer.or_else(|| sent.next()))
            .collect())
    }
}

fn lines(update: &str, at: &DocumentAt, version: Option<DocumentVersion>) -> String {
    let mut action = place(at);
    match version {
        Some(version) => {
            action.insert("if_seq_no".to_owned(), version.seq_no.into());
            action.insert("if_primary_term".to_owned(), version.primary_term.into());
        }
        None => drop(action.insert("retry_on_conflict".to_owned(), RETRIES_ON_CONFLICT.into())),
    }
    format!("{}\n{update}\n", json!({ "update": action }))
}
