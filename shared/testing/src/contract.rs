//! What each port promises, as tests that run on every adapter of it.
//!
//! A rule is a function whose name is its statement; it gets a *harness*, which holds the port and can prepare the
//! store and read it without the port. The macro of each suite makes one test from each rule, so that a failure reads
//! as the broken promise:
//!
//! ```ignore
//! mod rows_in_memory {
//!     testing::rows_contract!(super::fake_rows());
//! }
//! ```
//!
//! The expression is a future of `Option<harness>`, evaluated for each rule: the stores must be fresh. `None` skips the
//! rule (say so clearly: a store that is not available proves nothing).
#![expect(missing_docs, reason = "a rule is named as what it says")]
#![expect(
    clippy::missing_panics_doc,
    reason = "a rule that does not hold panics"
)]

pub mod aggregates;
pub mod archive;
pub mod clock;
pub mod deletions;
pub mod detaching;
pub mod documents;
pub mod events;
pub mod queue;
pub mod rows;
pub mod schedules;

use ports::{Attempt, DependencyError};

/// The answers of a call in which nothing was put off.
pub(crate) fn done<T>(answer: Result<Vec<Attempt<T>>, DependencyError>) -> Vec<T> {
    let attempts = answer.expect("the store answers");
    let done = attempts.into_iter().map(|attempt| match attempt {
        Attempt::Done(answer) => Some(answer),
        Attempt::Retry(_) => None,
    });
    done.collect::<Option<_>>()
        .expect("an idle store never asks to be asked again")
}

/// Refused permanently: a retry would not help.
pub(crate) fn assert_refused<T: std::fmt::Debug>(answer: Result<T, DependencyError>) {
    let error = answer.expect_err("it must be refused");
    assert!(!error.retryable, "a refusal is not retryable: {error:?}");
}

/// Refused because a later version wrote what is stored.
pub(crate) fn assert_newer<T: std::fmt::Debug>(answer: Result<T, DependencyError>) {
    let error = answer.expect_err("it must be left alone");
    assert!(error.is_newer && !error.retryable, "{error:?}");
}

/// Makes one test of each rule.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($suite:ident, $harness:expr, [$($rule:ident),* $(,)?]) => {
        $(
            #[tokio::test]
            async fn $rule() {
                if let Some(harness) = $harness.await {
                    $crate::contract::$suite::$rule(&harness).await;
                }
            }
        )*
    };
}
