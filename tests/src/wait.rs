//! Waiting for what must happen, and never longer than it may take.

use std::future::Future;
use std::time::{Duration, Instant};

/// How often it is looked.
const PACE: Duration = Duration::from_millis(150);

/// Asks until there is an answer.
pub async fn until<T, F>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(PACE).await;
    }
}

/// Lets time pass.
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
