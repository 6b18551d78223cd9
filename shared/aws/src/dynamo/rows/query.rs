//! One page of rows by attribute values, from the table or from an index.
//!
//! An index is queried only for what it projects: to request an attribute that it does not project is an error in
//! DynamoDB, and so is a filter on one of its keys, which we do not know. Filters of such a query are therefore applied
//! here; it costs the same, since DynamoDB bills what it reads. An attribute that the index does not have matches
//! nothing.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{DynamoRows, STORE, position, refused_position, row};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::position::start;
use crate::dynamo::text;
use crate::sdk_error::dependency_error;
use domain::row::Row;
use ports::{DependencyError, Fields, RowPage, RowQuery, Through};

const OPERATION: &str = "query rows";

/// A query must be of one partition.
#[derive(Debug, thiserror::Error)]
#[error("the query names no partition")]
struct NoPartition;

pub(super) async fn query(
    rows: &DynamoRows,
    query: RowQuery<'_>,
) -> Result<RowPage, DependencyError> {
    let collection = query.collection;
    let [partition, narrowing @ ..] = query.equals else {
        return Err(DependencyError::refused(STORE, OPERATION, NoPartition));
    };
    let index = match query.through {
        Through::Table => None,
        Through::Index(name) => Some(name),
    };

    let mut placeholders = Placeholders::default();
    let mut key = vec![equals(&mut placeholders, *partition)];
    let mut filter = Vec::new();
    if index.is_none() {
        for condition in narrowing {
            let of_key = collection.key.sort.as_deref() == Some(condition.0);
            let list = if of_key { &mut key } else { &mut filter };
            list.push(equals(&mut placeholders, *condition));
        }
    }
    if let Some(deletion) = query.not_marked_by {
        let name = placeholders.name(&collection.marks.deletion_id);
        let value = placeholders.value(text(deletion.to_string()));
        filter.push(format!(
            "(attribute_not_exists({name}) OR {name} <> {value})"
        ));
    }
    let projection = (index.is_none() && query.fields == Fields::Judged)
        .then(|| placeholders.projection(&collection.judged_attributes()));
    let start = query
        .after
        .map(|after| start(after, &collection.key, index.is_some(), *partition))
        .transpose()
        .map_err(refused_position)?;

    let answer = rows
        .client
        .query()
        .table_name(rows.tables.of(collection))
        .set_index_name(index.map(str::to_owned))
        .consistent_read(index.is_none())
        .key_condition_expression(key.join(" AND "))
        .set_filter_expression((!filter.is_empty()).then(|| filter.join(" AND ")))
        .set_projection_expression(projection)
        .set_expression_attribute_names(Some(placeholders.names()))
        .set_expression_attribute_values(placeholders.values())
        .set_exclusive_start_key(start)
        .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
        .send()
        .await
        .map_err(|error| dependency_error(STORE, OPERATION, error))?;

    let found = answer
        .items
        .unwrap_or_default()
        .into_iter()
        .map(|item| row(collection, item, OPERATION));
    let mut found: Vec<Row> = found.collect::<Result<_, _>>()?;
    if index.is_some() {
        found.retain(|row| {
            narrowing
                .iter()
                .all(|(attribute, value)| row.text(attribute) == Some(value))
        });
        if query.fields == Fields::Judged {
            let judged = collection.judged_attributes();
            for row in &mut found {
                row.attributes
                    .retain(|attribute, _| judged.contains(&attribute.as_str()));
            }
        }
    }
    Ok(RowPage {
        rows: found,
        next: position(answer.last_evaluated_key)?,
    })
}

fn equals(placeholders: &mut Placeholders, (attribute, value): (&str, &str)) -> String {
    let name = placeholders.name(attribute);
    let value = placeholders.value(AttributeValue::S(value.to_owned()));
    format!("{name} = {value}")
}
