//! Every route, for every kind of caller, in every situation of a record: absent, another tenant's and not to be seen are
//! one answer, byte for byte, and cost the same store calls where the row decides.
//!
//! Each request is made in worlds that differ in one record alone. Who may know of it is said in `callers` and `requests`
//! once more; for everybody else the worlds must look the same. The worlds have the same past, so that ids and
//! dates are the same as well; of a cursor only its length is compared, because it is sealed.
#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

mod callers;
mod requests;
mod situations;

use std::collections::{BTreeMap, BTreeSet};

use testing::Operation;

use self::callers::{CALLERS, Caller, May, Whose};
use self::requests::{About, Ask, tells};
use self::situations::{Above, Record, Situation, Stage};
use super::event::{Event, ROUTES};
use super::world::Answer;

/// What came back, and what was asked of the stores for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    answers: Vec<String>,
    calls: Vec<(Operation, usize)>,
}

fn plain(answer: &Answer) -> String {
    let mut headers = answer.headers.clone();
    headers.sort();
    let text = format!("{} {headers:?}\n{}", answer.status, answer.text);
    match answer.body["next_cursor"].as_str() {
        Some(cursor) => text.replace(cursor, &format!("{} bytes", cursor.len())),
        None => text,
    }
}

/// Makes a request, and what belongs to it: the other pages of a list, and what a deletion of many has done.
async fn ask(stage: &mut Stage, caller: Caller, ask: &Ask) -> Seen {
    stage.world.faults = stage.world.script();
    let world = &stage.world;
    let answer = world.call(caller.asks(ask.event())).await;
    let log = world.faults.log();
    let mut calls: Vec<_> = log
        .iter()
        .map(|call| (call.operation, call.items))
        .collect();
    calls.sort_unstable();
    let mut answers = vec![plain(&answer)];
    if ask.about == (About::List { is_walk: true }) {
        let mut next = answer.body["next_cursor"].as_str().map(str::to_owned);
        while let Some(cursor) = next {
            let target = format!("{}&cursor={cursor}", ask.target);
            let page = world.call(caller.asks(Event::new("GET", &target))).await;
            answers.push(plain(&page));
            next = page.body["next_cursor"].as_str().map(str::to_owned);
            assert!(answers.len() < 20, "pages end");
        }
    }
    if ask.about == About::Destroy
        && let Some(id) = answer.body["deletion"]["id"].as_str()
    {
        world.deliver_all_to_the_end().await;
        for of in ["", "/records"] {
            let target = format!("/v1/deletions/{id}{of}");
            let shown = world.call(caller.asks(Event::new("GET", &target))).await;
            answers.push(plain(&shown));
        }
    }
    Seen { answers, calls }
}

/// All that is seen: by situation, caller and number of the request.
type Matrix = BTreeMap<(Situation, usize, usize), Seen>;

async fn matrix() -> (Matrix, BTreeSet<String>, usize) {
    let (mut matrix, mut routes, mut requests) = (Matrix::new(), BTreeSet::new(), 0);
    for situation in situations::all() {
        let mut stage = situation.stage().await;
        let stored = stage.stored();
        let deletion = stage.deletion.clone();
        let mut is_fresh = true;
        for (by, caller) in CALLERS.into_iter().enumerate() {
            let asks = requests::all(situation, &deletion, caller);
            requests = asks.len();
            for (place, asked) in asks.iter().enumerate() {
                routes.insert(asked.event().route().to_owned());
                let makes_ids = match asked.about {
                    About::Delete => tells(asked.about, caller, situation),
                    About::Destroy => {
                        !asked.is_preview()
                            && caller.whose(situation.collection, May::Delete) != Whose::None
                    }
                    _ => false,
                };
                if makes_ids && !is_fresh {
                    stage = situation.stage().await;
                }
                let seen = ask(&mut stage, caller, asked).await;
                matrix.insert((situation, by, place), seen);
                is_fresh = false;
                if stage.stored() != stored {
                    stage = situation.stage().await;
                    is_fresh = true;
                }
            }
        }
    }
    (matrix, routes, requests)
}

/// Whether store calls are compared: where one row decides, and not where many rows are looked through.
fn is_of_one_row(about: About) -> bool {
    match about {
        About::Get
        | About::Delete
        | About::Put
        | About::PutIfMatch
        | About::Deletion
        | About::Nothing => true,
        About::List { .. } | About::Destroy | About::Deletions => false,
    }
}

/// Whether the caller may do something to the record when it is live: what is above it decides then, and not the row.
fn concerns(caller: Caller, situation: Situation) -> bool {
    [May::Read, May::Write, May::Delete, May::Restore]
        .into_iter()
        .any(|may| situation.record.author().is_some() && caller.may(situation, may))
}

