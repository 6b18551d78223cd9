//! One partial update for some documents: one line each.

use serde_json::{Value, json};

use super::OpenSearchDocuments;
use super::answer::LineAnswer;
use ports::DependencyError;

/// Writers of other fields may write between the read and the write of a partial update.
const RETRIES_ON_CONFLICT: u32 = 3;

impl OpenSearchDocuments {
    /// Sends the update for each of these documents. Two requests within the time of one: see the head of the module.
    /// The first reads one document, without its content, and costs a hundredth of a full batch.
    pub(super) async fn update(
        &self,
        operation: &'static str,
        index: &str,
        update: &Value,
        ids: &[String],
    ) -> Result<Vec<LineAnswer>, DependencyError> {
        let Some(first) = ids.first() else {
            return Ok(Vec::new());
        };
        let body = lines(update, ids);
        let call = async {
            self.read_versions(operation, index, std::slice::from_ref(first))
                .await?;
            self.bulk(operation, index, &body, ids.len()).await
        };
        self.in_time(operation, call).await
    }
}

fn lines(update: &Value, ids: &[String]) -> String {
    let update = update.to_string();
    let mut body = String::new();
    for id in ids {
        let action = json!({ "update": { "_id": id, "retry_on_conflict": RETRIES_ON_CONFLICT } });
        body.push_str(&action.to_string());
        body.push('\n');
        body.push_str(&update);
        body.push('\n');
    }
    body
}
