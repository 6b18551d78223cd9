//! Queues as a test sees them.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, QueueAttributeName};

/// Makes a queue of the test's own; answers its URL and its ARN.
pub async fn make(client: &Client, name: &str) -> (String, String) {
    let made = client.create_queue().queue_name(name).send().await.unwrap();
    let url = made.queue_url.unwrap();
    let attributes = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .unwrap();
    let attributes: HashMap<_, _> = attributes.attributes.unwrap();
    let arn = attributes[&QueueAttributeName::QueueArn].clone();
    (url, arn)
}

/// Takes what is there now, for good.
pub async fn take(client: &Client, url: &str) -> Vec<Message> {
    let mut taken = Vec::new();
    loop {
        let some = receive(client, url).await;
        if some.is_empty() {
            return taken;
        }
        for message in some {
            client
                .delete_message()
                .queue_url(url)
                .receipt_handle(message.receipt_handle.as_deref().unwrap_or_default())
                .send()
                .await
                .unwrap();
            taken.push(message);
        }
    }
}

/// Looks at some of what is there, and leaves it to others at once.
pub async fn peek(client: &Client, url: &str) -> Vec<Message> {
    let some = receive(client, url).await;
    for message in &some {
        client
            .change_message_visibility()
            .queue_url(url)
            .receipt_handle(message.receipt_handle.as_deref().unwrap_or_default())
            .visibility_timeout(0)
            .send()
            .await
            .unwrap();
    }
    some
}

async fn receive(client: &Client, url: &str) -> Vec<Message> {
    let received = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .message_system_attribute_names(aws_sdk_sqs::types::MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    received.messages.unwrap_or_default()
}
