//! What an operator's hands, a failing machine or a careless queue do to the system during the demo.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use aws_sdk_sqs::Client;
use local::http;
use local::lambda;
use local::stack::StackFile;
use reqwest::Method;
use serde_json::{Value, json};

/// The consumer's event source mapping, which can be switched off and on.
#[derive(Debug)]
pub(super) struct Mapping<'a> {
    stack: &'a StackFile,
    url: String,
}

impl<'a> Mapping<'a> {
    /// Finds the mapping of the consumer.
    pub(super) async fn find(stack: &'a StackFile) -> Result<Self> {
        let base = format!("{}/2015-03-31/event-source-mappings", stack.endpoints.aws);
        let consumer = &stack.functions.consumer;
        let found = call(
            Method::GET,
            &format!("{base}/?FunctionName={consumer}"),
            None,
        )
        .await?;
        let id = found["EventSourceMappings"][0]["UUID"]
            .as_str()
            .context("the consumer has no event source mapping")?;
        Ok(Self {
            stack,
            url: format!("{base}/{id}"),
        })
    }

    /// Lets the consumer wait: messages stay in the queue.
    pub(super) async fn hold(&self) -> Result<()> {
        self.enable(false).await
    }

    /// Lets it work again.
    pub(super) async fn release(&self) -> Result<()> {
        self.enable(true).await
    }

    async fn enable(&self, enabled: bool) -> Result<()> {
        call(Method::PUT, &self.url, Some(json!({"Enabled": enabled}))).await?;
        if !enabled {
            // A batch that was taken before is done first.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }

    /// The same by hand.
    pub(super) fn line(&self, enabled: bool) -> String {
        let path = self.url.strip_prefix(&self.stack.endpoints.aws);
        let path = path.unwrap_or(&self.url);
        format!(
            "{} -X PUT \"$AWS{path}\" -d '{{\"Enabled\": {enabled}}}'",
            signed("lambda")
        )
    }
}

/// The beginning of a `curl` line for one of the emulated services.
pub(super) fn signed(service: &str) -> String {
    format!(
        "curl -s --aws-sigv4 aws:amz:{}:{service} --user {}:{}",
        http::REGION,
        http::KEY,
        http::KEY
    )
}

/// A request to a table as it is typed.
pub(super) fn dynamodb_line(operation: &str, body: &Value) -> String {
    let body = super::api::quoted(&body.to_string());
    format!(
        "{} -H 'content-type: application/x-amz-json-1.0' -H 'x-amz-target: DynamoDB_20120810.{operation}' \"$DYNAMODB\" -d {body}",
        signed("dynamodb")
    )
}

async fn call(method: Method, url: &str, body: Option<Value>) -> Result<Value> {
    let client = http::client(Duration::from_secs(30))?;
    let mut request = http::signed(&client, method, url, "lambda");
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let what = "the event source mapping";
    http::read(request.send().await.context(what.to_owned())?, what).await
}

/// Takes the message of a deletion out of the queue, as if it had been lost. Answers its body.
pub(super) async fn lose_message(stack: &StackFile, deletion: &str) -> Result<String> {
    let client = stack.sqs();
    let queue = &stack.queues.deletions;
    for _ in 0..50 {
        let answer = client
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(10)
            .send()
            .await
            .context("receive messages")?;
        let mut lost = None;
        for message in answer.messages.unwrap_or_default() {
            let handle = message.receipt_handle.unwrap_or_default();
            let body = message.body.unwrap_or_default();
            if body.contains(deletion) {
                client
                    .delete_message()
                    .queue_url(queue)
                    .receipt_handle(handle)
                    .send()
                    .await
                    .context("delete the message")?;
                lost = Some(body);
            } else {
                give_back(&client, queue, handle).await?;
            }
        }
        if let Some(body) = lost {
            return Ok(body);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(anyhow!("the message is not in the queue"))
}

async fn give_back(client: &Client, queue: &str, handle: String) -> Result<()> {
    let request = client
        .change_message_visibility()
        .queue_url(queue)
        .receipt_handle(handle)
        .visibility_timeout(0);
    request
        .send()
        .await
        .context("give a message back")
        .map(|_| ())
}

/// How many messages wait or are being worked on.
pub(super) async fn queue_depth(stack: &StackFile) -> Result<usize> {
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let answer = stack
        .sqs()
        .get_queue_attributes()
        .queue_url(&stack.queues.deletions)
        .attribute_names(Name::ApproximateNumberOfMessages)
        .attribute_names(Name::ApproximateNumberOfMessagesNotVisible)
        .send()
        .await
        .context("ask how deep the queue is")?;
    let counts = answer.attributes.unwrap_or_default().into_values();
    Ok(counts.filter_map(|count| count.parse::<usize>().ok()).sum())
}

/// One sweep, now instead of at the next tick: its report.
pub(super) async fn sweep(stack: &StackFile) -> Result<Value> {
    lambda::invoke(stack, &stack.functions.sweeper, &json!({})).await
}

/// The same by hand.
pub(super) fn sweep_line(stack: &StackFile) -> String {
    let sweeper = &stack.functions.sweeper;
    format!(
        "{} -X POST \"$AWS/2015-03-31/functions/{sweeper}/invocations\" -d '{{}}'",
        signed("lambda")
    )
}

/// A number of a sweep's report.
pub(super) fn reported(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_default()
}
