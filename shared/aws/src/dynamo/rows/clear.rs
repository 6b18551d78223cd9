//! Taking marks off rows: one statement each, on the condition that the mark is this deletion's.
//!
//! For a row that becomes live with an explicit NULL, the statement sets one attribute and removes two: the three must
//! change together, and a batch must not contain two statements on one item. DynamoDB documents several `SET` in a
//! statement, but shows no statement with both.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{DynamoRows, row};
use crate::dynamo::partiql::{Answer, Statement, quoted, run};
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::row::RowMark;
use ports::{Attempt, ClearOutcome, ClearRows, DependencyError, RowToClear};

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
            .map(|answer| outcome(collection, answer))
            .collect()
    }
}

fn statement(
    table: &str,
    collection: &Collection,
    deletion: DeletionId,
    row: &RowToClear,
) -> Statement {
    let marks = &collection.marks;
    let (mut action, mut parameters) = (format!("UPDATE {}", quoted(table)), Vec::new());
    let mut removed = vec![&marks.deleted_by, &marks.deletion_id];
    if row.null {
        action.push_str(" SET ");
        action.push_str(&quoted(&marks.deleted_at));
        action.push_str(" = ?");
        parameters.push(AttributeValue::Null(true));
    } else {
        removed.insert(0, &marks.deleted_at);
    }
    for attribute in removed {
        action.push_str(" REMOVE ");
        action.push_str(&quoted(attribute));
    }
    Statement::on_row(action, parameters, &collection.key, &row.key)
        .only_marked_by(collection, deletion)
}

fn outcome(
    collection: &Collection,
    answer: Answer,
) -> Result<Attempt<ClearOutcome>, DependencyError> {
    let item = match answer {
        Answer::Done => return Ok(Attempt::Done(ClearOutcome::Cleared)),
        Answer::Again(why) => return Ok(Attempt::Retry(why)),
        // Nothing becomes larger; if the store says so all the same, the call is repeated.
        Answer::TooLarge => return Ok(Attempt::Retry("too large".to_owned())),
        Answer::ConditionFailed(None) => return Ok(Attempt::Done(ClearOutcome::Missing)),
        Answer::ConditionFailed(Some(item)) => item,
    };
    Ok(match row(collection, item, OPERATION)?.mark(collection) {
        RowMark::Absent | RowMark::Null => Attempt::Done(ClearOutcome::Live),
        RowMark::By(_) | RowMark::Unreadable => Attempt::Done(ClearOutcome::MarkedByAnother),
    })
}
