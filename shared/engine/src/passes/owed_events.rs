//! Publishes events. Events that could not be published are owed: the cursor `notified` stores what has been published,
//! and the sweeper publishes them later.
//!
//! A bus that is unavailable delays nothing: neither a delete, nor the purge when its time has come.

use tracing::warn;

use crate::effects::{follow_root, has_values, needs_notice};
use crate::kit::clear::clear_documents;
use crate::kit::manifest;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::events::{TOO_LARGE, events_of, publish};
use domain::deletion::{Deletion, Failure, Pass, State};
use domain::event;
use domain::event::Event;
use domain::notice::Notice;
use domain::page::{Entry, Exceptions, Judged, NotRestored, Page};
use ports::{AdvanceDeletions, ChangeDeletions, EnginePorts, StoreNotices, StoreOutcome};

/// How often in a row the bus may refuse an event before it is given up. The waits in between grow, so that is an hour
/// and a half: time enough to find out that the bus refuses them all.
const MOST_REFUSALS: u32 = 10;

/// What becomes of an event that the bus cannot take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unpublishable {
    /// It stays owed, and what follows it, too: the sweeper decides.
    StaysOwed,
    /// It is given up with its reason, so that what follows is published.
    IsGivenUp,
}

/// Publishes everything that an ended deletion still owes, and sets when the sweeper processes it next. What fails
/// stays owed; what was published until then is remembered. Returns how many events were given up.
///
/// # Errors
///
/// The error that prevented it; it is also logged.
pub(crate) async fn publish_owed<P: EnginePorts>(
    work: Work<'_, P>,
    ended: &Deletion,
    unpublishable: Unpublishable,
) -> (u32, Result<(), Stop>) {
    let mut owed = Owed {
        work,
        deletion: ended.clone(),
        unpublishable,
    };
    let result = Box::pin(owed.publish_all()).await;
    let given_up = owed.deletion.notified.given_up() - ended.notified.given_up();
    let next = match &result {
        Ok(()) => {
            let notified = owed.deletion.notified.clone();
            owed.deletion
                .events_published(notified, &work.engine.timing)
        }
        Err(_) => owed.deletion.put_off(work.now(), &work.engine.timing),
    };
    if let Err(stop) = &result {
        warn!(deletion_id = %ended.id, stop = %stop, "events of deletion {} are owed", ended.id);
    }
    match work.closing(work.deletions().store(&next)).await {
        Ok(StoreOutcome::Stored) => (given_up, result),
        Ok(StoreOutcome::Changed(_)) => (0, result.and(Err(Stop::Superseded))),
        Err(stop) => (0, result.and(Err(stop))),
    }
}

/// A deletion whose owed events are being published.
struct Owed<'a, P: EnginePorts> {
    work: Work<'a, P>,
    deletion: Deletion,
    unpublishable: Unpublishable,
}

