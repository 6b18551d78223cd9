//! Stories that proptest makes up, told to the function; see `engine/disturbed/story.rs`.

use std::fmt::Debug;

use proptest::prelude::Strategy;
use tokio::runtime::Builder;

use crate::engine::disturbed::story::tell_some;

/// Tells at least so many stories, the same ones each time; more of them where `PROPTEST_CASES` says so.
pub(super) fn tell<S: Debug, F: Future<Output = ()>>(
    least: u32,
    stories: impl Strategy<Value = S>,
    told: impl Fn(S) -> F,
) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    tell_some(least, stories, |story| runtime.block_on(told(story)));
}
