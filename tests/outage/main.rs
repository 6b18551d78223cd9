//! What happens when a part stops, stalls or dies: on the deployed stack, with real processes. And what wants the machine
//! for itself: lives on the second stack, whose calls have a second each, and a stack of a test's own.
//!
//! Everything here disturbs everybody on the stack, so one test runs at a time ([`alone`]); cargo runs the targets one
//! after the other, so no test of another target is disturbed.
#![cfg(test)]

mod attached;
mod canary;
mod drift;
mod giant;
mod hidden;
mod killed;
mod lost;
mod purge;
mod search_down;
mod serverless;

use tokio::sync::{Mutex, MutexGuard};

/// Nobody else disturbs the stack while this is held.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}
