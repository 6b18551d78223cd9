//! Detaching rows from their parent: one conditional statement each.

use super::DynamoRows;
use crate::dynamo::partiql::{Answer, Statement, quoted, run};
use crate::dynamo::text;
use domain::collection::Collection;
use domain::key::RecordKey;
use ports::{Attempt, DependencyError, DetachOutcome, DetachRows};

const OPERATION: &str = "detach rows";

/// Nothing in a row of the collection says which parent it has.
#[derive(Debug, thiserror::Error)]
#[error("rows of the collection do not name the parent")]
struct NotReferenced;

impl DetachRows for DynamoRows {
    async fn detach(
        &self,
        collection: &Collection,
        parent: &RecordKey,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<DetachOutcome>>, DependencyError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.tables.of(collection);
        let references = collection.references(parent);
        let references = references
            .ok_or_else(|| DependencyError::refused("record store", OPERATION, NotReferenced))?;
        let statements = keys
            .iter()
            .map(|key| statement(&table, collection, &references, key))
            .collect();
        let answers = run(&self.client, OPERATION, statements).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }

    async fn regroup(
        &self,
        collection: &Collection,
        attribute: &str,
        from: &str,
        to: Option<&str>,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<DetachOutcome>>, DependencyError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (table, owner) = (quoted(&self.tables.of(collection)), quoted(attribute));
        let statement = |key| {
            let (action, values) = match to {
                Some(to) => (format!("UPDATE {table} SET {owner} = ?"), vec![text(to)]),
                None => (format!("UPDATE {table} REMOVE {owner}"), Vec::new()),
            };
            Statement::on_row(action, values, &collection.key, key)
                .only_if(format!("{owner} = ?"), Some(text(from)))
        };
        let statements = keys.iter().map(statement).collect();
        let answers = run(&self.client, "regroup rows", statements).await?;
        Ok(answers.into_iter().map(outcome).collect())
    }
}

fn statement(
    table: &str,
    collection: &Collection,
    references: &[(&str, String)],
    key: &RecordKey,
) -> Statement {
    let mut action = format!("UPDATE {}", quoted(table));
    for (attribute, _) in references {
        action.push_str(" REMOVE ");
        action.push_str(&quoted(attribute));
    }
    let mut statement = Statement::on_row(action, Vec::new(), &collection.key, key);
    for (attribute, value) in references {
        statement = statement.only_if(format!("{} = ?", quoted(attribute)), Some(text(value)));
    }
    statement
}

fn outcome(answer: Answer) -> Attempt<DetachOutcome> {
    answer.of_removal(DetachOutcome::Detached, |row| {
        row.map_or(DetachOutcome::Missing, |_| DetachOutcome::Elsewhere)
    })
}
