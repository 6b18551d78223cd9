//! Asks again for the records of a batch that were not answered, until all are or the slice is over.

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
        let batches: Vec<Vec<usize>> = open.chunks(batch).map(<[usize]>::to_vec).collect();
        let mut answers = stream::iter(batches.into_iter().map(|places| {
            let asked = places.iter().map(|place| items[*place].clone()).collect();
            let answer = call(asked);
            async move { slice.call(answer).await.map(|attempts| (places, attempts)) }
        }))
        .buffer_unordered(CONCURRENCY);
        let mut again = Vec::new();
        let mut reason = String::new();
        while let Some(answer) = answers.next().await {
            let (places, attempts) = answer?;
            for (place, attempt) in places.into_iter().zip(attempts) {
                match attempt {
                    Attempt::Done(outcome) => settled[place] = Some(outcome),
                    Attempt::Retry(why) => {
                        again.push(place);
                        reason = why;
                    }
                }
            }
        }
        drop(answers);
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
