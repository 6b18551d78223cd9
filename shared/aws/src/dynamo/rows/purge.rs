//! Removing rows for good, on the condition that they carry this deletion's mark.

use super::DynamoRows;
use crate::dynamo::partiql::{Answer, Statement, quoted, run};
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use ports::{Attempt, DependencyError, PurgeOutcome, PurgeRows};

const OPERATION: &str = "remove rows";

impl PurgeRows for DynamoRows {
    async fn purge(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<PurgeOutcome>>, DependencyError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.tables.of(collection);
        let statements = keys
            .iter()
            .map(|key| statement(&table, collection, deletion, key))
            .collect();
        let answers = run(&self.client, OPERATION, statements).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn statement(
    table: &str,
    collection: &Collection,
    deletion: DeletionId,
    key: &RecordKey,
) -> Statement {
    Statement::on_row(
        format!("DELETE FROM {}", quoted(table)),
        Vec::new(),
        &collection.key,
        key,
    )
    .only_marked_by(collection, deletion)
}

fn outcome(answer: Answer) -> Attempt<PurgeOutcome> {
    // Without a row the statement may succeed or fail its condition: either way there is none.
    answer.of_removal(PurgeOutcome::Gone, |row| {
        row.map_or(PurgeOutcome::Gone, |_| PurgeOutcome::Kept)
    })
}
