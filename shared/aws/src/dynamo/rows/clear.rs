//! Taking marks off rows: one statement each, on the condition that the mark is this deletion's.
//!
//! For a row that becomes live with an explicit NULL, the statement sets one attribute and removes two: the three must
//! change together, and a batch must not contain two statements on one item. DynamoDB documents several `SET` in a
//! statement, but shows no statement with both.

use super::{DynamoRows, row};
use crate::dynamo::partiql::{Answer, Statement, run};
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::row::RowMark;
use ports::{Attempt, ClearOutcome, ClearRows, DependencyError, Fields, RowToClear};

const OPERATION: &str = "clear rows";

impl ClearRows for DynamoRows {
    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        rows: &[RowToClear],
    ) -> Result<Vec<Attempt<ClearOutcome>>, DependencyError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.tables.of(collection);
        let statements = rows
            .iter()
            .map(|row| statement(&table, collection, deletion, row))
            .collect();
        run(&self.client, OPERATION, statements)
            .await?
            .into_iter()
            .map(|answer| outcome(collection, deletion, answer))
            .collect()
    }
}

fn statement(
    table: &str,
    collection: &Collection,
    deletion: DeletionId,
    row: &RowToClear,
) -> Statement {
    let change = Change::unmarking(collection, &row.found, row.at);
    Statement::change(table, collection, &row.key, &change)
        .only_marked_by(collection, deletion)
        .only_as_found(collection, &change)
}

fn outcome(
    collection: &Collection,
    deletion: DeletionId,
    answer: Answer,
) -> Result<Attempt<ClearOutcome>, DependencyError> {
    let item = match answer {
        Answer::Done => return Ok(Attempt::Done(ClearOutcome::Cleared)),
        Answer::Again(why) => return Ok(Attempt::Retry(why)),
        // What was kept beside goes back to its place; if the store says so all the same, the call is repeated.
        Answer::TooLarge => return Ok(Attempt::Retry("too large".to_owned())),
        Answer::ConditionFailed(None) => return Ok(Attempt::Done(ClearOutcome::Missing)),
        Answer::ConditionFailed(Some(item)) => item,
    };
    let row = row(collection, item, Fields::All, OPERATION)?;
    Ok(match row.mark(collection) {
        RowMark::Absent | RowMark::Null | RowMark::Busy => Attempt::Done(ClearOutcome::Live),
        mark if mark.is_of(deletion) => {
            Attempt::Done(ClearOutcome::Otherwise(row.found(collection)))
        }
        RowMark::By(_) | RowMark::Unreadable => Attempt::Done(ClearOutcome::MarkedByAnother),
    })
}