/// The first thing that tells the two apart.
fn difference(seen: &Seen, expected: &Seen, is_of_one_row: bool) -> Option<String> {
    if is_of_one_row && seen.calls != expected.calls {
        return Some(format!("{:?}\n{:?}", seen.calls, expected.calls));
    }
    if seen.answers.len() != expected.answers.len() {
        return Some(format!("{:#?}\n{:#?}", seen.answers, expected.answers));
    }
    let mut both = seen.answers.iter().zip(&expected.answers);
    let (seen, expected) = both.find(|(seen, expected)| seen != expected)?;
    Some(format!("{seen}\n{expected}"))
}

/// Whether what is above the record must look to the caller as if it were not there: another tenant's to everybody, and
/// to who may do nothing to it, or to the record, one that is there.
fn is_above_like_none(situation: Situation, about: About, caller: Caller) -> bool {
    let is_below = situation.is_below();
    let is_told = caller.may_know_the_book();
    match situation.above {
        Above::Absent => false,
        Above::Foreign => true,
        Above::Live => {
            let is_tried = is_below && situation.record.is_told_apart();
            is_tried && !is_told && !concerns(caller, situation)
        }
        // Something more was deleted there, so that what the caller deletes has another id.
        Above::Marked => !is_told && !concerns(caller, situation) && about != About::Destroy,
    }
}

/// What must look the same as this, for the caller.
fn like(situation: Situation, about: About, caller: Caller) -> Vec<Situation> {
    let with = |record| Situation {
        record,
        ..situation
    };
    let mut like = Vec::new();
    if !tells(about, caller, situation) {
        // A key that something unseen has cannot be written: that it is taken is told, and no more.
        let writes = about == About::Put
            && situation.record != Record::Absent
            && caller.whose(situation.collection, May::Write) != Whose::None;
        like.push(with(if writes {
            Record::Foreign
        } else {
            Record::Absent
        }));
    }
    if is_above_like_none(situation, about, caller) {
        like.push(Situation {
            above: Above::Absent,
            ..situation
        });
    }
    like
}

#[tokio::test]
async fn absent_foreign_and_hidden_are_one_answer_on_every_route_for_everybody() {
    let (matrix, routes, requests) = matrix().await;
    let (mut compared, mut counted, mut wrong) = (0, 0, Vec::new());
    for ((situation, by, place), seen) in &matrix {
        let caller = CALLERS[*by];
        let asked = &requests::all(*situation, situations::UNKNOWN, caller)[*place];
        for other in like(*situation, asked.about, caller) {
            let expected = &matrix[&(other, *by, *place)];
            compared += 1;
            // Below another tenant's parent no row is looked at.
            let is_below_foreign =
                situation.above == Above::Foreign && other.above == Above::Absent;
            let is_list = matches!(asked.about, About::List { .. });
            let is_counted = (is_of_one_row(asked.about) && !concerns(caller, *situation))
                || (is_list && is_below_foreign);
            counted += usize::from(is_counted);
            if let Some(how) = difference(seen, expected, is_counted) {
                wrong.push(format!(
                    "{caller:?} asks {}\n  in {situation:?}\n  and {other:?}:\n{how}",
                    asked.name()
                ));
            }
        }
    }

    println!(
        "{} callers, {} situations, {requests} requests on {} routes: {} answers, {compared} pairs of them equal, {counted} also in their store calls",
        CALLERS.len(),
        situations::all().len(),
        routes.len(),
        matrix.len(),
    );
    let first = wrong.iter().take(6).cloned().collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        first.join("\n")
    );
    let missing: Vec<_> = ROUTES
        .iter()
        .filter(|route| !routes.contains(route.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in the matrix: {missing:?}");
}

#[tokio::test]
async fn who_may_do_nothing_here_makes_no_store_call_and_changes_nothing() {
    for situation in situations::all() {
        let mut stage = situation.stage().await;
        let stored = stage.stored();
        for caller in CALLERS {
            let may_nothing = [May::Read, May::Write, May::Delete]
                .into_iter()
                .all(|may| caller.whose(situation.collection, may) == Whose::None);
            if !may_nothing {
                continue;
            }
            for asked in requests::all(situation, situations::UNKNOWN, caller) {
                if matches!(asked.about, About::Deletion | About::Deletions) {
                    continue;
                }
                let seen = ask(&mut stage, caller, &asked).await;
                assert_eq!(seen.calls, [], "{caller:?} {} {situation:?}", asked.name());
            }
        }
        assert_eq!(stage.stored(), stored, "{situation:?}");
    }
}
