//! Rows that sampled rows reference: whether they are there, and whose they are.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::Result;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use domain::collection::{Collection, Known};
use domain::key::RecordKey;

use super::trouble::{Asked, trouble};
use super::{Answer, Stores};
use crate::doctor::finding::Level;
use crate::doctor::item;
use crate::doctor::part::{self, Fit, Reference};
use crate::doctor::seen::Referenced;

/// The most keys of one call.
const BATCH: usize = 100;

/// How often what a busy table has put off is asked for again.
const TRIES: u32 = 5;

/// How many rows of a partition are looked at for one that is referenced without its tenant.
const LOOKED_AT: i32 = 25;

/// Those of these rows of a collection that are there.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn read(
    stores: &Stores,
    collection: &Collection,
    references: &BTreeSet<Reference>,
) -> Result<Answer<Referenced>> {
    let mut found = Referenced::new();
    let mut answer = by_key(stores, collection, references, &mut found).await?;
    if !answer.findings.is_empty() {
        return Ok(Answer {
            value: None,
            ..answer
        });
    }
    for reference in references {
        let Reference::Parts(parts) = reference else {
            continue;
        };
        let one = by_parts(stores, collection, parts).await?;
        answer.units += one.units;
        let Some(tenants) = one.value else {
            answer.findings = one.findings;
            return Ok(Answer {
                value: None,
                ..answer
            });
        };
        found.extend(tenants.map(|tenant| (reference.clone(), tenant)));
    }
    Ok(Answer {
        value: Some(found),
        ..answer
    })
}

async fn by_key(
    stores: &Stores,
    collection: &Collection,
    references: &BTreeSet<Reference>,
    found: &mut Referenced,
) -> Result<Answer<Referenced>> {
    let table = stores.names.of(collection);
    let keys = references.iter().filter_map(|reference| match reference {
        Reference::Key(key) => Some(key),
        Reference::Parts(_) => None,
    });
    let keys: Vec<&RecordKey> = keys.collect();
    let mut units = 0.0;
    for batch in keys.chunks(BATCH) {
        let mut left = Some(request(collection, batch)?);
        for attempt in 0..TRIES {
            let Some(request) = left.take() else { break };
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            let answer = stores
                .dynamodb
                .batch_get_item()
                .request_items(&table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    let resource = stores.arn(&table);
                    let asked = Asked {
                        action: "dynamodb:BatchGetItem",
                        resource: &resource,
                    };
                    return Ok(Answer::none(trouble(error)?.finding(Level::Error, asked)));
                }
            };
            let consumed = answer.consumed_capacity.unwrap_or_default();
            units += consumed
                .iter()
                .filter_map(|consumed| consumed.capacity_units)
                .sum::<f64>();
            let tables = answer.responses.unwrap_or_default();
            for row in tables.into_values().flatten() {
                if let Some(key) = item::key_of(&row, &collection.key) {
                    let tenant = part::tenant(&row, collection);
                    found.insert(Reference::Key(key), tenant);
                }
            }
            left = answer
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&table));
        }
        if left.is_some() {
            let resource = stores.arn(&table);
            let asked = Asked {
                action: "dynamodb:BatchGetItem",
                resource: &resource,
            };
            let busy = super::trouble::Trouble::Failed("the table is too busy".to_owned());
            return Ok(Answer::none(busy.finding(Level::Error, asked)));
        }
    }
    Ok(Answer {
        value: None,
        findings: Vec::new(),
        units,
    })
}

/// The tenant of the record with these parts, if there is one; a record that no query can find counts as there.
async fn by_parts(
    stores: &Stores,
    collection: &Collection,
    parts: &[(String, String)],
) -> Result<Answer<Option<Option<String>>>> {
    let equals: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let Ok(conditions) = collection.conditions(&equals) else {
        return Ok(Answer::read(None, 0.0));
    };
    let known = |attribute: &str| {
        let mut of = conditions.iter();
        of.find(|condition| condition.attribute == attribute)
            .map(|condition| &condition.known)
    };
    let Some(Known::Whole(partition)) = known(&collection.key.partition) else {
        return Ok(Answer::read(Some(None), 0.0));
    };
    let table = stores.names.of(collection);
    let names = names(collection);
    let projection = (0..names.len()).map(|place| format!("#n{place}"));
    let (sort, value) = match collection.key.sort.as_deref().and_then(known) {
        None => ("", None),
        Some(Known::Whole(text)) => (" AND #n1 = :s", Some(text)),
        Some(Known::Beginning(text)) => (" AND begins_with(#n1, :s)", Some(text)),
    };
    let query = stores
        .dynamodb
        .query()
        .table_name(&table)
        .key_condition_expression(format!("#n0 = :p{sort}"))
        .expression_attribute_values(":p", AttributeValue::S(partition.clone()))
        .projection_expression(projection.collect::<Vec<_>>().join(", "))
        .limit(LOOKED_AT)
        .return_consumed_capacity(ReturnConsumedCapacity::Total);
    let query = match value {
        None => query,
        Some(text) => query.expression_attribute_values(":s", AttributeValue::S(text.clone())),
    };
    let query = names
        .iter()
        .enumerate()
        .fold(query, |query, (place, name)| {
            query.expression_attribute_names(format!("#n{place}"), *name)
        });
    let answer = match query.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let resource = stores.arn(&table);
            let asked = Asked {
                action: "dynamodb:Query",
                resource: &resource,
            };
            return Ok(Answer::none(trouble(error)?.finding(Level::Error, asked)));
        }
    };
    let units = answer.consumed_capacity.as_ref();
    let units = units.and_then(|consumed| consumed.capacity_units);
    let rows = answer.items.unwrap_or_default();
    let own = rows
        .iter()
        .find(|row| part::fit(row, collection) == Fit::Own);
    let tenant = own.map(|row| part::tenant(row, collection));
    Ok(Answer::read(tenant, units.unwrap_or_default()))
}

/// Only keys and tenant are asked for; those of the key come first.
fn names(collection: &Collection) -> Vec<&str> {
    let mut names: Vec<&str> = collection.key.attributes().collect();
    let tenant = collection.tenant.attribute();
    names.extend(tenant.filter(|tenant| !collection.key.attributes().any(|part| part == *tenant)));
    names
}

fn request(collection: &Collection, keys: &[&RecordKey]) -> Result<KeysAndAttributes> {
    let names = names(collection);
    let placeholders: Vec<String> = (0..names.len()).map(|place| format!("#n{place}")).collect();
    let keys = keys.iter().map(|key| {
        let each = collection.key.each().zip(key.values());
        each.map(|((name, form), value)| (name.to_owned(), item::value(form.kind, value)))
            .collect::<HashMap<_, _>>()
    });
    Ok(KeysAndAttributes::builder()
        .set_keys(Some(keys.collect()))
        .projection_expression(placeholders.join(", "))
        .set_expression_attribute_names(Some(
            placeholders
                .iter()
                .cloned()
                .zip(names.iter().map(ToString::to_string))
                .collect(),
        ))
        .build()?)
}
