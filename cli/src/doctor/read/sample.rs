//! Some rows of a table, from different places of it: a scan in parallel segments, each bounded.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use tokio::task::JoinSet;

use super::trouble::{Asked, Trouble, trouble};
use super::{Answer, Stores};
use crate::doctor::finding::Level;
use crate::doctor::item::Item;

/// From how many places of the table rows are taken.
const SEGMENTS: usize = 10;

/// How often each place is asked: those of a small table are uneven, and whichever has more gives more.
const ROUNDS: usize = 4;

/// One place of the table.
#[derive(Debug, Clone)]
struct Segment {
    number: usize,
    of: usize,
    after: Option<HashMap<String, AttributeValue>>,
}

/// What a segment gave.
struct Part {
    rows: Vec<Item>,
    units: f64,
    /// Where it goes on, if it has more.
    rest: Option<Segment>,
}

/// About `count` rows of the table of this name, read eventually consistently. Fewer where it has fewer.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn rows(stores: &Stores, name: &str, count: usize) -> Result<Answer<Vec<Item>>> {
    let of = count.clamp(1, SEGMENTS);
    let mut open: Vec<Segment> = (0..of)
        .map(|number| Segment {
            number,
            of,
            after: None,
        })
        .collect();
    let (mut rows, mut units) = (Vec::new(), 0.0);
    for _ in 0..ROUNDS {
        let left = count.saturating_sub(rows.len());
        if left == 0 || open.is_empty() {
            break;
        }
        let limit = left.div_ceil(open.len());
        let parts = match round(&stores.dynamodb, name, std::mem::take(&mut open), limit).await? {
            Ok(parts) => parts,
            Err(trouble) => {
                let resource = stores.arn(name);
                let asked = Asked {
                    action: "dynamodb:Scan",
                    resource: &resource,
                };
                return Ok(Answer::none(
                    trouble.finding(Level::Error, asked).at("table"),
                ));
            }
        };
        for part in parts {
            rows.extend(part.rows);
            units += part.units;
            open.extend(part.rest);
        }
    }
    rows.truncate(count);
    Ok(Answer::read(rows, units))
}

/// Asks each of these once, in parallel.
async fn round(
    client: &Client,
    table: &str,
    segments: Vec<Segment>,
    limit: usize,
) -> Result<Result<Vec<Part>, Trouble>> {
    let mut asked = JoinSet::new();
    for (place, segment) in segments.into_iter().enumerate() {
        let (client, table) = (client.clone(), table.to_owned());
        asked.spawn(async move { (place, part(client, table, segment, limit).await) });
    }
    let mut parts = Vec::new();
    while let Some(answer) = asked.join_next().await {
        let (place, part) = answer.context("sample a table")?;
        match part? {
            Ok(part) => parts.push((place, part)),
            Err(trouble) => return Ok(Err(trouble)),
        }
    }
    parts.sort_by_key(|(place, _)| *place);
    Ok(Ok(parts.into_iter().map(|(_, part)| part).collect()))
}

async fn part(
    client: Client,
    table: String,
    segment: Segment,
    limit: usize,
) -> Result<Result<Part, Trouble>> {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let answer = client
        .scan()
        .table_name(&table)
        .segment(number(segment.number))
        .total_segments(number(segment.of))
        .limit(number(limit))
        .set_exclusive_start_key(segment.after.clone())
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(trouble(error)?)),
    };
    let consumed = answer.consumed_capacity.as_ref();
    let units = consumed.and_then(|consumed| consumed.capacity_units);
    let after = answer.last_evaluated_key.filter(|key| !key.is_empty());
    Ok(Ok(Part {
        rows: answer.items.unwrap_or_default(),
        units: units.unwrap_or_default(),
        rest: after.map(|after| Segment {
            after: Some(after),
            ..segment
        }),
    }))
}
