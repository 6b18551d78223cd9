//! The deployed functions: called, kept from their queue, measured, and read.

use std::fs;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use local::http;
use local::stack::StackFile;
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::Caller;

/// Lets the sweeper look at what is due; its report.
pub async fn sweep(stack: &StackFile) -> Value {
    local::lambda::invoke(stack, &stack.functions.sweeper, &json!({}))
        .await
        .unwrap()
}

/// Sweeps every second, as a schedule with that rate would, until the deletion is done.
pub async fn sweep_until_done(
    caller: &Caller,
    stack: &StackFile,
    id: &str,
    limit: Duration,
) -> Value {
    let begun = Instant::now();
    loop {
        let deletion = caller.deletion(id).await;
        if deletion["done"] == true {
            return deletion;
        }
        assert!(
            begun.elapsed() < limit,
            "not done within {limit:?}: {deletion:#}"
        );
        sweep(stack).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Does something while no message reaches the consumer; afterwards they do again, whatever happened.
pub async fn without_the_consumer<T>(stack: &StackFile, work: impl Future<Output = T>) -> T {
    let mapping = mapping(stack).await;
    enable(stack, &mapping, false).await;
    // A poll that is under way has taken its message by then.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let result = AssertUnwindSafe(work).catch_unwind().await;
    enable(stack, &mapping, true).await;
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

async fn mapping(stack: &StackFile) -> String {
    let path = format!(
        "event-source-mappings/?FunctionName={}",
        stack.functions.consumer
    );
    let answer = lambda(stack, Method::GET, &path, None).await;
    let mappings = answer["EventSourceMappings"].as_array().unwrap();
    assert_eq!(mappings.len(), 1, "{answer}");
    mappings[0]["UUID"].as_str().unwrap().to_owned()
}

async fn enable(stack: &StackFile, mapping: &str, enabled: bool) {
    let path = format!("event-source-mappings/{mapping}");
    let body = json!({"Enabled": enabled});
    lambda(stack, Method::PUT, &path, Some(&body)).await;
}

async fn lambda(stack: &StackFile, method: Method, path: &str, body: Option<&Value>) -> Value {
    let client = http::client(Duration::from_secs(30)).unwrap();
    let url = format!("{}/2015-03-31/{path}", stack.endpoints.aws);
    let mut request = http::signed(&client, method, &url, "lambda");
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    http::read(request.send().await.unwrap(), path)
        .await
        .unwrap()
}

/// A function by the name in its log group.
pub const FUNCTIONS: [&str; 3] = ["api", "consumer", "sweeper"];

/// Lines of a function's log that hold this word. Asked for by a filter, because a log is longer than one answer.
pub async fn logged(stack: &StackFile, function: &str, word: &str) -> Vec<String> {
    let request = json!({
        "logGroupName": format!("/aws/lambda/tombstone-{function}"),
        "filterPattern": format!("\"{word}\""),
    });
    let target = "Logs_20140328.FilterLogEvents";
    let answer = http::json_call(&stack.endpoints.aws, "logs", target, &request)
        .await
        .unwrap();
    let events = answer["events"].as_array().unwrap().iter();
    events
        .filter_map(|event| event["message"].as_str())
        .filter(|line| line.contains(word))
        .map(str::to_owned)
        .collect()
}

/// The highest resident memory, in KiB, of any process of this function that is alive.
#[must_use]
pub fn peak_memory(stack: &StackFile, function: &str) -> Option<u64> {
    let processes = local::lambda::bootstraps(stack, function).unwrap();
    let peaks = processes.iter().filter_map(|process| {
        let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    peaks.max()
}
