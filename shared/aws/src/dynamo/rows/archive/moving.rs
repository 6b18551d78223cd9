//! The row's own table: a row is removed if it still is what was copied, and put back if its key is free.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamo::Item;
use crate::dynamo::partiql::{Answer, Statement, is_null, quoted, run};
use crate::dynamo::rows::DynamoRows;
use domain::collection::Collection;
use ports::{Attempt, DependencyError, PutBackOutcome, RowToPutBack, Stored, TakeOutcome};

pub(super) async fn take(
    rows: &DynamoRows,
    collection: &Collection,
    stored: &[Stored<Item>],
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
    copies: &[RowToPutBack<Item>],
) -> Result<Vec<Attempt<PutBackOutcome>>, DependencyError> {
    const OPERATION: &str = "put rows back";
    if copies.is_empty() {
        return Ok(Vec::new());
    }
    let table = rows.tables.of(collection);
    let statements = copies
        .iter()
        .map(|copy| {
            let row = returning(collection, copy);
            let attributes = row
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone()));
            Statement::insert(&table, attributes.collect())
        })
        .collect();
    let answers = run(&rows.client, OPERATION, statements).await?;
    let outcome = |answer| match answer {
        Answer::Done => Attempt::Done(PutBackOutcome::Back),
        Answer::ConditionFailed(_) => Attempt::Done(PutBackOutcome::Taken),
        Answer::Again(why) => Attempt::Retry(why),
        // The row was there once, but an item collection of a local index may be full meanwhile: a person has to make
        // room.
        Answer::TooLarge => Attempt::Retry("too large".to_owned()),
    };
    Ok(answers.into_iter().map(outcome).collect())
}

/// The row as it is put back.
fn returning(collection: &Collection, copy: &RowToPutBack<Item>) -> Item {
    let mut row = copy.stored.raw.clone();
    if !copy.marked {
        for name in collection.marks.all() {
            row.remove(name);
        }
        if copy.null {
            let live = AttributeValue::Null(true);
            row.insert(collection.marks.deleted_at.clone(), live);
        }
    }
    row
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
    let marks = collection.marks.all();
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
