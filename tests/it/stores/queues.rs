//! Queues and buses in the stack's stand-in of AWS, made for one test.

use std::time::Duration;

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use super::aws::sdk_config;
use super::{endpoint, unique};

/// A queue of its own for one test.
pub(crate) struct Queue {
    pub(crate) client: aws_sdk_sqs::Client,
    pub(crate) url: String,
}

/// A bus of its own for one test, with a queue behind it that gets everything.
pub(crate) struct Bus {
    pub(crate) client: aws_sdk_eventbridge::Client,
    pub(crate) name: String,
    pub(crate) heard: Queue,
}

impl Queue {
    /// An empty queue; `None` where there is no stack.
    pub(crate) async fn new() -> Option<Self> {
        let client = aws_sdk_sqs::Client::new(&sdk_config(&endpoint("aws")?));
        let created = client
            .create_queue()
            .queue_name(unique("contract"))
            .send()
            .await
            .expect("a queue");
        Some(Self {
            client,
            url: created.queue_url.expect("its URL"),
        })
    }

    /// Takes what has arrived: until `enough` messages are there, or none came for a second.
    pub(crate) async fn take(&self, enough: usize) -> Vec<String> {
        let mut bodies = Vec::new();
        while bodies.len() < enough {
            let receive = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(10)
                .wait_time_seconds(1);
            let messages = receive
                .send()
                .await
                .expect("the queue answers")
                .messages
                .unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            for message in messages {
                let handle = message.receipt_handle.expect("a handle");
                self.client
                    .delete_message()
                    .queue_url(&self.url)
                    .receipt_handle(handle)
                    .send()
                    .await
                    .expect("it is deleted");
                bodies.push(message.body.expect("a body"));
            }
        }
        bodies
    }

    async fn arn(&self) -> String {
        let asked = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::QueueArn);
        let attributes = asked
            .send()
            .await
            .expect("the queue answers")
            .attributes
            .expect("its attributes");
        attributes[&QueueAttributeName::QueueArn].clone()
    }
}

impl Bus {
    /// A bus; `None` where there is no stack.
    pub(crate) async fn new() -> Option<Self> {
        let client = aws_sdk_eventbridge::Client::new(&sdk_config(&endpoint("aws")?));
        let (name, heard) = (unique("contract"), Queue::new().await?);
        client
            .create_event_bus()
            .name(&name)
            .send()
            .await
            .expect("a bus");
        let everything = json!({ "source": ["tombstone"] }).to_string();
        client
            .put_rule()
            .name(&name)
            .event_bus_name(&name)
            .event_pattern(everything)
            .send()
            .await
            .expect("a rule");
        let target = Target::builder()
            .id("heard")
            .arn(heard.arn().await)
            .build()
            .expect("a target");
        client
            .put_targets()
            .rule(&name)
            .event_bus_name(&name)
            .targets(target)
            .send()
            .await
            .expect("the rule has a target");
        Some(Self {
            client,
            name,
            heard,
        })
    }

    /// What was heard, as `(source, detail-type, detail)`: until `enough` events are there, or none came for a while.
    pub(crate) async fn heard(&self, enough: usize) -> Vec<(String, String, Value)> {
        let mut heard = Vec::new();
        for _ in 0..5 {
            heard.extend(
                self.heard
                    .take(enough - heard.len())
                    .await
                    .iter()
                    .map(|body| read(body)),
            );
            if heard.len() >= enough {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        heard
    }
}

fn read(body: &str) -> (String, String, Value) {
    let event: Value = serde_json::from_str(body).expect("it is JSON");
    let text = |name: &str| event[name].as_str().expect("a text").to_owned();
    (text("source"), text("detail-type"), event["detail"].clone())
}
