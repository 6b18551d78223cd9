//! Pages of lists and searches while others write, delete and restore: each record that is live throughout is on exactly
//! one page, and nothing that is deleted is on any that is asked for afterwards.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use serde_json::{Value, json};
use testing::samples::{self, key2};

use super::event::Event;
use super::stories::tell as tell_all;
use super::world::World;

/// What others do between two pages, each to the record with this number.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Write it: new, or again with another text.
    Write(u8),
    /// Delete it; no consumer has run yet, so its document is still found.
    Delete(u8),
    /// Delete it, and the consumer does so.
    DeleteWholly(u8),
    /// Restore what was deleted, and the consumer does so.
    Restore(u8),
    /// Another tenant writes many documents with the same words.
    Flood(u8),
}

#[derive(Debug, Clone)]
struct Story {
    is_search: bool,
    limit: usize,
    live: BTreeSet<u8>,
    acts: Vec<Vec<Act>>,
}

fn stories() -> impl Strategy<Value = Story> {
    let kinds: [fn(u8) -> Act; 5] = [
        Act::Write,
        Act::Delete,
        Act::DeleteWholly,
        Act::Restore,
        Act::Flood,
    ];
    let act = (select(kinds.to_vec()), 0..30_u8).prop_map(|(kind, number)| kind(number));
    let acts = vec(vec(act, 0..4), 0..12);
    let live = vec(0..30_u8, 0..25);
    (any::<bool>(), 1..6_usize, live, acts).prop_map(|(is_search, limit, live, acts)| Story {
        is_search,
        limit,
        live: live.into_iter().collect(),
        acts,
    })
}

fn name(number: u8) -> String {
    format!("m-{number:02}")
}

fn put(world: &World, number: u8, text: &str) {
    let messages = world.collection("messages");
    let key = key2("d-1", &name(number));
    let mut row = samples::row(messages, &key, "acme");
    row.insert("subject".to_owned(), json!(text));
    world.put_row("messages", row);
}

/// The record's deletion, if it has one that is not undone.
type Deleted = BTreeMap<u8, String>;

async fn perform(world: &World, act: Act, deleted: &mut Deleted) {
    match act {
        // Whoever writes a deleted record writes nothing.
        Act::Write(number) if deleted.contains_key(&number) => {}
        Act::Write(number) => put(world, number, &"stone ".repeat(usize::from(number) + 1)),
        Act::Delete(number) | Act::DeleteWholly(number) => {
            let target = format!("/v1/messages/d-1/{}", name(number));
            let answer = world.call(Event::new("DELETE", &target)).await;
            if let Some(id) = answer.body["deletion"]["id"].as_str() {
                deleted.insert(number, id.to_owned());
            }
            if matches!(act, Act::DeleteWholly(_)) {
                world.deliver_all_to_the_end().await;
            }
        }
        Act::Restore(number) => {
            world.deliver_all_to_the_end().await;
            if let Some(id) = deleted.remove(&number) {
                let target = format!("/v1/deletions/{id}/restore");
                let answer = world.call(Event::new("POST", &target)).await;
                assert_eq!(answer.status, 202, "{answer:?}");
                world.deliver_all_to_the_end().await;
            }
        }
        Act::Flood(number) => {
            for n in 0..number {
                let key = testing::samples::key2("d-1", &format!("o-{number}-{n}"));
                world.put_of("globex", "messages", &key);
            }
        }
    }
}

async fn tell(story: Story) {
    let world = World::new();
    world.put("discussions", &samples::key("d-1"));
    for number in &story.live {
        put(&world, *number, "a stone");
    }
    let target = if story.is_search {
        "/v1/search/messages?q=stone"
    } else {
        "/v1/messages?parent=d-1"
    };
    let mut deleted = Deleted::new();
    let mut throughout: BTreeSet<u8> = story.live.clone();
    let mut seen: Vec<String> = Vec::new();
    let mut acts = story.acts.clone().into_iter();
    let mut cursor = String::new();

    for _ in 0..100 {
        let page = format!("{target}&limit={}{cursor}", story.limit);
        let answer = world.call(Event::new("GET", &page)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let items = answer.body["items"].as_array().unwrap();
        assert!(items.len() <= story.limit);
        for item in items {
            let shown = item["sort"].as_str().unwrap().to_owned();
            assert!(!deleted.keys().any(|gone| name(*gone) == shown), "{shown}");
            seen.push(shown);
        }
        let Value::String(next) = &answer.body["next_cursor"] else {
            break;
        };
        // There is more, so there was a record.
        assert!(!items.is_empty());
        cursor = format!("&cursor={next}");
        for act in acts.next().unwrap_or_default() {
            perform(&world, act, &mut deleted).await;
            throughout.retain(|number| !deleted.contains_key(number));
        }
    }

    for number in throughout {
        let times = seen.iter().filter(|shown| **shown == name(number)).count();
        assert_eq!(times, 1, "{} in {seen:?}", name(number));
    }
    let distinct: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
}

#[test]
fn each_record_that_is_live_throughout_is_on_exactly_one_page_whatever_others_do() {
    tell_all(200, stories(), tell);
}

#[tokio::test]
async fn six_hits_are_on_three_pages_although_somebody_writes_in_between() {
    // As it was reported: the cursor was a score, and the write of another document moved all of them.
    let live: BTreeSet<u8> = (1..=6).collect();
    let acts = vec![vec![Act::Flood(9), Act::Write(3)], vec![Act::Write(20)]];

    tell(Story {
        is_search: true,
        limit: 2,
        live,
        acts,
    })
    .await;
}
