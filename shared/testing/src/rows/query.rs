//! A query as DynamoDB runs it: `limit` rows are read, then some are filtered out, so a page may be short or empty
//! although there is more after it.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Attributes, NAME, mark_of, row};
use domain::key::RecordKey;
use domain::page::Position;
use ports::{DependencyError, Fields, RowPage, RowQuery, Through};

/// The content of a position: the table or index, the value of the first condition, and the last key that was read.
#[derive(PartialEq, Serialize, Deserialize)]
struct Place {
    index: Option<String>,
    first: String,
    last: RecordKey,
}

pub(super) fn run(
    table: Option<&BTreeMap<RecordKey, Attributes>>,
    query: RowQuery<'_>,
) -> Result<RowPage, DependencyError> {
    let refused = |why: &'static str| Err(DependencyError::refused(NAME, "query rows", why));
    let Some(((attribute, first), rest)) = query.equals.split_first() else {
        return refused("no condition");
    };
    let index = match query.through {
        Through::Table if query.collection.behind(attribute) != query.collection.key.partition => {
            return refused("the first condition is not on the partition attribute");
        }
        Through::Table => None,
        Through::Index(index) if !has_index(&query, index) => {
            return refused("there is no such index");
        }
        Through::Index(index) => Some(index.to_owned()),
    };
    if query.limit == 0 {
        return refused("a limit of 0");
    }
    let from = match query
        .after
        .map(|position| serde_json::from_str::<Place>(&position.0))
    {
        None => Bound::Unbounded,
        Some(Ok(place)) if place.index == index && place.first == *first => {
            Bound::Excluded(place.last)
        }
        Some(_) => return refused("the position is not of this query"),
    };

    let says = |(key, attributes): (&RecordKey, &Attributes), (name, value): &(&str, &str)| {
        let text = |attribute: &str| attributes.get(attribute).and_then(Value::as_str);
        query.collection.part(key, text, name) == Some(*value)
    };
    let looked_at: Vec<_> = table
        .into_iter()
        .flat_map(|table| table.range((from.clone(), Bound::Unbounded)))
        .filter(|row| says(*row, &(attribute, first)))
        .take(query.limit)
        .collect();
    let next = match looked_at.last() {
        // As in DynamoDB, a page that was filled to the limit reports that there is more, whether there is or not.
        Some((last, _)) if looked_at.len() == query.limit => {
            let place = Place {
                index,
                first: (*first).to_owned(),
                last: (*last).clone(),
            };
            Some(Position(serde_json::json!(place).to_string()))
        }
        _ => None,
    };
    let wanted = |key: &RecordKey, attributes: &Attributes| {
        let whole = row(query.collection, key, attributes, Fields::All);
        rest.iter()
            .all(|condition| whole.may_have(query.collection, query.equals, *condition))
            && !query
                .not_marked_by
                .is_some_and(|deletion| mark_of(query.collection, attributes).is_of(deletion))
    };
    let rows = looked_at
        .into_iter()
        .filter(|(key, attributes)| wanted(key, attributes))
        .map(|(key, attributes)| row(query.collection, key, attributes, query.fields))
        .collect();
    Ok(RowPage { rows, next })
}

/// Only what the collections file declares exists.
fn has_index(query: &RowQuery<'_>, index: &str) -> bool {
    let collection = query.collection;
    let lookup = match collection.parent.as_ref().map(|parent| &parent.lookup) {
        Some(domain::collection::ChildLookup::Index(name)) => Some(name.as_str()),
        _ => None,
    };
    let keeps = match collection.keeps.as_ref().map(|keeps| &keeps.lookup) {
        Some(domain::collection::ChildLookup::Index(name)) => Some(name.as_str()),
        _ => None,
    };
    let tenant = collection.tenant.index().map(|(index, _)| index);
    let author = collection
        .author
        .as_ref()
        .and_then(|author| author.gsi.as_deref());
    let groups = collection
        .parent
        .as_ref()
        .and_then(|parent| parent.promote.as_ref())
        .map(|promotion| promotion.gsi.as_str());
    [lookup, keeps, tenant, author, groups].contains(&Some(index))
}
