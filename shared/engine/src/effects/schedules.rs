//! Removes the schedules of records before their rows: a schedule that fires afterwards would find nothing to work on.

use std::collections::{BTreeMap, BTreeSet};

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::asked::Asked;
use crate::kit::ours::is_ours;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::page::{Entry, Outcome};
use domain::row::{Row, RowMark};
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
            let staying = staying(work, taking).await?;
            let going = taking.open.iter().copied();
            let going: Vec<usize> = going.filter(|place| !staying.contains(place)).collect();
            Ok(Asked {
                kept: remove(work, entries, &going).await?,
                unfinished: None,
            })
        })
    }
}

/// Those that have a schedule and are not marked now, as far as their rows say so: something holds them back, or another
/// program works on them. They fail with that reason, and go on as they were.
async fn staying<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<BTreeSet<usize>, Stop> {
    let mut staying = BTreeSet::new();
    for mut records in taking.asked_about(work.collections())? {
        let collection = records.collection;
        if !collection.may_wait() {
            continue;
        }
        records
            .places
            .retain(|place| records.entries[*place].effects.schedule.is_some());
        let rows = records.rows(work).await?;
        let rows = records.places.iter().zip(rows);
        let is_staying = |row: &Row| {
            let mark = row.mark(collection);
            let is_held = || row.may_be_held(&taking.deletion.tenant, collection);
            mark == RowMark::Busy || (mark.is_live() && is_held())
        };
        let of_them = rows.filter(|(_, row)| row.as_ref().is_some_and(is_staying));
        staying.extend(of_them.map(|(place, _)| *place));
    }
    Ok(staying)
}

/// Whether one of the records at these places has a schedule.
pub(crate) fn has_schedules(entries: &[Entry], places: &[usize]) -> bool {
    let mut places = places.iter();
    places.any(|place| entries[*place].effects.schedule.is_some())
}

/// Removes the schedules of the records at these places. A missing schedule counts as removed; a record whose schedule
/// the scheduler refuses to remove is blocked.
pub(crate) async fn remove<P: EnginePorts>(
    work: Work<'_, P>,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let with_name = |place: &usize| Some((*place, entries[*place].effects.schedule.clone()?));
    let names: Vec<(usize, String)> = places.iter().filter_map(with_name).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
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
    Ok(blocked
        .filter_map(|((place, _), refusal)| {
            let reason = format!("SCHEDULE_NOT_REMOVED: {}", refusal?);
            Some((place, Outcome::Failed { reason }))
        })
        .collect())
}
