//! Records that a live child blocks, in a deletion that lists them itself: they fail, with the reason.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::ours::is_unmarked;
use crate::kit::related;
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Outcome, Position};
use domain::row::Row;
use ports::{EnginePorts, Related};

/// The first query for children reads few, the next ones many.
const FEW: usize = 10;
const MANY: usize = 1000;

/// See the module.
pub(super) struct Restrict;

impl<P: EnginePorts> Effect<P> for Restrict {
    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, BTreeMap<usize, Outcome>> {
        Box::pin(async move {
            // A root was checked when it was accepted.
            if taking.is_roots() {
                return Ok(BTreeMap::new());
            }
            blocked(work, taking).await
        })
    }
}

/// Those of these records that have a live child. All are asked about, several at once: a page of 1,000 records in a row
/// would take longer than a slice.
async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let failed = AtomicBool::new(false);
    let slice = work.slice.unless(&failed);
    let work = Work::new(work.engine, &slice);
    let (mut questions, mut asked) = (Vec::new(), Vec::new());
    for place in &taking.open {
        let entry = &taking.page.entries[*place];
        for child in work.collections().restricting(&entry.collection) {
            let question = has_live(work, taking.deletion, child, &entry.key);
            questions.push(Box::pin(question));
            asked.push((*place, child));
        }
    }
    let answers = together(&failed, questions).await?;
    let live = asked.into_iter().zip(answers).filter(|(_, is)| *is);
    Ok(live
        .map(|((place, child), _)| {
            let reason = format!("HAS_CHILDREN: {} still name it", child.name);
            (place, Outcome::Failed { reason })
        })
        .collect())
}

/// Whether one of the children of a record is live.
async fn has_live<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    child: &Collection,
    parent: &RecordKey,
) -> Result<bool, Stop> {
    let Some(link) = &child.parent else {
        return Ok(false);
    };
    let children = Related::by(child, &link.lookup, &link.by, parent.values());
    let is_live = |row: &Row| is_unmarked(row, child, &deletion.tenant);
    let mut after: Option<Position> = None;
    loop {
        let limit = if after.is_none() { FEW } else { MANY };
        let found = related::page(work, &children, after.as_ref(), limit).await?;
        if found.rows.iter().any(is_live) {
            return Ok(true);
        }
        after = found.next;
        if after.is_none() {
            return Ok(false);
        }
    }
}
