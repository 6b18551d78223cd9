//! Values of a parent that follow its live children, such as the id of the first message, or the text, the time and
//! the sender of the last one.
//!
//! They are set only if they still are what was read before the children were queried, and are checked once more
//! afterwards. So if two deletions take the first two children at the same time, the later one sees both marks. Values
//! that are of one child are set by one write.
//!
//! A parent that goes with its children keeps its values, and has them when it comes back. They are computed anew then
//! where they may be wrong: a restore runs backwards, so all children have had their turn before their parent.

mod computed;
mod look;

use std::collections::BTreeMap;

use tracing::warn;

use self::computed::{ComputedValue, better, told};
use self::look::first_live;
use crate::effects::effect::{Answer, Effect};
use crate::effects::notes::{Notes, declared};
use crate::effects::records::{Done, in_one_go};
use crate::kit::rows::read_row;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::change::Change;
use domain::collection::{Collection, Collections};
use domain::deletion::{Deletion, Pass};
use domain::key::RecordKey;
use domain::notice::AggregateChange;
use domain::page::Entry;
use domain::row::Row;
use ports::{EnginePorts, Fields, RepairAggregates, SetOutcome};

/// How often one value is checked again while other writers change it or its children.
const ROUNDS: usize = 20;

/// See the module.
pub(super) struct Aggregates;

impl<P: EnginePorts> Effect<P> for Aggregates {
    fn name(&self) -> &'static str {
        "aggregates"
    }

    fn follow<'a>(
        &'a self,
        work: Work<'a, P>,
        done: &'a Done<'a>,
        notes: &'a mut Notes,
        from: usize,
    ) -> Answer<'a, Option<usize>> {
        Box::pin(async move {
            let values = values(work.collections(), done);
            let (some, next) = in_one_go(&values, from, done.turn);
            if some.is_empty() {
                return Ok(None);
            }
            notes.read(work, done).await?;
            follow(work, done, some, notes).await?;
            Ok(next)
        })
    }
}

/// Repairs the values that these records of a page determine. Each change is stored before it is made, so that it is
/// published whatever happens in between.
async fn follow<P: EnginePorts>(
    work: Work<'_, P>,
    done: &Done<'_>,
    values: &[ComputedValue<'_>],
    notes: &mut Notes,
) -> Result<(), Stop> {
    let (deletion, page) = (done.deletion, done.page);
    let change = |value_of: &ComputedValue<'_>, attribute: &str, value| AggregateChange {
        pass: done.pass(),
        run: done.run(),
        on: value_of.on.name.clone(),
        key: value_of.parent.clone(),
        attribute: attribute.to_owned(),
        value,
    };
    let mut open = Vec::new();
    for value_of in values {
        if let Some(wrong) = compare_value(work, deletion, value_of).await? {
            for (attribute, next) in &wrong.set {
                let change = change(value_of, attribute, told(Some(next)));
                notes.notice.record_change(change);
            }
            open.push(value_of);
        }
    }
    notes.write(work, deletion, page).await?;
    for value_of in open {
        repair(work, deletion, value_of).await?;
    }
    // Also where an earlier attempt set it: the published value is the current one, whichever attempt was the last.
    for value_of in values {
        let attributes = value_of.aggregate.set.keys();
        let planned = attributes.map(|attribute| change(value_of, attribute, None));
        let mut planned: Vec<AggregateChange> = planned.collect();
        planned.retain(|planned| {
            let mut changes = notes.notice.changes.iter();
            changes.any(|change| change.is_same(planned))
        });
        if planned.is_empty() {
            continue;
        }
        if let Some(row) = parent(work, deletion, value_of).await? {
            for mut change in planned {
                change.value = told(row.attributes.get(&change.attribute));
                notes.notice.record_change(change);
            }
        }
    }
    Ok(())
}

/// The values that these records determine, each once.
fn values<'e>(collections: &'e Collections, done: &Done<'_>) -> Vec<ComputedValue<'e>> {
    let mut found: BTreeMap<(String, String, RecordKey), ComputedValue<'e>> = BTreeMap::new();
    if may_be_wrong(done) {
        for entry in &done.entries {
            found
                .extend(values_of(collections, entry).map(|value_of| (value_of.place(), value_of)));
        }
    }
    for entry in &done.entries {
        let Some(child) = declared(collections, entry) else {
            continue;
        };
        if go_with_their_parents(collections, done.deletion, child) {
            continue;
        }
        for aggregate in &child.aggregates {
            let (Some(parent), Some(on)) = (
                entry.parent_key(child, &done.deletion.tenant),
                collections.get(aggregate.on.as_ref()),
            ) else {
                continue;
            };
            let value_of = ComputedValue {
                child,
                aggregate,
                on,
                parent,
                restored: None,
                is_anew: false,
            };
            let value_of = found.entry(value_of.place()).or_insert(value_of);
            if done.pass() == Pass::Restore
                && let Some(value) = entry.text(child, &aggregate.of)
            {
                let best = value_of.restored.take();
                value_of.restored = Some(better(aggregate.take, best, value.to_owned()));
            }
        }
    }
    found.into_values().collect()
}

