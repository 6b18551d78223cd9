//! `cargo xtask env`: what a function needs to know to work on the running stack from outside, as `cargo lambda watch
//! --env-file` and a shell read it.

use crate::failure::{Context, Result};
use crate::http::{KEY, REGION};
use crate::stack::{SEARCH_DOMAIN, StackFile};

/// The variables, as `NAME=value` lines; what is not named has its default.
///
/// # Errors
///
/// When the file of the stack names a folder that is no text.
pub fn lines(file: &StackFile) -> Result<Vec<String>> {
    let collections = match &file.collections_dir {
        Some(folder) => folder.to_str().context("write the folder of collections")?,
        None => "",
    };
    let (kind, domain) = if file.endpoints.opensearch.is_empty() {
        ("none", "")
    } else {
        ("domain", SEARCH_DOMAIN)
    };
    let variables = [
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", KEY),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL", &file.endpoints.aws),
        ("AWS_ENDPOINT_URL_DYNAMODB", &file.endpoints.dynamodb),
        ("CONTROL_TABLE", &file.control_table),
        ("ARCHIVE_TABLE", &file.archive_table),
        ("TABLE_PREFIX", &file.table_prefix),
        ("INDEX_PREFIX", &file.index_prefix),
        ("OPENSEARCH_ENDPOINT", &file.endpoints.opensearch),
        ("SEARCH_KIND", kind),
        ("QUEUE_URL", &file.queues.deletions),
        ("EVENT_BUS", &file.bus),
        ("SCHEDULE_GROUP", &file.schedule_group),
        ("SEARCH_DOMAIN", domain),
        ("COLLECTIONS_DIR", collections),
        ("SUBJECT_CLAIM", "cognito:username"),
    ];
    Ok(variables
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect())
}
