//! Removing rows at once, on the condition that they still are as they were found: unmarked or ours, and the tenant's.

use super::DynamoRows;
use crate::dynamo::marked::Unmarked;
use crate::dynamo::partiql::{Answer, Statement, quoted, run};
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::principal::Tenant;
use ports::{Attempt, DependencyError, EraseOutcome, EraseRows, Found, RowToErase};

const OPERATION: &str = "erase rows";

impl EraseRows for DynamoRows {
    async fn erase(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        deletion: DeletionId,
        rows: &[RowToErase],
    ) -> Result<Vec<Attempt<EraseOutcome>>, DependencyError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.tables.of(collection);
        let statements = rows
            .iter()
            .map(|row| statement(&table, collection, tenant, deletion, row))
            .collect();
        let answers = run(&self.client, OPERATION, statements).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn statement(
    table: &str,
    collection: &Collection,
    tenant: &Tenant,
    deletion: DeletionId,
    row: &RowToErase,
) -> Statement {
    let statement = Statement::on_row(
        format!("DELETE FROM {}", quoted(table)),
        Vec::new(),
        &collection.key,
        &row.key,
    );
    let statement = match row.found {
        Found::Unmarked => statement.only_unmarked(collection, Unmarked::Absent),
        Found::Null => statement.only_unmarked(collection, Unmarked::Null),
        Found::Ours => statement.only_marked_by(collection, deletion),
    };
    statement.only_of(tenant, collection)
}

fn outcome(answer: Answer) -> Attempt<EraseOutcome> {
    // Without a row the statement may succeed or fail its condition: either way there is none.
    answer.of_removal(EraseOutcome::Gone, |row| {
        row.map_or(EraseOutcome::Gone, |_| EraseOutcome::Changed)
    })
}
