//! Rows in order, and the compare-and-set of attributes.

use super::{DynamoRows, STORE, position, refused_position, rows_of};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::partiql::{Answer, Statement, run};
use crate::dynamo::position::start;
use crate::dynamo::value::from_exact;
use crate::dynamo::{Item, key_value, text};
use crate::sdk_error::dependency_error;
use domain::change::Change;
use domain::collection::Collection;
use domain::key::RecordKey;
use ports::{
    Attempt, DependencyError, Direction, Fields, InOrder, OrderAlong, OrderQuery, RepairAggregates,
    SetOutcome,
};

const LOOK: &str = "read rows in order";
const SET: &str = "set an aggregate";

/// There is an order only inside a partition.
#[derive(Debug, thiserror::Error)]
#[error("the key of `{0}` has no sort attribute")]
struct NoOrder(String);

/// More or fewer answers than the one statement.
#[derive(Debug, thiserror::Error)]
#[error("no answer to the statement")]
struct NoAnswer;

impl RepairAggregates for DynamoRows {
    async fn in_order(&self, query: OrderQuery<'_>) -> Result<InOrder, DependencyError> {
        let collection = query.collection;
        let (index, partition, sort) = match (query.along, &collection.key.sort) {
            (OrderAlong::Table, Some(sort)) => (None, collection.key.partition.as_str(), &**sort),
            (OrderAlong::Table, None) => {
                let error = NoOrder(collection.table.clone());
                return Err(DependencyError::refused(STORE, LOOK, error));
            }
            (
                OrderAlong::Index {
                    name,
                    partition,
                    sort,
                },
                _,
            ) => (Some(name.to_owned()), partition, sort),
        };
        let kind = collection.key.kind_of(partition);
        let rising = query.direction == Direction::Rising;
        let mut placeholders = Placeholders::default();
        let mut key = vec![format!(
            "{} = {}",
            placeholders.name(partition),
            placeholders.value(key_value(kind, query.partition))
        )];
        key.extend(sorted(&mut placeholders, sort, &query));
        let start = query
            .after
            .map(|after| {
                let partition = (partition, query.partition);
                start(after, &collection.key, index.is_some(), partition)
            })
            .transpose()
            .map_err(refused_position)?;
        // An index is queried only for what it projects, as in `query.rs`.
        let projection = index
            .is_none()
            .then(|| placeholders.projection(&collection.judged_attributes()));
        let answer = self
            .client
            .query()
            .table_name(self.tables.of(collection))
            .consistent_read(index.is_none())
            .set_index_name(index)
            .scan_index_forward(rising)
            .key_condition_expression(key.join(" AND "))
            .set_projection_expression(projection)
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .set_exclusive_start_key(start)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| dependency_error(STORE, LOOK, error))?;
        Ok(InOrder {
            rows: rows_of(collection, answer.items, Fields::Judged, LOOK)?,
            next: position(answer.last_evaluated_key)?,
        })
    }

    async fn set(
        &self,
        collection: &Collection,
        key: &RecordKey,
        change: &Change,
    ) -> Result<Attempt<SetOutcome>, DependencyError> {
        let table = self.tables.of(collection);
        let statement =
            Statement::change(&table, collection, key, change).only_as_found(collection, change);
        let answers = run(&self.client, SET, vec![statement]).await?;
        let answer = answers
            .into_iter()
            .next()
            .ok_or_else(|| DependencyError::unavailable(STORE, SET, NoAnswer))?;
        Ok(outcome(answer, change))
    }
}

/// The condition on the sort attribute, of which there is one at most.
fn sorted(places: &mut Placeholders, sort: &str, query: &OrderQuery<'_>) -> Option<String> {
    let rising = query.direction == Direction::Rising;
    let mut condition = |form: &str, values: &[&str]| {
        let name = places.name(sort);
        let values = values.iter().map(|value| places.value(text(*value)));
        let mut parts = vec![name];
        parts.extend(values);
        let condition = parts.iter().enumerate();
        condition.fold(form.to_owned(), |form, (place, part)| {
            form.replace(&format!("{{{place}}}"), part)
        })
    };
    Some(match (query.within, query.from, rising) {
        (None, None, _) => return None,
        (None, Some(from), true) => condition("{0} >= {1}", &[from]),
        (None, Some(from), false) => condition("{0} <= {1}", &[from]),
        (Some(within), None, _) => condition("begins_with({0}, {1})", &[within]),
        (Some(within), Some(from), true) => {
            // The last character of Unicode, with which no text begins.
            let end = format!("{within}{}", char::MAX);
            condition("{0} BETWEEN {1} AND {2}", &[from, &end])
        }
        (Some(within), Some(from), false) => condition("{0} BETWEEN {1} AND {2}", &[within, from]),
    })
}

fn outcome(answer: Answer, change: &Change) -> Attempt<SetOutcome> {
    let is_set = |row: &Item| {
        let mut set = change.set.iter();
        set.all(|(name, value)| row.get(name) == Some(&from_exact(value)))
    };
    match answer {
        Answer::Done => Attempt::Done(SetOutcome::Set),
        Answer::ConditionFailed(None) => Attempt::Done(SetOutcome::Missing),
        // Already ours, by an attempt whose answer was lost.
        Answer::ConditionFailed(Some(row)) if is_set(&row) => Attempt::Done(SetOutcome::Set),
        Answer::ConditionFailed(Some(_)) => Attempt::Done(SetOutcome::Changed),
        Answer::Again(why) => Attempt::Retry(why),
        Answer::TooLarge => Attempt::Done(SetOutcome::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::collection::Collections;
    use serde_json::{Value, json};

    const STREAMS: &str = r#"
        [streams]
        table       = "streams"
        key         = ["stream_id"]
        tenant      = { attribute = "realm", gsi = "by_realm" }
        strategy    = "flag"
        retention   = "30d"
        permissions = { delete = ["member"] }
    "#;

    #[test]
    fn the_values_are_set_only_where_they_are_what_was_read() {
        let collections = Collections::for_tests(STREAMS);
        let streams = collections.get("streams").unwrap();
        let key = RecordKey::stored("s", None);
        let text = |first: Option<Value>, more: &[(&str, Option<Value>)]| {
            let more = more.iter().cloned();
            let more = more.map(|(name, value)| (name.to_owned(), value));
            let mut change = Change {
                set: vec![("first".to_owned(), json!("m-2"))],
                ..Change::default()
            };
            change.only_if.push(("first".to_owned(), first));
            change.only_if.extend(more);
            let statement = Statement::change("streams", streams, &key, &change);
            statement.only_as_found(streams, &change).text()
        };

        let set = r#"UPDATE "streams" SET "first" = ? WHERE "stream_id" = ? AND"#;
        assert_eq!(text(None, &[]), format!(r#"{set} "first" IS MISSING"#));
        assert_eq!(
            text(Some(Value::Null), &[]),
            format!(r#"{set} attribute_type("first", 'NULL')"#)
        );
        assert_eq!(
            text(Some(json!("m-1")), &[("by", Some(json!("u")))]),
            format!(r#"{set} "first" = ? AND "by" = ?"#)
        );
    }
}
