//! The event bus: [`PublishEvents`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::done;
use crate::samples::{ODD_IDS, collection, collections, deletion, key, key2};
use domain::deletion::{Deletion, Pass};
use domain::event::{self, Event};
use domain::key::RecordKey;
use ports::{Attempt, PublishEvents};

/// A bus, and a listener to all of its events.
pub trait EventsHarness: Send + Sync {
    type Events: PublishEvents;

    /// The port.
    fn events(&self) -> &Self::Events;

    /// What the listener has received since the last call, as `(source, detail-type, detail)`; waits for `count`.
    fn heard(&self, count: usize) -> impl Future<Output = Vec<(String, String, Value)>> + Send;
}

/// One test for each rule about events.
#[macro_export]
macro_rules! events_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            events,
            $harness,
            [
                an_event_arrives_as_it_was_told,
                ten_events_are_told_at_once_and_keep_their_ids,
                odd_ids_arrive_as_they_are,
                an_event_told_again_has_the_same_id,
                an_event_with_1000_keys_and_200_kb_arrives,
                large_events_that_do_not_fit_into_one_call_are_to_be_asked_again,
                telling_nothing_answers_nothing,
            ]
        );
    };
}

pub async fn an_event_arrives_as_it_was_told<H: EventsHarness>(harness: &H) {
    let told = event::accepted(&collections(), &sample());

    let answer = done(harness.events().publish(std::slice::from_ref(&told)).await);

    assert_eq!(answer.len(), 1);
    assert_eq!(
        harness.heard(1).await,
        [(
            "tombstone".to_owned(),
            "DeletionAccepted".to_owned(),
            told.detail
        )]
    );
}

pub async fn ten_events_are_told_at_once_and_keep_their_ids<H: EventsHarness>(harness: &H) {
    let told: Vec<Event> = (1..=10)
        .flat_map(|page| of_records(page, &[key(ODD_IDS[page as usize])]))
        .collect();

    let answers = done(harness.events().publish(&told).await);

    assert!(H::Events::PUBLISH_BATCH >= 10);
    assert_eq!(answers.len(), 10);
    let ids = |details: Vec<Value>| {
        details
            .iter()
            .map(|detail| detail["event_id"].to_string())
            .collect::<BTreeSet<_>>()
    };
    let heard = ids(harness
        .heard(10)
        .await
        .into_iter()
        .map(|(_, _, detail)| detail)
        .collect());
    assert_eq!(
        heard,
        ids(told.into_iter().map(|event| event.detail).collect())
    );
    assert_eq!(heard.len(), 10);
}

pub async fn odd_ids_arrive_as_they_are<H: EventsHarness>(harness: &H) {
    let odd: Vec<_> = ODD_IDS.iter().map(|id| key2(id, id)).collect();
    let told = of_records(1, &odd);

    let answers = done(harness.events().publish(&told).await);

    assert_eq!((told.len(), answers.len()), (1, 1));
    let heard = harness.heard(1).await;
    assert_eq!(heard[0].2, told[0].detail);
    let ids = heard[0].2["ids"].as_array().expect("ids").len();
    assert_eq!(ids, ODD_IDS.len());
}

pub async fn an_event_told_again_has_the_same_id<H: EventsHarness>(harness: &H) {
    let told = event::accepted(&collections(), &sample());

    for _ in 0..2 {
        let _ = done(harness.events().publish(std::slice::from_ref(&told)).await);
    }

    let heard = harness.heard(2).await;
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0], heard[1]);
}

pub async fn an_event_with_1000_keys_and_200_kb_arrives<H: EventsHarness>(harness: &H) {
    let keys: Vec<_> = (0..1000)
        .map(|n| key2(&"d".repeat(100), &format!("{n:0100}")))
        .collect();
    let told = of_records(1, &keys);

    let answers = done(harness.events().publish(&told).await);

    assert_eq!((told.len(), answers.len()), (1, 1));
    assert_eq!(harness.heard(1).await[0].2, told[0].detail);
}

pub async fn large_events_that_do_not_fit_into_one_call_are_to_be_asked_again<H: EventsHarness>(
    harness: &H,
) {
    let keys: Vec<_> = (0..1000)
        .map(|n| key2(&"d".repeat(100), &format!("{n:0100}")))
        .collect();
    let told: Vec<_> = (1..=3).flat_map(|page| of_records(page, &keys)).collect();

    let answers = harness
        .events()
        .publish(&told)
        .await
        .expect("the bus answers");

    // 660 KB: more than the 256 KB of one call, in regions where EventBridge accepts no more.
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0], Attempt::Done(()));
    assert!(matches!(
        &answers[1..],
        [Attempt::Retry(_), Attempt::Retry(_)]
    ));
    assert_eq!(harness.heard(1).await.len(), 1);
}

pub async fn telling_nothing_answers_nothing<H: EventsHarness>(harness: &H) {
    assert_eq!(done(harness.events().publish(&[]).await), []);
}

fn of_records(page: u32, keys: &[RecordKey]) -> Vec<Event> {
    let messages = collection("messages");
    let ids = keys.iter().map(|key| messages.id_of(key)).collect();
    let records = BTreeMap::from([(messages.name, ids)]);
    event::of_page(&sample(), Pass::Delete, page, None, &records)
}

fn sample() -> Deletion {
    deletion(1, &collection("discussions"), &key("d"), "acme")
}
