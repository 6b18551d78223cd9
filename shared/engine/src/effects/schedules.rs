//! Removes the schedules of records before their rows: a schedule that fires afterwards would find nothing to work on.

use std::collections::BTreeMap;

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::asked::Asked;
use crate::kit::mark::refusal;
use crate::kit::ours::is_ours;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use domain::page::{Entry, Outcome};
use domain::row::Row;
use ports::{Attempt, EnginePorts, RemoveSchedules, ScheduleOutcome};
use telemetry::chain;

/// See the module.
pub(super) struct Schedules;

impl<P: EnginePorts> Effect<P> for Schedules {
    fn name(&self) -> &'static str {
        "schedules"
    }

    fn asks(&self, _work: Work<'_, P>, taking: &Taking<'_>) -> bool {
        has_schedules(&taking.page.entries, &taking.open)
    }

    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, Asked<Outcome>> {
        let entries = &taking.page.entries;
        Box::pin(async move {
            // A root that is not ours any more has been recreated, and its schedule is new, too.
            if !has_schedules(entries, &taking.open)
                || (taking.is_roots() && !is_ours(work, taking.deletion, &entries[0]).await?)
            {
                return Ok(Asked::default());
            }
            let mut kept = BTreeMap::new();
            for records in taking.by_collection(work.collections())? {
                kept.extend(remove(work, taking.deletion, &records).await?);
            }
            Ok(Asked {
                kept,
                unfinished: None,
            })
        })
    }
}

/// Whether one of the records at these places has a schedule.
pub(crate) fn has_schedules(entries: &[Entry], places: &[usize]) -> bool {
    let mut places = places.iter();
    places.any(|place| entries[*place].effects.schedule.is_some())
}

/// Removes the schedules of these records. A missing schedule counts as removed. Blocked are those whose schedule the
/// scheduler refuses to remove, and those whose rows say that they are not marked now: they go on as they were, with their
/// schedules.
pub(crate) async fn remove<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let entries = records.entries;
    let with_name = |place: &usize| Some((*place, entries[*place].effects.schedule.clone()?));
    let mut names: Vec<(usize, String)> = records.places.iter().filter_map(with_name).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let with_schedule = records.at(names.iter().map(|(place, _)| *place).collect());
    let rows = with_schedule.rows(work).await?;
    let refused = with_schedule.places.iter().zip(&rows);
    let refusal = |row: &Row| refusal(work, deletion, records.collection, row);
    let refused = refused.filter_map(|(place, row)| Some((*place, refusal(row.as_ref()?)?)));
    let mut kept: BTreeMap<usize, Outcome> = refused.collect();
    names.retain(|(place, _)| !kept.contains_key(place));
    let schedules = work.engine.ports.schedules();
    let removals = work
        .settle(&names, 1, |batch| async move {
            let mut answers = Vec::new();
            for (_, name) in batch {
                answers.push(match schedules.remove(&name).await {
                    Ok(Attempt::Done(ScheduleOutcome::Removed | ScheduleOutcome::Missing)) => {
                        Attempt::Done(None)
                    }
                    Ok(Attempt::Retry(why)) => Attempt::Retry(why),
                    // A refusal concerns this schedule alone; without an answer the slice ends, and the removal is
                    // tried again.
                    Err(error) if !error.retryable => Attempt::Done(Some(chain(&error))),
                    Err(error) => return Err(error),
                });
            }
            Ok(answers)
        })
        .await?;
    let blocked = names.into_iter().zip(removals);
    kept.extend(blocked.filter_map(|((place, _), refusal)| {
        let reason = format!("SCHEDULE_NOT_REMOVED: {}", refusal?);
        Some((place, Outcome::Failed { reason }))
    }));
    Ok(kept)
}
