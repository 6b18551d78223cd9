//! The queue: [`SendDeletion`].

use std::time::Duration;

use crate::samples::{ODD_IDS, collection, deletion, key, key2, tenant};
use domain::key::RecordKey;
use domain::message::DeletionMessage;
use ports::SendDeletion;

/// An empty queue.
pub trait QueueHarness: Send + Sync {
    type Queue: SendDeletion;

    /// The port.
    fn queue(&self) -> &Self::Queue;

    /// Lets this much time pass.
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// Takes the bodies that have arrived: when `enough` are there, or none came for a second.
    fn arrived(&self, enough: usize) -> impl Future<Output = Vec<String>> + Send;
}

/// One test for each rule about the queue.
#[macro_export]
macro_rules! queue_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            queue,
            $harness,
            [
                a_message_arrives_and_can_be_read,
                a_message_about_odd_ids_and_tenants_arrives,
                a_message_with_a_delay_does_not_arrive_early,
                a_message_can_be_sent_twice,
                a_delay_of_15_minutes_is_taken,
            ]
        );
    };
}

pub async fn a_message_arrives_and_can_be_read<H: QueueHarness>(harness: &H) {
    let message = message(&key("d"), "acme");

    harness
        .queue()
        .send(&message, Duration::ZERO)
        .await
        .expect("it answers");

    assert_eq!(read(harness, 2).await, [message]);
    assert_eq!(read(harness, 1).await, []);
}

pub async fn a_message_about_odd_ids_and_tenants_arrives<H: QueueHarness>(harness: &H) {
    let longest = "é".repeat(512);
    let mut sent: Vec<_> = ODD_IDS
        .iter()
        .map(|id| message(&key2(id, id), id))
        .collect();
    sent.push(message(&key2(&longest, &longest), &"t".repeat(256)));

    for message in &sent {
        harness
            .queue()
            .send(message, Duration::ZERO)
            .await
            .expect("it answers");
    }

    let mut arrived = read(harness, sent.len()).await;
    assert_eq!(arrived.len(), sent.len());
    arrived.retain(|message| !sent.contains(message));
    assert_eq!(arrived, []);
}

pub async fn a_message_with_a_delay_does_not_arrive_early<H: QueueHarness>(harness: &H) {
    let (late, soon) = (message(&key("late"), "acme"), message(&key("soon"), "acme"));
    // Not a whole second: it must not be cut.
    harness
        .queue()
        .send(&late, Duration::from_millis(2_500))
        .await
        .expect("it answers");
    harness
        .queue()
        .send(&soon, Duration::ZERO)
        .await
        .expect("it answers");

    let first = read(harness, 1).await;
    harness.wait(Duration::from_millis(3_500)).await;
    let second = read(harness, 1).await;

    assert_eq!((first, second), (vec![soon], vec![late]));
}

pub async fn a_message_can_be_sent_twice<H: QueueHarness>(harness: &H) {
    let message = message(&key("d"), "acme");

    for _ in 0..2 {
        harness
            .queue()
            .send(&message, Duration::ZERO)
            .await
            .expect("it answers");
    }

    assert_eq!(read(harness, 2).await, [message.clone(), message]);
}

pub async fn a_delay_of_15_minutes_is_taken<H: QueueHarness>(harness: &H) {
    let message = message(&key("d"), "acme");

    harness
        .queue()
        .send(&message, Duration::from_mins(15))
        .await
        .expect("it answers");

    assert_eq!(read(harness, 1).await, []);
}

async fn read<H: QueueHarness>(harness: &H, enough: usize) -> Vec<DeletionMessage> {
    let bodies = harness.arrived(enough).await;
    bodies
        .iter()
        .map(|body| DeletionMessage::parse(body).expect("it can be read"))
        .collect()
}

fn message(root: &RecordKey, tenant_name: &str) -> DeletionMessage {
    let mut deletion = deletion(1, &collection("discussions"), root, "acme");
    deletion.tenant = tenant(tenant_name);
    DeletionMessage::about(&deletion)
}