impl<P: EnginePorts> Owed<'_, P> {
    async fn publish_all(&mut self) -> Result<(), Stop> {
        if !self.deletion.notified.accepted {
            let accepted = event::accepted(self.work.collections(), &self.deletion);
            self.publish_one(Pass::Delete, &accepted).await?;
            self.deletion.notified.accepted = true;
        }
        for pass in [Pass::Delete, Pass::Restore, Pass::Purge] {
            if self.deletion.notified.of(pass).is_owed() {
                self.publish_pass(pass).await?;
            }
        }
        Ok(())
    }

    /// The index refuses the root's document: the root has failed, as it is stored then.
    async fn root_refused(&mut self, why: NotRestored) -> Result<(), Stop> {
        let (work, deletions) = (self.work, self.work.deletions());
        if self.deletion.state == State::Restored {
            let refused = self.deletion.root_refused(work.now());
            let next = refused.map_err(|_| Stop::Superseded)?;
            match work.call(deletions.store(&next)).await? {
                StoreOutcome::Stored => self.deletion = next,
                StoreOutcome::Changed(_) => return Err(Stop::Superseded),
            }
        }
        let mut exceptions = manifest::exceptions(work, &self.deletion, 1).await?;
        if exceptions.restored.insert(0, why.clone()) == Some(why) {
            return Ok(());
        }
        let put = deletions.put_exceptions(&self.deletion, 1, &exceptions);
        work.call(put).await
    }

    /// What an ended pass owes: its pages in its order, then its end.
    async fn publish_pass(&mut self, pass: Pass) -> Result<(), Stop> {
        let (work, deletion) = (self.work, &self.deletion);
        if pass == Pass::Restore && deletion.is_root_to_be_found() {
            if let Some(refused) = clear_root_document(work, deletion).await? {
                self.root_refused(refused).await?;
            }
            let deletion = &self.deletion;
            if let Some((page, notice)) = Box::pin(follow_root(work, deletion)).await? {
                let changed = |change| {
                    event::aggregate_changed(self.work.collections(), deletion, page.number, change)
                };
                let events: Vec<_> = notice.changes.iter().map(changed).collect();
                for event in &events {
                    self.publish_one(pass, event).await?;
                }
            }
        }
        let done = match pass {
            Pass::Delete => self.deletion.acted,
            Pass::Restore | Pass::Purge => self.deletion.notified.of(pass).done,
        };
        // First what was done again in pages that an earlier run had published, whichever run did it.
        if self.deletion.notified.of(pass).is_again() {
            let again = self.deletion.notified.of(pass).pages.min(done);
            for position in self.deletion.notified.of(pass).retold + 1..=again {
                self.publish_page(pass, position).await?;
            }
        }
        for position in self.deletion.notified.of(pass).pages + 1..=done {
            self.publish_page(pass, position).await?;
        }
        if let Some(event) = event::finished(&self.deletion, pass) {
            self.publish_one(pass, &event).await?;
        }
        let events_of_pass = self.deletion.notified.of_mut(pass);
        events_of_pass.finished = true;
        events_of_pass.failure = None;
        Ok(())
    }

    async fn publish_page(&mut self, pass: Pass, position: u32) -> Result<(), Stop> {
        let number = self.deletion.page_at(pass, position);
        if let Some((page, exceptions, notice)) = read(self.work, &self.deletion, number).await? {
            let events = events_of(
                self.work.collections(),
                &self.deletion,
                pass,
                position,
                (&page, &exceptions, &notice),
            );
            self.publish_rest(pass, &events).await?;
        }
        self.deletion.notified.of_mut(pass).page_published(position);
        Ok(())
    }

    /// The events of a page that are not published yet: as long as the bus takes some, it is asked for more.
    async fn publish_rest(&mut self, pass: Pass, events: &[Event]) -> Result<(), Stop> {
        loop {
            let part = self.deletion.notified.of(pass).part as usize;
            let rest = events.get(part..).unwrap_or_default();
            let Some(first) = rest.first() else {
                return Ok(());
            };
            let (count, published) = publish(self.work, rest).await;
            self.deletion.notified.of_mut(pass).published(count);
            match published {
                Ok(()) => return Ok(()),
                Err(_) if count > 0 => {}
                // Which one is refused is only known of an event that is published alone.
                Err(stop) if is_refusal(&stop) => {
                    self.publish_one(pass, first).await?;
                    self.deletion.notified.of_mut(pass).part += 1;
                }
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Publishes one event, or gives it up.
    async fn publish_one(&mut self, pass: Pass, event: &Event) -> Result<(), Stop> {
        let (_, published) = publish(self.work, std::slice::from_ref(event)).await;
        let events_of_pass = self.deletion.notified.of_mut(pass);
        let Err(stop) = published else {
            events_of_pass.refusals = 0;
            return Ok(());
        };
        if !is_refusal(&stop) || self.unpublishable == Unpublishable::StaysOwed {
            return Err(stop);
        }
        events_of_pass.refusals += 1;
        if event.fits() && events_of_pass.refusals < MOST_REFUSALS {
            return Err(stop);
        }
        let code = if event.fits() {
            "EVENT_REFUSED"
        } else {
            TOO_LARGE
        };
        let (id, reason) = (self.deletion.id, stop.to_string());
        events_of_pass.give_up(Failure::new(code, &reason));
        warn!(deletion_id = %id, kind = %event.kind, event_id = %event.detail["event_id"], reason, "an event of deletion {id} is given up");
        Ok(())
    }
}

/// Whether the bus will never take this event, as far as it says.
fn is_refusal(stop: &Stop) -> bool {
    match stop {
        Stop::Dependency(error) => !error.retryable && !error.is_newer,
        Stop::Broken(failure) => failure.code == TOO_LARGE,
        Stop::SliceEnd
        | Stop::Superseded
        | Stop::Busy(_)
        | Stop::Waits(_)
        | Stop::Impossible(_) => false,
    }
}

async fn read<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
) -> Result<Option<(Page, Exceptions, Notice)>, Stop> {
    let Some(page) = manifest::page(work, deletion, number).await? else {
        return Ok(None);
    };
    let exceptions = manifest::exceptions(work, deletion, number).await?;
    let deletions = work.deletions();
    let collections = work.collections();
    let notice = if needs_notice(collections, &page) || has_values(collections, &page) {
        let read = deletions.notice(&deletion.tenant, deletion.id, number);
        work.call(read).await?
    } else {
        None
    };
    Ok(Some((page, exceptions, notice.unwrap_or_default())))
}

/// Clears the root's document, once its row is live again; returns why the index refuses that.
pub(crate) async fn clear_root_document<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Option<NotRestored>, Stop> {
    let Some(root) = &deletion.root else {
        return Ok(None);
    };
    let collection = work.collection(&deletion.collection)?;
    let entry = Entry::new(collection.name.clone(), root.clone(), Judged::Live);
    let records = Records {
        collection,
        entries: &[entry],
        places: vec![0],
    };
    let mut refused = clear_documents(work, &records, deletion.id).await?;
    Ok(refused.remove(&0))
}
