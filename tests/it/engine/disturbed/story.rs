//! Stories that proptest makes up, and makes small where one fails: trees, what is asked for, and all that can go wrong
//! or happen meanwhile. A story is a value, and what is told twice is the same twice.

use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

use domain::deletion::Deletion;
use domain::key::RecordKey;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use requests::accept::AcceptAnswer;
use serde_json::{Map, Value};
use testing::samples::{key, key2, with_null};
use testing::{Fault, Faults, Moment, Operation};

use crate::engine::world::World;

/// How many stories the gate tells of each kind.
const STORIES: u32 = 400;

/// Tells stories, the same ones each time; more of them where `PROPTEST_CASES` says so. One that fails is made small
/// first, and printed.
pub(crate) fn tell<S: Debug>(stories: impl Strategy<Value = S>, told: impl Fn(S)) {
    tell_some(STORIES, stories, told);
}

/// The same, at least so many of them.
pub(crate) fn tell_some<S: Debug>(least: u32, stories: impl Strategy<Value = S>, told: impl Fn(S)) {
    let config = Config::default();
    let config = Config {
        // What is asked for by the environment is asked of all; the default of proptest is no such request.
        cases: if config.cases > 256 {
            config.cases
        } else {
            least
        },
        // Nothing is written beside the tests; what failed is a test of its own from then on.
        failure_persistence: None,
        ..config
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let run = runner.run(&stories, |story| {
        told(story);
        Ok(())
    });
    if let Err(failed) = run {
        panic!("{failed}");
    }
}

/// Tells stories of a kind, one by one; each has a number, and is the same each time. At least so many; more where
/// `PROPTEST_CASES` says so. Where `CASE` says which, as `kind:number`, only that one. One that fails is made small first,
/// and printed, with what replays it. Of a stretch of them, as `kind:from-to`, all that fail are named, as they are.
pub(super) fn tell_each<S: Debug>(
    kind: &str,
    least: u32,
    stories: impl Strategy<Value = S>,
    told: impl Fn(S),
) {
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let all = match replayed() {
        Some((only, numbers)) if only == kind => numbers,
        Some(_) => return,
        None => 0..config.cases.max(least),
    };
    let are_all_told = replayed().is_some() && all.len() > 1;
    if are_all_told {
        config.max_shrink_iters = 0;
    }
    let mut failures = Vec::new();
    for number in all {
        let mut runner = runner_of(kind, number, &config);
        let story = stories.new_tree(&mut runner).expect("a story can be made");
        let run = runner.run_one(story, |story| {
            told(story);
            Ok(())
        });
        match run {
            Ok(_) => {}
            Err(TestError::Fail(why, _)) if are_all_told => {
                failures.push(format!("CASE={kind}:{number} {why}"));
            }
            Err(failed) => panic!("CASE={kind}:{number} tells it again\n{failed}"),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What makes the story with this number.
fn runner_of(kind: &str, number: u32, config: &Config) -> TestRunner {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    let named = kind.bytes().take(28).enumerate();
    named.for_each(|(place, byte)| seed[4 + place] = byte);
    TestRunner::new_with_rng(
        config.clone(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed),
    )
}

/// The only stories to be told.
#[expect(
    clippy::disallowed_methods,
    reason = "a person says which cases to replay"
)]
fn replayed() -> Option<(String, Range<u32>)> {
    let case = std::env::var("CASE").ok()?;
    let said = "CASE=kind:number, or CASE=kind:from-to";
    let (kind, numbers) = case.split_once(':').expect(said);
    let (from, to) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let [from, to] = [from, to].map(|number| number.parse::<u32>().expect(said));
    Some((kind.to_owned(), from..to + 1))
}

/// How many keys a page holds.
pub(super) fn page_keys() -> impl Strategy<Value = usize> {
    select(vec![1000, 7, 3, 2, 1])
}

/// A list with anything below it. A record is there, with an explicit NULL for a mark or without.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    has_null: bool,
    subscribers: Vec<bool>,
    discussions: Vec<Discussion>,
}

#[derive(Debug, Clone)]
struct Discussion {
    has_null: bool,
    messages: Vec<Message>,
}

#[derive(Debug, Clone)]
struct Message {
    has_null: bool,
    reactions: Vec<bool>,
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let has_null = || proptest::bool::weighted(1.0 / 6.0);
    let message = (has_null(), vec(has_null(), 0..3)).prop_map(|(has_null, reactions)| Message {
        has_null,
        reactions,
    });
    let discussion = (has_null(), vec(message, 0..5))
        .prop_map(|(has_null, messages)| Discussion { has_null, messages });
    let below = (vec(has_null(), 0..4), vec(discussion, 0..4));
    (has_null(), below).prop_map(|(has_null, (subscribers, discussions))| Tree {
        has_null,
        subscribers,
        discussions,
    })
}

pub(super) type Record = (&'static str, RecordKey);

impl Tree {
    /// Puts it into the world; answers its records.
    pub(super) fn put(&self, world: &World, list: &str) -> Vec<Record> {
        let mut records = Vec::new();
        let mut put = |collection, record: RecordKey, parent: Option<&RecordKey>, has_null| {
            let mut row = world.live_row(collection, &record, parent);
            if has_null {
                row = with_null(world.collection(collection), row);
            }
            world.put_row(collection, row);
            records.push((collection, record));
        };
        let above = key(list);
        put("lists", above.clone(), None, self.has_null);
        for (n, has_null) in self.subscribers.iter().enumerate() {
            let subscriber = key2(list, &format!("s{n}"));
            put("subscribers", subscriber, Some(&above), *has_null);
        }
        for (d, below) in self.discussions.iter().enumerate() {
            let discussion = key2(list, &format!("d{d}"));
            put(
                "discussions",
                discussion.clone(),
                Some(&above),
                below.has_null,
            );
            for (m, below) in below.messages.iter().enumerate() {
                let message = key(&format!("{list}-{d}-{m}"));
                put(
                    "messages",
                    message.clone(),
                    Some(&discussion),
                    below.has_null,
                );
                for (r, has_null) in below.reactions.iter().enumerate() {
                    let reaction = key2(&message.partition, &format!("r{r}"));
                    put("reactions", reaction, Some(&message), *has_null);
                }
            }
        }
        records
    }
}

/// What goes wrong in one call of a function, once or a few times.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    None,
    Slow(Duration),
    /// The first calls of an operation put off every other record.
    Again(Operation, u64),
    /// Calls of an operation, from this one on so many.
    Unavailable(Operation, u64, u64, Moment),
    /// The function dies at this call.
    Crash(u64, Moment),
}

pub(super) fn moment() -> impl Strategy<Value = Moment> {
    select(Moment::ALL.to_vec())
}

pub(super) fn trouble() -> impl Strategy<Value = Trouble> {
    let operation = || {
        select(vec![
            Operation::ReadRows,
            Operation::QueryRows,
            Operation::MarkRows,
            Operation::PurgeRows,
            Operation::MarkDocuments,
            Operation::DocumentStates,
            Operation::RemoveDocuments,
            Operation::ReadDeletion,
            Operation::ReadPage,
            Operation::Store,
            Operation::PutPage,
            Operation::PutExceptions,
            Operation::Send,
            Operation::Publish,
        ])
    };
    let slow = (100_u64..3100).prop_map(|millis| Trouble::Slow(Duration::from_millis(millis)));
    let again = (operation(), 1_u64..5).prop_map(|(of, calls)| Trouble::Again(of, calls));
    let unavailable = (operation(), 1_u64..9, 1_u64..4, moment())
        .prop_map(|(of, from, calls, at)| Trouble::Unavailable(of, from, calls, at));
    let crash = (1_u64..61, moment()).prop_map(|(call, at)| Trouble::Crash(call, at));
    prop_oneof![Just(Trouble::None), slow, again, unavailable, crash]
}

impl Trouble {
    /// A script of it.
    pub(super) fn faults(self, world: &World) -> Faults {
        let faults = world.faults();
        match self {
            Self::None => {}
            Self::Slow(by) => faults.slow(by),
            Self::Again(of, calls) => {
                faults.fail(of, ..=calls, Fault::Again(|place| place.is_multiple_of(2)));
            }
            Self::Unavailable(of, from, calls, at) => {
                faults.fail(of, from..from + calls, Fault::Unavailable(at));
            }
            Self::Crash(call, at) => faults.crash_at(call, at),
        }
        faults
    }
}

/// A minute of life: what a function does then, in trouble or not, and how long it is quiet behind it.
#[derive(Debug, Clone)]
pub(super) struct Minute {
    work: Work,
    trouble: Trouble,
    quiet: Duration,
}

#[derive(Debug, Clone)]
enum Work {
    /// What waits is delivered, some of it backwards, some of it never.
    Queue {
        is_reversed: bool,
        lost: [bool; 4],
    },
    /// A message of one of the deletions comes once too often.
    Message(Index),
    Sweep,
}

pub(super) fn life(minutes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Minute>> {
    let lost = || proptest::bool::weighted(0.25);
    let queue = (
        proptest::bool::weighted(1.0 / 3.0),
        [lost(), lost(), lost(), lost()],
    )
        .prop_map(|(is_reversed, lost)| Work::Queue { is_reversed, lost });
    let work = prop_oneof![
        2 => queue,
        1 => any::<Index>().prop_map(Work::Message),
        1 => Just(Work::Sweep),
    ];
    let minute = (work, trouble(), 0_u64..200).prop_map(|(work, trouble, seconds)| Minute {
        work,
        trouble,
        quiet: Duration::from_secs(seconds),
    });
    vec(minute, minutes)
}

/// Lives through these minutes.
pub(super) async fn live(world: &World, deletions: &[Deletion], minutes: &[Minute]) {
    for minute in minutes {
        let faults = minute.trouble.faults(world);
        match &minute.work {
            Work::Sweep => {
                let _ = faults.until_crash(world.sweep(&faults)).await;
            }
            Work::Message(of) if !deletions.is_empty() => {
                let deletion = of.get(deletions);
                let _ = faults.until_crash(world.deliver(&faults, deletion)).await;
            }
            Work::Message(_) => {}
            Work::Queue { is_reversed, lost } => {
                let mut waiting = world.queue.take();
                if *is_reversed {
                    waiting.reverse();
                }
                for (sent, lost) in waiting.iter().zip(lost.iter().cycle()) {
                    let id = sent.message().deletion_id;
                    let deletion = deletions.iter().find(|deletion| deletion.id == id);
                    if let Some(deletion) = deletion.filter(|_| !lost) {
                        let _ = faults.until_crash(world.deliver(&faults, deletion)).await;
                    }
                }
            }
        }
        world.clock.advance(minute.quiet);
    }
}

/// A deletion of some record is asked for, and then there is life.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    record: Index,
    /// The message is lost, and so many tries of the acceptance fail.
    fails: Option<(Moment, u64, Moment)>,
    then: Vec<Minute>,
}

/// One to four deletions, of the list and of things in it.
pub(super) fn asked() -> impl Strategy<Value = Vec<Asked>> {
    let fails = option::weighted(1.0 / 3.0, (moment(), 0_u64..3, moment()));
    let asked = (any::<Index>(), fails, life(0..5)).prop_map(|(record, fails, then)| Asked {
        record,
        fails,
        then,
    });
    vec(asked, 1..5)
}

/// Asks for them; answers those that were accepted for certain.
pub(super) async fn ask_for(world: &World, asked: &[Asked], records: &[Record]) -> Vec<Deletion> {
    let mut deletions: Vec<Deletion> = Vec::new();
    for asked in asked {
        let (collection, key) = asked.record.get(records);
        let faults = world.faults();
        if let Some((send, tries, accept)) = asked.fails {
            faults.fail(Operation::Send, .., Fault::Unavailable(send));
            faults.fail(Operation::Accept, ..=tries, Fault::Unavailable(accept));
        }
        if let Ok(AcceptAnswer::Scheduled(deletion)) = world.ask(&faults, collection, key).await {
            deletions.push(*deletion);
        }
        live(world, &deletions, &asked.then).await;
    }
    deletions
}

/// What is stored of some records.
pub(super) fn stored(world: &World, records: &[Record]) -> Vec<[Option<Map<String, Value>>; 2]> {
    let stored =
        |(collection, key): &Record| [world.row(collection, key), world.document(collection, key)];
    records.iter().map(stored).collect()
}
