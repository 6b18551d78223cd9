//! A port that fails as a script says: it wraps any other, a fake or a real one.

mod forwarding;

use super::faults::{Fault, Faults, Moment, Operation, Verdict};
use ports::{Attempt, DependencyError};

/// Any port, disturbed by a script. It implements every port that `P` implements.
#[derive(Debug, Clone)]
pub struct Failing<P> {
    inner: P,
    faults: Faults,
}

impl<P> Failing<P> {
    /// The port, with a script that it may share with others.
    pub fn new(inner: P, faults: &Faults) -> Self {
        Self {
            inner,
            faults: faults.clone(),
        }
    }

    /// The port itself, undisturbed.
    pub fn inner(&self) -> &P {
        &self.inner
    }
}

impl<P: Sync> Failing<P> {
    /// One call about one thing.
    async fn call<T: Send>(
        &self,
        operation: Operation,
        act: impl Future<Output = Result<T, DependencyError>> + Send,
    ) -> Result<T, DependencyError> {
        let verdict = self.faults.begin(operation, 1).await;
        let answer = match verdict {
            Verdict::Dead | Verdict::Crash(Moment::Before | Moment::Midway) => {
                return Faults::dead().await;
            }
            Verdict::Crash(Moment::After) => {
                let _lost = act.await;
                return Faults::dead().await;
            }
            Verdict::Proceed => act.await,
            Verdict::Fail(fault) => {
                if let Fault::Unavailable(Moment::After) | Fault::Refused(Moment::After) = fault {
                    let _lost = act.await;
                }
                Err(Faults::error(operation, fault))
            }
        };
        self.faults.end(operation, 1).await;
        answer
    }

    /// One call about one thing that may be put off: [`Fault::Again`] for place 0 does that.
    async fn one<T: Send>(
        &self,
        operation: Operation,
        act: impl Future<Output = Result<Attempt<T>, DependencyError>> + Send,
    ) -> Result<Attempt<T>, DependencyError> {
        let mut answers = self
            .batch(operation, &[()], |_| async move {
                act.await.map(|attempt| vec![attempt])
            })
            .await?;
        Ok(answers.remove(0))
    }

    /// One call about several records; `act` gets those that the script lets through.
    async fn batch<I, T, F>(
        &self,
        operation: Operation,
        items: &[I],
        act: impl FnOnce(Vec<I>) -> F + Send,
    ) -> Result<Vec<Attempt<T>>, DependencyError>
    where
        I: Clone + Send + Sync,
        T: Send,
        F: Future<Output = Result<Vec<Attempt<T>>, DependencyError>> + Send,
    {
        let verdict = self.faults.begin(operation, items.len()).await;
        let done_before = |moment| match moment {
            Moment::Before => 0,
            Moment::Midway => items.len() / 2,
            Moment::After => items.len(),
        };
        let answer = match verdict {
            Verdict::Dead => return Faults::dead().await,
            Verdict::Crash(moment) => {
                lose(act, &items[..done_before(moment)]).await;
                return Faults::dead().await;
            }
            Verdict::Proceed => act(items.to_vec()).await,
            Verdict::Fail(Fault::Again(held)) => block(act, items, held).await,
            Verdict::Fail(fault @ (Fault::Unavailable(moment) | Fault::Refused(moment))) => {
                lose(act, &items[..done_before(moment)]).await;
                Err(Faults::error(operation, fault))
            }
        };
        self.faults.end(operation, items.len()).await;
        answer
    }
}

/// Does it, and the result is lost.
async fn lose<I, F, A>(act: A, items: &[I])
where
    I: Clone + Send + Sync,
    F: Future + Send,
    F::Output: Send,
    A: FnOnce(Vec<I>) -> F + Send,
{
    if !items.is_empty() {
        let _lost = act(items.to_vec()).await;
    }
}

/// Does what the script lets through, and puts the answers in the order of the items.
async fn block<I, T, F, A>(
    act: A,
    items: &[I],
    held: fn(usize) -> bool,
) -> Result<Vec<Attempt<T>>, DependencyError>
where
    I: Clone + Send + Sync,
    T: Send,
    F: Future<Output = Result<Vec<Attempt<T>>, DependencyError>> + Send,
    A: FnOnce(Vec<I>) -> F + Send,
{
    let through: Vec<I> = items
        .iter()
        .enumerate()
        .filter(|(place, _)| !held(*place))
        .map(|(_, item)| item.clone())
        .collect();
    let mut answers = if through.is_empty() {
        Vec::new()
    } else {
        act(through).await?
    }
    .into_iter();
    let again = || Attempt::Retry("the test's script says so".to_owned());
    Ok((0..items.len())
        .map(|place| {
            if held(place) {
                again()
            } else {
                answers.next().unwrap_or_else(again)
            }
        })
        .collect())
}

#[cfg(test)]
mod tests;
