//! One page of rows by attribute values, from the table or from an index.
//!
//! An index is queried only for what it projects: to request an attribute that it does not project is an error in
//! DynamoDB, and so is a filter on one of its keys, which we do not know. Filters of such a query are therefore applied
//! here; it costs the same, since DynamoDB bills what it reads. An attribute that the index does not have matches
//! nothing.

use super::{DynamoRows, STORE, position, refused_position, rows_of};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::marked;
use crate::dynamo::position::start;
use crate::dynamo::{key_value, text};
use crate::sdk_error::dependency_error;
use domain::collection::{Collection, KeyCondition, Known};
use domain::row::Row;
use ports::{DependencyError, RowPage, RowQuery, Through};

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
    let refused = |error| DependencyError::refused(STORE, OPERATION, error);
    let first = query.equals.first().ok_or_else(|| refused(NoPartition))?;
    let partition = collection.behind(first.0);
    let index = match query.through {
        Through::Table => None,
        Through::Index(name) => Some(name),
    };
    // What cannot be a part of a text is in no row.
    let Ok(conditions) = collection.conditions(query.equals) else {
        return Ok(RowPage {
            rows: Vec::new(),
            next: None,
        });
    };
    let (of_partition, narrowing): (Vec<_>, Vec<_>) = conditions
        .into_iter()
        .partition(|condition| condition.attribute == partition);
    let Some(Known::Whole(value)) = of_partition.first().map(|condition| &condition.known) else {
        return Err(refused(NoPartition));
    };

    let mut placeholders = Placeholders::default();
    let mut key = vec![placed(&mut placeholders, collection, &of_partition[0])];
    let mut filter = Vec::new();
    if index.is_none() {
        for condition in &narrowing {
            let of_key = collection.key.sort.as_deref() == Some(condition.attribute);
            let list = if of_key { &mut key } else { &mut filter };
            list.push(placed(&mut placeholders, collection, condition));
        }
    }
    if let (None, Some(deletion)) = (index, query.not_marked_by) {
        let marked = marked::marked_by(&mut placeholders, collection, deletion);
        filter.push(format!("NOT {marked}"));
    }
    let attributes = query.fields.attributes(collection);
    let projection = attributes
        .as_ref()
        .filter(|_| index.is_none())
        .map(|attributes| placeholders.projection(attributes));
    let start = query
        .after
        .map(|after| start(after, &collection.key, index.is_some(), (partition, value)))
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

    let mut found = rows_of(collection, answer.items, query.fields, OPERATION)?;
    let has = |row: &Row, equal: &(&str, &str)| row.may_have(collection, query.equals, *equal);
    // A condition knows how a text begins; what is behind that is compared here.
    let parts = || {
        query
            .equals
            .iter()
            .filter(|(name, _)| collection.behind(name) != *name)
    };
    found.retain(|row| parts().all(|part| has(row, part)));
    if index.is_some() {
        found.retain(|row| {
            let is_marked = query
                .not_marked_by
                .is_some_and(|deletion| row.mark(collection).is_of(deletion));
            !is_marked && query.equals.iter().all(|equal| has(row, equal))
        });
        if let Some(attributes) = attributes {
            for row in &mut found {
                row.attributes
                    .retain(|attribute, _| attributes.contains(&attribute.as_str()));
            }
        }
    }
    Ok(RowPage {
        rows: found,
        next: position(answer.last_evaluated_key)?,
    })
}

fn placed(
    placeholders: &mut Placeholders,
    collection: &Collection,
    condition: &KeyCondition<'_>,
) -> String {
    let attribute = condition.attribute;
    let kind = collection.key.kind_of(attribute);
    let name = placeholders.name(attribute);
    match &condition.known {
        Known::Whole(value) => {
            let value = placeholders.value(key_value(kind, value));
            format!("{name} = {value}")
        }
        Known::Beginning(value) => {
            let value = placeholders.value(text(value));
            format!("begins_with({name}, {value})")
        }
    }
}
