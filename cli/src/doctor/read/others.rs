//! The other tables of the account: those that no file declares.

use std::collections::BTreeSet;

use anyhow::Result;

use super::tables::seen;
use super::trouble::{Asked, Trouble, trouble};
use super::{Answer, Stores};
use crate::doctor::finding::Level;
use crate::doctor::progress::Progress;
use crate::doctor::seen::TableSeen;

/// The most tables that are listed, by a hundred.
const PAGES: usize = 10;

/// The most that are described.
const DESCRIBED: usize = 300;

/// The tables of this account and region but those of these names. That not all may be seen is a note: it is a look
/// beyond what was declared.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn tables(
    stores: &Stores,
    declared: &BTreeSet<String>,
    progress: &Progress,
) -> Result<Answer<Vec<(String, TableSeen)>>> {
    let mut names: Vec<String> = Vec::new();
    let mut after = None;
    for _ in 0..PAGES {
        let page = stores
            .dynamodb
            .list_tables()
            .set_exclusive_start_table_name(after.take());
        match page.send().await {
            Ok(page) => {
                names.extend(page.table_names.unwrap_or_default());
                after = page.last_evaluated_table_name;
            }
            Err(error) => {
                let asked = Asked {
                    action: "dynamodb:ListTables",
                    resource: "*",
                };
                return Ok(Answer::none(trouble(error)?.finding(Level::Note, asked)));
            }
        }
        if after.is_none() {
            break;
        }
    }
    names.retain(|name| !declared.contains(name));
    names.truncate(DESCRIBED);
    let mut found = Vec::new();
    let mut denied = None;
    for name in names {
        progress.tell(&format!("looking at {name}, which no file declares"));
        let described = stores.dynamodb.describe_table().table_name(&name);
        match described.send().await {
            Ok(described) => found.extend(described.table.map(|table| (name, seen(&table)))),
            Err(error) => match trouble(error)? {
                Trouble::Missing => {}
                other => denied = Some(other),
            },
        }
    }
    let mut answer = Answer::read(found, 0.0);
    if let Some(trouble) = denied {
        let resource = stores.arn("*");
        let asked = Asked {
            action: "dynamodb:DescribeTable",
            resource: &resource,
        };
        answer.findings.push(trouble.finding(Level::Note, asked));
    }
    Ok(answer)
}
