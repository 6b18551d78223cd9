//! Publishes events while a slice works; those that could not be published are owed.

use tracing::warn;

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::events::{events_of, publish};
use domain::deletion::{Deletion, Pass};
use domain::event;
use domain::notice::Notice;
use domain::page::{Exceptions, Page};
use ports::EnginePorts;

/// Publishes while a slice works; once the bus did not answer, no longer for the rest of the slice.
pub(crate) struct Publisher {
    is_unavailable: bool,
}

impl Publisher {
    pub(crate) fn new() -> Self {
        Self {
            is_unavailable: false,
        }
    }

    /// `DeletionAccepted`, once.
    pub(crate) async fn accepted<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &mut Deletion,
    ) {
        if !deletion.notified.accepted && !self.is_unavailable {
            let (_, published) =
                publish(work, &[event::accepted(work.collections(), deletion)]).await;
            deletion.notified.accepted = self.note(deletion, &published);
        }
    }

    /// The records of a page that a pass has just done; its position is the deletion's cursor. Saved with the next
    /// checkpoint.
    pub(crate) async fn page<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &mut Deletion,
        pass: Pass,
        (page, exceptions, notice): (&Page, &Exceptions, &Notice),
    ) {
        let position = deletion.cursor;
        let events_of_pass = deletion.notified.of(pass);
        let before = if position > events_of_pass.pages {
            events_of_pass.pages
        } else {
            events_of_pass.retold
        };
        // An earlier page is owed: pages are published in order, later.
        if before + 1 != position || self.is_unavailable {
            return;
        }
        let part = events_of_pass.part as usize;
        let events = events_of(
            work.collections(),
            deletion,
            pass,
            position,
            (page, exceptions, notice),
        );
        let rest = events.get(part..).unwrap_or_default();
        let (count, published) = publish(work, rest).await;
        let is_whole = self.note(deletion, &published);
        let events_of_pass = deletion.notified.of_mut(pass);
        if is_whole {
            events_of_pass.page_published(position);
        } else {
            events_of_pass.published(count);
        }
    }

    /// Whether all was published; what was not is owed.
    fn note(&mut self, deletion: &Deletion, published: &Result<(), Stop>) -> bool {
        // If the slice itself is over, the next store call reports that.
        if let Err(stop) = published {
            warn!(deletion_id = %deletion.id, stop = %stop, "events of deletion {} are owed", deletion.id);
            self.is_unavailable = true;
        }
        published.is_ok()
    }
}
