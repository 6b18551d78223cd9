//! Asks again for the records of a batch that were not answered, until all are or the slice is over.
//!
//! When one of several calls fails, no other begins, and those in flight are awaited: the lease is given back next, and
//! it outlives every call. A call that was dropped half way could still be carried out beside the next worker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::kit::slice::{Slice, Stop};
use ports::{Attempt, Clock, DependencyError, Ids};

/// How many calls run at the same time.
const CONCURRENCY: usize = 8;

/// The first pause before asking again; it doubles each round, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Calls the store for all items in batches, several at once, and again for those that it puts off. Returns the answers
/// in the order of the items.
pub(crate) async fn settle<I, T, C, F, Fut>(
    slice: &Slice<'_, C>,
    items: &[I],
    batch: usize,
    call: F,
) -> Result<Vec<T>, Stop>
where
    I: Clone + Send + Sync,
    T: Send,
    C: Clock + Ids,
    F: Fn(Vec<I>) -> Fut + Sync,
    Fut: Future<Output = Result<Vec<Attempt<T>>, DependencyError>> + Send,
{
    let mut settled: Vec<Option<T>> = items.iter().map(|_| None).collect();
    let mut open: Vec<usize> = (0..items.len()).collect();
    let mut pause = FIRST_PAUSE;
    loop {
        let began = slice.clock().now();
        let failed = AtomicBool::new(false);
        let calls = slice.unless(&failed);
        let (calls, call) = (&calls, &call);
        let batches = open.chunks(batch).map(|places| async move {
            let asked = places.iter().map(|place| items[*place].clone()).collect();
            calls.call(call(asked)).await
        });
        let answers = together(&failed, batches.collect()).await?;
        let mut again = Vec::new();
        let mut reason = String::new();
        for (places, attempts) in open.chunks(batch).zip(answers) {
            for (place, attempt) in places.iter().copied().zip(attempts) {
                match attempt {
                    Attempt::Done(outcome) => settled[place] = Some(outcome),
                    Attempt::Retry(why) => {
                        again.push(place);
                        reason = why;
                    }
                }
            }
        }
        if again.is_empty() {
            break;
        }
        let jittered = pause.mul_f64(0.5 + slice.clock().fraction());
        let took = slice.clock().now().duration_since(began);
        slice
            .pause(jittered, Duration::try_from(took).unwrap_or_default())
            .await
            .map_err(|_| Stop::Busy(reason))?;
        pause = (pause * 2).min(LONGEST_PAUSE);
        open = again;
    }
    let complete: Vec<T> = settled.into_iter().flatten().collect();
    if complete.len() == items.len() {
        Ok(complete)
    } else {
        Err(Stop::broken(
            "STORE_ANSWER_INCOMPLETE",
            "a store answered for fewer records than it was asked about",
        ))
    }
}

/// Awaits futures, several at once; returns their answers in order, or the first failure. They make their calls in the
/// slice that knows `failed` ([`Slice::unless`]).
pub(crate) async fn together<T, F>(failed: &AtomicBool, futures: Vec<F>) -> Result<Vec<T>, Stop>
where
    F: Future<Output = Result<T, Stop>>,
{
    let numbered = futures.into_iter().enumerate();
    let mut answers =
        stream::iter(numbered.map(|(number, future)| async move { (number, future.await) }))
            .buffer_unordered(CONCURRENCY);
    let mut done = Vec::new();
    let mut first = None;
    while let Some((number, answer)) = answers.next().await {
        match answer {
            Ok(answer) => done.push((number, answer)),
            Err(stop) => {
                failed.store(true, Ordering::Relaxed);
                first.get_or_insert(stop);
            }
        }
    }
    if let Some(stop) = first {
        return Err(stop);
    }
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, answer)| answer).collect())
}
