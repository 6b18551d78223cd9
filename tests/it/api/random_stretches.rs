//! The next live records behind stretches of any length of what is not shown: found by a bounded number of requests, each
//! with a bounded number of store calls.
//!
//! `cargo test --workspace --test it random_stretches -- --nocapture` prints the most that it took.
#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::sample::select;
use serde_json::json;
use testing::samples::{self, key, key2, mark};

use super::event::Event;
use super::stories::tell;
use super::world::World;

/// How many stories the gate tells.
const STORIES: u32 = 24;

/// What a request may call: its budget, and the round that was begun with the last of it.
const MOST: usize = 60;

/// What a stretch is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Own,
    Others,
    Marked,
    Foreign,
}

/// A list or a search, and whether it shows what others have written.
#[derive(Debug, Clone, Copy)]
struct List {
    target: &'static str,
    collection: &'static str,
    shows_others: bool,
    /// How many rows a request gets through at the least.
    reach: usize,
}

const LISTS: [List; 5] = [
    List {
        target: "/v1/messages?parent=d-1",
        collection: "messages",
        shows_others: true,
        reach: 10_000,
    },
    List {
        target: "/v1/search/messages?q=stone",
        collection: "messages",
        shows_others: true,
        reach: 800,
    },
    List {
        target: "/v1/diaries?",
        collection: "diaries",
        shows_others: false,
        reach: 1_500,
    },
    List {
        target: "/v1/search/diaries?q=stone",
        collection: "diaries",
        shows_others: false,
        reach: 800,
    },
    List {
        target: "/v1/scraps?",
        collection: "scraps",
        shows_others: false,
        reach: 1_500,
    },
];

impl List {
    fn shows(self, row: Row) -> bool {
        row == Row::Own || (self.shows_others && row == Row::Others)
    }
}

#[derive(Debug, Clone)]
struct Story {
    list: List,
    limit: usize,
    stretches: Vec<(Row, usize)>,
}

fn stories() -> impl Strategy<Value = Story> {
    let row = select(vec![Row::Own, Row::Others, Row::Marked, Row::Foreign]);
    let stretch = (row, select(vec![1, 2, 30, 400, 1_100]));
    (
        select(LISTS.to_vec()),
        select(vec![1, 3, 100]),
        vec(stretch, 1..7),
    )
        .prop_map(|(list, limit, stretches)| Story {
            list,
            limit,
            // Pages of those that are shown are not what this is about.
            stretches: stretches
                .into_iter()
                .map(|(row, length)| {
                    (
                        row,
                        if list.shows(row) {
                            length.min(4)
                        } else {
                            length
                        },
                    )
                })
                .collect(),
        })
}

fn put(world: &World, list: List, number: usize, row: Row) {
    let collection = world.collection(list.collection);
    let id = format!("m-{number:05}");
    let record = match list.collection {
        "messages" => key2("d-1", &id),
        _ => key(&id),
    };
    let tenant = if row == Row::Foreign {
        "globex"
    } else {
        "acme"
    };
    let mut attributes = samples::row(collection, &record, tenant);
    if row == Row::Others {
        let author = collection.author.as_ref().expect("it has one");
        attributes.insert(author.attribute.clone(), json!("bob"));
    }
    world.put_row(list.collection, attributes.clone());
    if row == Row::Marked {
        // Its document is not marked yet.
        let marked = samples::marked(collection, attributes, &mark(1));
        world.rows.put(collection, marked);
    }
}

/// The most that anything took: calls of a request, and requests of a story.
struct Most {
    calls: AtomicUsize,
    requests: AtomicUsize,
}

async fn run(story: Story, most: &Most) {
    let Story {
        list,
        limit,
        stretches,
    } = story;
    let world = World::new();
    world.put("discussions", &key("d-1"));
    let rows: Vec<Row> = stretches
        .iter()
        .flat_map(|(row, length)| std::iter::repeat_n(*row, *length))
        .collect();
    for (number, row) in rows.iter().enumerate() {
        put(&world, list, number, *row);
    }
    let shown = rows.iter().filter(|row| list.shows(**row)).count();

    let (mut found, mut requests) = (0, 0);
    let mut cursor = String::new();
    loop {
        let before = world.faults.calls();
        let target = format!("{}&limit={limit}{cursor}", list.target);
        let target = target.replace("?&", "?");
        let answer = world
            .call(Event::new("GET", &target).by("ann", "acme", "[]"))
            .await;
        let calls = usize::try_from(world.faults.calls() - before).expect("few");
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        assert!(calls <= MOST, "{target}: {calls} calls");
        most.calls.fetch_max(calls, Ordering::Relaxed);
        requests += 1;
        found += answer.ids().len();
        let Some(next) = answer.body["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        let bound = shown / limit + rows.len() / list.reach + 2;
        assert!(
            requests <= bound,
            "{}: {requests} requests for {} rows",
            list.target,
            rows.len()
        );
    }
    most.requests.fetch_max(requests, Ordering::Relaxed);
    assert_eq!(found, shown, "{}", list.target);
}

#[test]
fn behind_stretches_of_any_length_the_next_live_ones_are_found_within_bounds() {
    let most = Most {
        calls: AtomicUsize::new(0),
        requests: AtomicUsize::new(0),
    };

    tell(STORIES, stories(), |story| run(story, &most));

    println!(
        "at the most {} calls for a request, and {} requests for all pages",
        most.calls.into_inner(),
        most.requests.into_inner()
    );
}
