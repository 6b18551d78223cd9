//! The row's own table: a row is removed if it still is what was copied, and put back if its key is free.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamo::Item;
use crate::dynamo::partiql::{Answer, Statement, is_null, quoted, run, run_each};
use crate::dynamo::rows::{DynamoRows, STORE};
use crate::sdk_error::Refusal;
use domain::collection::Collection;
use ports::{Attempt, DependencyError, PutBackOutcome, Stored, TakeOutcome};

pub(super) async fn take(
    rows: &DynamoRows,
    collection: &Collection,
    stored: &[Arc<Stored<Item>>],
) -> Result<Vec<Attempt<TakeOutcome>>, DependencyError> {
    const OPERATION: &str = "take rows away";
    if stored.is_empty() {
        return Ok(Vec::new());
    }
    let table = rows.tables.of(collection);
    let statements = stored
        .iter()
        .map(|stored| removal(&table, collection, stored))
        .collect();
    let answers = run(&rows.client, OPERATION, statements).await?;
    let outcome = |answer: Answer| {
        answer.of_removal(TakeOutcome::Taken, |row| {
            row.map_or(TakeOutcome::Gone, |_| TakeOutcome::Changed)
        })
    };
    Ok(answers.into_iter().map(outcome).collect())
}

pub(super) async fn put_back(
    rows: &DynamoRows,
    collection: &Collection,
    copies: &[Arc<Stored<Item>>],
) -> Result<Vec<Attempt<PutBackOutcome>>, DependencyError> {
    const OPERATION: &str = "put rows back";
    if copies.is_empty() {
        return Ok(Vec::new());
    }
    let table = rows.tables.of(collection);
    let statements = copies
        .iter()
        .map(|copy| {
            let row = copy.raw.iter();
            let row = row.map(|(name, value)| (name.as_str(), value.clone()));
            Statement::insert(&table, row.collect())
        })
        .collect();
    let answers = run_each(&rows.client, STORE, OPERATION, statements).await?;
    answers.into_iter().map(put_back_outcome).collect()
}

/// The row was there once. Meanwhile an item collection of a local index may be full, or an index may have been added
/// that its attributes do not fit: it fails alone, and a person has to make room.
fn put_back_outcome(
    answer: Result<Answer, Refusal>,
) -> Result<Attempt<PutBackOutcome>, DependencyError> {
    Ok(match answer {
        Ok(Answer::Done) => Attempt::Done(PutBackOutcome::Back),
        Ok(Answer::ConditionFailed(_)) => Attempt::Done(PutBackOutcome::Taken),
        Ok(Answer::Again(why)) => Attempt::Retry(why),
        Ok(Answer::TooLarge) => Attempt::Done(PutBackOutcome::Refused(
            "the row or its item collection would be larger than the store allows".to_owned(),
        )),
        Err(refusal) if refusal.code == "ValidationError" => {
            Attempt::Done(PutBackOutcome::Refused(refusal.message))
        }
        Err(refusal) => return Err(DependencyError::refused(STORE, "put rows back", refusal)),
    })
}

/// The condition compares what the row had. DynamoDB cannot check whether attributes were added since; a declared
/// version shows that too.
fn removal(table: &str, collection: &Collection, stored: &Stored<Item>) -> Statement {
    let row = &stored.raw;
    let mut statement = Statement::on_row(
        format!("DELETE FROM {}", quoted(table)),
        Vec::new(),
        &collection.key,
        &stored.row.key,
    );
    let marks = collection.marks.own();
    for name in marks.iter().filter(|name| !row.contains_key(**name)) {
        statement = statement.only_if(format!("{} IS MISSING", quoted(name)), None);
    }
    let mut compared: Vec<(&str, &AttributeValue)> = row
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| !collection.key.attributes().any(|key| key == *name))
        .collect();
    if let Some(version) = &collection.version {
        compared.retain(|(name, _)| name == version || marks.contains(name));
        if !row.contains_key(version) {
            statement = statement.only_if(format!("{} IS MISSING", quoted(version)), None);
        }
    }
    compared.sort_by_key(|(name, _)| *name);
    for (name, value) in compared {
        statement = match value {
            // `= NULL` is never true in PartiQL.
            AttributeValue::Null(_) => statement.only_if(is_null(name), None),
            value => statement.only_if(format!("{} = ?", quoted(name)), Some(value.clone())),
        };
    }
    statement
}

/// How long the condition on all attributes of a row is.
pub(super) fn comparison_length(row: &Item) -> usize {
    row.iter()
        .map(|(name, value)| match value {
            AttributeValue::Null(_) => is_null(name).len() + " AND ".len(),
            _ => quoted(name).len() + " AND  = ?".len(),
        })
        .sum::<usize>()
        + 600
}

/// How long the statement that puts a row back is.
pub(super) fn insert_length(row: &Item) -> usize {
    row.keys()
        .map(|name| name.len() + name.matches('\'').count() + "'': ?, ".len())
        .sum::<usize>()
        + 600
}