/// The values of a record that are computed from its children.
fn values_of<'e>(
    collections: &'e Collections,
    entry: &Entry,
) -> impl Iterator<Item = ComputedValue<'e>> {
    let on = declared(collections, entry);
    let aggregates = collections
        .iter()
        .flat_map(|child| child.aggregates.iter().map(move |one| (child, one)));
    aggregates.filter_map(move |(child, aggregate)| {
        Some(ComputedValue {
            child,
            aggregate,
            on: on.filter(|on| on.name == aggregate.on)?,
            parent: entry.key.clone(),
            restored: None,
            is_anew: true,
        })
    })
}

/// Whether the records of this collection are deleted because their parents are. The root hides those until all have
/// come back, so what their values are in between concerns nobody.
fn go_with_their_parents(
    collections: &Collections,
    deletion: &Deletion,
    child: &Collection,
) -> bool {
    let is_shared = |link: &Collection| {
        link.keeps
            .as_ref()
            .is_some_and(|keeps| keeps.collection == child.name)
    };
    deletion.root.is_some()
        && child.name != deletion.collection
        && !collections.iter().any(is_shared)
}

/// Whether the values of parents that come back may be wrong: some of their children are not back, and a restore has
/// passed by them already; or the parents were archived, without a root perhaps after their children had gone.
fn may_be_wrong(done: &Done<'_>) -> bool {
    let restored = done.deletion.restored.values();
    let are_missing = done.entries.len() < done.page.entries.len()
        || restored
            .into_iter()
            .any(|counts| counts.conflict + counts.failed > 0);
    done.pass() == Pass::Restore && (done.deletion.strategy.keeps_copies() || are_missing)
}

/// The row that has the value.
async fn parent<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
) -> Result<Option<Row>, Stop> {
    let row = read_row(work, value_of.on, &value_of.parent, Fields::Exact).await?;
    Ok(row.filter(|row| row.is_of(&deletion.tenant, value_of.on)))
}

/// Reads the values, then the children: `None` when they are correct, or not ours to change.
async fn compare_value<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
) -> Result<Option<Change>, Stop> {
    let Some(row) = parent(work, deletion, value_of).await? else {
        return Ok(None);
    };
    // A parent that this deletion has taken keeps its values, and has them when it comes back.
    if row.mark(value_of.on).is_of(deletion.id) {
        return Ok(None);
    }
    let Some(start) = value_of.start(&row) else {
        return Ok(None);
    };
    let child = first_live(work, deletion, value_of, (&row, start.place())).await?;
    let change = value_of.correction(&row, child.as_ref());
    if change.set.is_empty() {
        return Ok(None);
    }
    for attribute in child.iter().flat_map(|child| value_of.impossible(child)) {
        work.engine.unreadable_rows.add(1);
        let collection = &value_of.child.name;
        warn!(deletion_id = %deletion.id, %collection, attribute, "a row of {collection} has a list or a map where a value of its parent comes from");
    }
    Ok(Some(change))
}

/// The change that takes the values out of the parent's row; `None` if it has none of them.
async fn without_values<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
) -> Result<Option<Change>, Stop> {
    let row = parent(work, deletion, value_of).await?;
    let change = row.map(|row| value_of.correction(&row, None));
    Ok(change.filter(|change| !change.set.is_empty()))
}

/// Sets the values until they are correct. A row without room for them has none: those of a deleted child do not stay.
async fn repair<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
) -> Result<(), Stop> {
    let mut has_room = true;
    for _ in 0..ROUNDS {
        let change = if has_room {
            compare_value(work, deletion, value_of).await?
        } else {
            without_values(work, deletion, value_of).await?
        };
        let Some(change) = change else {
            return Ok(());
        };
        let (rows, change) = (work.rows(), &change);
        let ComputedValue { on, parent, .. } = value_of;
        let outcomes = work
            .settle(&[()], 1, |_| async move {
                let attempt = rows.set(on, parent, change).await?;
                Ok(vec![attempt])
            })
            .await?;
        match outcomes.first() {
            // Checked once more; or another writer was faster, and the current value is checked.
            Some(SetOutcome::Set | SetOutcome::Changed) => {}
            Some(SetOutcome::Missing) | None => return Ok(()),
            Some(SetOutcome::TooLarge) => {
                let collection = &on.name;
                warn!(deletion_id = %deletion.id, %collection, "a record of {collection} has no room for the values of its children, and has none of them now");
                has_room = false;
            }
        }
    }
    Err(Stop::Busy(
        "the first or last child of a record keeps changing".to_owned(),
    ))
}
