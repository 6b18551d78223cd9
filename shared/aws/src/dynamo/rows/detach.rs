//! Detaching rows from their parent: one conditional statement each.

use super::DynamoRows;
use crate::dynamo::partiql::{Answer, Statement, quoted, run};
use crate::dynamo::text;
use domain::collection::Collection;
use domain::key::RecordKey;
use ports::{Attempt, DependencyError, DetachOutcome, DetachRows};

const OPERATION: &str = "detach rows";

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
        let statements = keys
            .iter()
            .map(|key| statement(&table, collection, parent, key))
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
    parent: &RecordKey,
    key: &RecordKey,
) -> Statement {
    let named: Vec<_> = collection
        .parent
        .iter()
        .flat_map(|declared| &declared.by)
        .zip(parent.values())
        .collect();
    let mut action = format!("UPDATE {}", quoted(table));
    for (attribute, _) in &named {
        action.push_str(" REMOVE ");
        action.push_str(&quoted(attribute));
    }
    let mut statement = Statement::on_row(action, Vec::new(), &collection.key, key);
    for (attribute, value) in named {
        statement = statement.only_if(format!("{} = ?", quoted(attribute)), Some(text(value)));
    }
    statement
}

fn outcome(answer: Answer) -> Attempt<DetachOutcome> {
    answer.of_removal(DetachOutcome::Detached, |row| {
        row.map_or(DetachOutcome::Missing, |_| DetachOutcome::Elsewhere)
    })
}
