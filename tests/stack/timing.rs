//! How long another tenant's record takes against an absent one, route by route: reported and not asserted, because a busy
//! machine shows differences that are none.
//!
//! `cargo xtask test -- --test stack -- --ignored timing --nocapture` asks; `TIMING_ROUNDS` says how often.

use std::time::{Duration, Instant};

use reqwest::Method;
use tests::caller::Caller;
use tests::mail::Tenant;
use tests::stacks::{say, stack};

/// How often each is asked, in turns, so that what else the machine does meets both alike.
const ROUNDS: usize = 200;

/// A route, asked for what is another tenant's and for what is not there.
struct Pair {
    name: &'static str,
    method: Method,
    paths: [String; 2],
    body: Option<&'static str>,
}

async fn once(caller: &Caller, pair: &Pair, place: usize) -> Duration {
    let begun = Instant::now();
    let method = pair.method.clone();
    let answer = caller
        .call(method, &pair.paths[place], &[], pair.body)
        .await;
    let took = begun.elapsed();
    assert!(answer.status < 500, "{} {answer:?}", pair.name);
    took
}

/// The middle one, and the one that nineteen of twenty are faster than.
fn figures(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 20].as_secs_f64() * 1e3;
    [at(10), at(19)]
}

#[tokio::test]
#[ignore = "figures for a person; nothing is asserted"]
async fn foreign_against_absent_in_milliseconds() {
    let Some(stack) = stack() else { return };
    let (owner, stranger) = (Tenant::new(&stack, "slow"), Tenant::new(&stack, "fast"));
    let (owners, caller) = (owner.admin().await, stranger.admin().await);
    let foreign = owner.thread("d", 20).await;
    let target = owner.id("t");
    let put = Method::PUT;
    let path = format!("/v1/targets/{target}");
    let put = owners
        .call(put, &path, &[], Some(r#"{"name": "Ann"}"#))
        .await;
    assert_eq!(put.status, 201, "{put:?}");
    let gone = owner.thread("gone", 1).await;
    let deletion = owners.begin(&format!("/v1/discussions/{gone}")).await;
    let never = "01932c5e-7a00-7000-8000-000000000001";
    let absent = format!("{foreign}-not");
    let both = |path: &str, values: [&str; 2]| values.map(|value| path.replace("ID", value));
    let records = [foreign.as_str(), absent.as_str()];
    let pair = |name, method, paths, body| Pair {
        name,
        method,
        paths,
        body,
    };
    let pairs = [
        pair(
            "GET record",
            Method::GET,
            both("/v1/discussions/ID", records),
            None,
        ),
        pair(
            "GET message",
            Method::GET,
            both("/v1/messages/ID/m000000", records),
            None,
        ),
        pair(
            "GET list below",
            Method::GET,
            both("/v1/messages?parent=ID", records),
            None,
        ),
        pair(
            "DELETE record",
            Method::DELETE,
            both("/v1/discussions/ID", records),
            None,
        ),
        pair(
            "PUT below",
            Method::PUT,
            both("/v1/notifications/ID/n-1", [&target, &absent]),
            Some(r#"{"text": "moss"}"#),
        ),
        pair(
            "GET deletion",
            Method::GET,
            both("/v1/deletions/ID", [&deletion, never]),
            None,
        ),
        pair(
            "GET its records",
            Method::GET,
            both("/v1/deletions/ID/records", [&deletion, never]),
            None,
        ),
        pair(
            "POST restore",
            Method::POST,
            both("/v1/deletions/ID/restore", [&deletion, never]),
            None,
        ),
    ];

    let rounds = std::env::var_os("TIMING_ROUNDS");
    let rounds = rounds
        .and_then(|rounds| rounds.to_str()?.parse().ok())
        .unwrap_or(ROUNDS);
    say(&format!(
        "{:16} {:>23} {:>23}",
        format!("ms, {rounds} each"),
        "foreign: median, p95",
        "absent: median, p95"
    ));
    for pair in &pairs {
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..rounds + 10 {
            for place in [round % 2, 1 - round % 2] {
                let took = once(&caller, pair, place).await;
                // The first ones warm the function up.
                if round >= 10 {
                    times[place].push(took);
                }
            }
        }
        let [foreign, absent] = times.map(figures);
        say(&format!(
            "{:16} {:>14.1} {:>8.1} {:>14.1} {:>8.1}",
            pair.name, foreign[0], foreign[1], absent[0], absent[1]
        ));
    }
}
