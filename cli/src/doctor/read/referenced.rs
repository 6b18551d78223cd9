//! Rows that sampled rows reference: whether they are there, and whose they are.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::Result;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use domain::collection::Collection;
use domain::key::RecordKey;

use super::trouble::{Asked, trouble};
use super::{Answer, Stores};
use crate::doctor::finding::Level;
use crate::doctor::item;
use crate::doctor::seen::Referenced;

/// The most keys of one call.
const BATCH: usize = 100;

/// How often what a busy table has put off is asked for again.
const TRIES: u32 = 5;

/// Those of these rows of a collection that are there.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn read(
    stores: &Stores,
    collection: &Collection,
    keys: &BTreeSet<RecordKey>,
) -> Result<Answer<Referenced>> {
    let table = stores.names.of(collection);
    let keys: Vec<&RecordKey> = keys.iter().collect();
    let (mut found, mut units) = (Referenced::new(), 0.0);
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
                    let tenant = collection.tenant.attribute();
                    let tenant = tenant.and_then(|tenant| item::text(&row, tenant));
                    found.insert(key, tenant.map(str::to_owned));
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
    Ok(Answer::read(found, units))
}

/// Only keys and tenant are asked for.
fn request(collection: &Collection, keys: &[&RecordKey]) -> Result<KeysAndAttributes> {
    let mut names: Vec<&str> = collection.key.attributes().collect();
    let tenant = collection.tenant.attribute();
    names.extend(tenant.filter(|tenant| !collection.key.attributes().any(|part| part == *tenant)));
    let placeholders: Vec<String> = (0..names.len()).map(|place| format!("#n{place}")).collect();
    let keys = keys.iter().map(|key| {
        let parts = key.parts(&collection.key).into_iter();
        parts
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
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
