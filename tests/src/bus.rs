//! Whoever must know: a rule on the bus, with a queue of the test's own behind it.

use std::time::{Duration, Instant};

use aws_sdk_eventbridge::types::Target;
use local::stack::StackFile;
use serde_json::{Value, json};

use crate::queues;

/// Listens to the events of one tenant.
#[derive(Debug)]
pub struct Bus {
    sqs: aws_sdk_sqs::Client,
    queue: String,
    heard: Vec<Heard>,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The detail-type.
    pub kind: String,
    /// The source.
    pub source: String,
    /// The detail.
    pub detail: Value,
}

impl Bus {
    /// Listens from now on.
    pub async fn listen(stack: &StackFile, tenant: &str) -> Self {
        let sqs = stack.sqs();
        let name = format!("events-{tenant}");
        let (queue, arn) = queues::make(&sqs, &name).await;
        let events = stack.events();
        events
            .put_rule()
            .name(&name)
            .event_bus_name(&stack.bus)
            .event_pattern(
                json!({"source": ["tombstone"], "detail": {"tenant": [tenant]}}).to_string(),
            )
            .send()
            .await
            .unwrap();
        let target = Target::builder().id("queue").arn(arn).build().unwrap();
        events
            .put_targets()
            .rule(&name)
            .event_bus_name(&stack.bus)
            .targets(target)
            .send()
            .await
            .unwrap();
        Self {
            sqs,
            queue,
            heard: Vec::new(),
        }
    }

    /// Listens until this many deletions have finished a pass; all that was heard until then.
    pub async fn finished(&mut self, times: usize, limit: Duration) -> &[Heard] {
        let begun = Instant::now();
        loop {
            for message in queues::take(&self.sqs, &self.queue).await {
                let event: Value = serde_json::from_str(&message.body.unwrap()).unwrap();
                self.heard.push(Heard {
                    kind: event["detail-type"].as_str().unwrap().to_owned(),
                    source: event["source"].as_str().unwrap().to_owned(),
                    detail: event["detail"].clone(),
                });
            }
            let finished = self
                .heard
                .iter()
                .filter(|event| event.kind == "DeletionFinished");
            if finished.count() >= times {
                return &self.heard;
            }
            let heard: Vec<&str> = self.heard.iter().map(|event| event.kind.as_str()).collect();
            assert!(
                begun.elapsed() < limit,
                "not within {limit:?}; heard {heard:?}"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
