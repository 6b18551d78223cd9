//! Rows in order, attributes that are computed from children, and children that lose their parent, as in the real
//! store.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Attributes, FakeRows, NAME, bytes, row};
use domain::change::Change;
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::page::Position;
use domain::size::ITEM_BYTES;
use ports::{
    Attempt, DependencyError, DetachOutcome, DetachRows, Direction, Fields, InOrder, OrderAlong,
    OrderQuery, RepairAggregates, SetOutcome,
};

/// The content of a position: the partition, and the last row that was read.
#[derive(Serialize, Deserialize)]
struct Place {
    partition: String,
    value: String,
    key: RecordKey,
}

impl RepairAggregates for FakeRows {
    async fn in_order(&self, query: OrderQuery<'_>) -> Result<InOrder, DependencyError> {
        const OPERATION: &str = "read rows in order";
        let state = self.begin(OPERATION, 0, &[])?;
        let refused = |why: &'static str| Err(DependencyError::refused(NAME, OPERATION, why));
        if query.limit == 0 {
            return refused("a limit of 0");
        }
        let key = &query.collection.key;
        let (shown, partition, sort) = match (query.along, &key.sort) {
            (OrderAlong::Table, Some(sort)) => (&state.tables, &*key.partition, &**sort),
            (OrderAlong::Table, None) => return refused("the key has no sort attribute"),
            (
                OrderAlong::Index {
                    partition, sort, ..
                },
                _,
            ) => (
                state.indexed.as_ref().unwrap_or(&state.tables),
                partition,
                sort,
            ),
        };
        let rising = query.direction == Direction::Rising;
        let text = |attributes: &Attributes, name: &str| {
            attributes
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let begins = |value: &str| match (query.from, rising) {
            (None, _) => true,
            (Some(from), true) => value >= from,
            (Some(from), false) => value <= from,
        };
        let mut found: Vec<(String, &RecordKey, &Attributes)> = shown
            .get(&query.collection.name)
            .into_iter()
            .flatten()
            .filter(|(_, attributes)| {
                text(attributes, partition).as_deref() == Some(query.partition)
            })
            .filter_map(|(key, attributes)| Some((text(attributes, sort)?, key, attributes)))
            .filter(|(value, ..)| begins(value))
            .filter(|(value, ..)| query.within.is_none_or(|within| value.starts_with(within)))
            .collect();
        found.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        if !rising {
            found.reverse();
        }
        if let Some(after) = query.after {
            let Ok(after) = serde_json::from_str::<Place>(&after.0) else {
                return refused("the position is not of this query");
            };
            if after.partition != query.partition {
                return refused("the position is not of this query");
            }
            let last = (&after.value, &after.key);
            found.retain(|(value, key, _)| match (value, *key).cmp(&last) {
                Ordering::Less => !rising,
                Ordering::Equal => false,
                Ordering::Greater => rising,
            });
        }
        found.truncate(query.limit);
        // As in DynamoDB, a page that was filled to the limit reports that there is more, whether there is or not.
        let last = found.last().filter(|_| found.len() == query.limit);
        let next = last.map(|(value, key, _)| {
            let place = Place {
                partition: query.partition.to_owned(),
                value: value.clone(),
                key: (*key).clone(),
            };
            Position(serde_json::json!(place).to_string())
        });
        let rows = found
            .into_iter()
            .map(|(_, key, attributes)| row(query.collection, key, attributes, Fields::Judged))
            .collect();
        Ok(InOrder { rows, next })
    }

    async fn set(
        &self,
        collection: &Collection,
        key: &RecordKey,
        change: &Change,
    ) -> Result<Attempt<SetOutcome>, DependencyError> {
        drop(self.begin("set an aggregate", 1, &[key])?);
        Ok(Attempt::Done(self.change(collection, key, |row| {
            let Some(attributes) = row else {
                return SetOutcome::Missing;
            };
            let mut set = change.set.iter();
            let is_set = set.all(|(name, value)| attributes.get(name) == Some(value));
            if !is_set && !change.holds(attributes) {
                return SetOutcome::Changed;
            }
            let mut next = attributes.clone();
            change.apply(&mut next);
            if bytes(&next) > ITEM_BYTES {
                return SetOutcome::TooLarge;
            }
            *attributes = next;
            SetOutcome::Set
        })))
    }
}

impl DetachRows for FakeRows {
    async fn detach(
        &self,
        collection: &Collection,
        parent: &RecordKey,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<DetachOutcome>>, DependencyError> {
        const OPERATION: &str = "detach rows";
        let asked: Vec<_> = keys.iter().collect();
        drop(self.begin(OPERATION, Self::DETACH_BATCH, &asked)?);
        let Some(references) = collection.references(parent) else {
            let why = "the collection has no parent";
            return Err(DependencyError::refused(NAME, OPERATION, why));
        };
        let of_key = |(attribute, _): &(&str, String)| {
            collection.key.attributes().any(|name| name == *attribute)
        };
        if references.iter().any(of_key) {
            return Err(DependencyError::refused(
                NAME,
                OPERATION,
                "an attribute of the key cannot be removed",
            ));
        }
        let detach = |key| {
            self.change(collection, key, |row| {
                let Some(attributes) = row else {
                    return DetachOutcome::Missing;
                };
                let here = references.iter().all(|(attribute, value)| {
                    attributes.get(*attribute).and_then(Value::as_str) == Some(value)
                });
                if !here {
                    return DetachOutcome::Elsewhere;
                }
                for (attribute, _) in &references {
                    attributes.remove(*attribute);
                }
                DetachOutcome::Detached
            })
        };
        Ok(keys.iter().map(|key| Attempt::Done(detach(key))).collect())
    }

    async fn regroup(
        &self,
        collection: &Collection,
        attribute: &str,
        from: &str,
        to: Option<&str>,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<DetachOutcome>>, DependencyError> {
        let asked: Vec<_> = keys.iter().collect();
        drop(self.begin("regroup rows", Self::DETACH_BATCH, &asked)?);
        let regroup = |key| {
            self.change(collection, key, |row| {
                let Some(attributes) = row else {
                    return DetachOutcome::Missing;
                };
                if attributes.get(attribute).and_then(Value::as_str) != Some(from) {
                    return DetachOutcome::Elsewhere;
                }
                match to {
                    Some(to) => drop(attributes.insert(attribute.to_owned(), to.into())),
                    None => drop(attributes.remove(attribute)),
                }
                DetachOutcome::Detached
            })
        };
        Ok(keys.iter().map(|key| Attempt::Done(regroup(key))).collect())
    }
}
