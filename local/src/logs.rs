//! What the functions have logged: ministack keeps it as CloudWatch Logs would, not in a file.

use anyhow::Result;
use serde_json::{Value, json};

use crate::http;
use crate::stack::{STACK_NAME, StackFile};

/// One of the functions, as the template names their log groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Function {
    /// Accepts deletions and answers reads.
    Api,
    /// Works on deletions.
    Consumer,
    /// Looks at what is due.
    Sweeper,
}

/// All lines of a function, oldest first; none when it has not run yet.
///
/// # Errors
///
/// When the stack does not answer.
pub async fn lines(file: &StackFile, function: Function) -> Result<Vec<String>> {
    let name = match function {
        Function::Api => "api",
        Function::Consumer => "consumer",
        Function::Sweeper => "sweeper",
    };
    let group = format!("/aws/lambda/{STACK_NAME}-{name}");
    let mut lines: Vec<(i64, String)> = Vec::new();
    let mut next = Value::Null;
    loop {
        let mut body = json!({"logGroupName": group});
        if !next.is_null() {
            body["nextToken"] = next;
        }
        let target = "Logs_20140328.FilterLogEvents";
        let answer = http::json_call(&file.endpoints.aws, "logs", target, &body).await?;
        for event in answer["events"].as_array().into_iter().flatten() {
            let text = event["message"].as_str().unwrap_or_default().trim_end();
            lines.push((
                event["timestamp"].as_i64().unwrap_or_default(),
                text.to_owned(),
            ));
        }
        next = answer["nextToken"].clone();
        if next.is_null() {
            break;
        }
    }
    lines.sort_by_key(|(time, _text)| *time);
    Ok(lines.into_iter().map(|(_time, text)| text).collect())
}
