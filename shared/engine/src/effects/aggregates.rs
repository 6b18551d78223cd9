//! Values of a parent that follow its live children, such as the id of the first message.
//!
//! The value is set only if it still is what was read before the children were queried, and is checked once more
//! afterwards. So if two deletions take the first two children at the same time, the later one sees both marks.
//!
//! A parent that goes with its children keeps its values, and has them when it comes back. They are computed anew then
//! where they may be wrong: a restore runs backwards, so all children have had their turn before their parent.

use std::collections::BTreeMap;

use crate::effects::effect::{Answer, Effect};
use crate::effects::notes::{Notes, declared};
use crate::effects::records::{Done, in_one_go};
use crate::kit::related::in_order;
use crate::kit::rows::read_row;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Aggregate, ChildLookup, Collection, Collections, Known, Take};
use domain::current_value::CurrentValue;
use domain::deletion::{Deletion, Pass};
use domain::key::RecordKey;
use domain::notice::AggregateChange;
use domain::page::Entry;
use domain::row::Row;
use ports::{Direction, EnginePorts, Fields, OrderAlong, OrderQuery, RepairAggregates, SetOutcome};

/// How often one value is checked again while other writers change it or its children.
const ROUNDS: usize = 20;

/// The first query for children reads few, the next ones many.
const FEW: usize = 10;
const MANY: usize = 1000;

/// One value of one parent.
struct ComputedValue<'a> {
    child: &'a Collection,
    aggregate: &'a Aggregate,
    on: &'a Collection,
    parent: RecordKey,
    /// The best of the values of the children that came back.
    restored: Option<String>,
    /// Whether the parent itself came back, and its value does not count.
    is_anew: bool,
}

/// What a value holds, and what it should hold.
struct Correction {
    current: CurrentValue,
    next: Option<String>,
}

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
    let change = |value_of: &ComputedValue<'_>, value| AggregateChange {
        pass: done.pass(),
        run: done.run(),
        on: value_of.on.name.clone(),
        key: value_of.parent.clone(),
        attribute: value_of.aggregate.attribute.clone(),
        value,
    };
    let mut open = Vec::new();
    for value_of in values {
        if let Some(wrong) = compare_value(work, deletion, value_of).await? {
            notes.notice.record_change(change(value_of, wrong.next));
            open.push(value_of);
        }
    }
    notes.write(work, deletion, page).await?;
    for value_of in open {
        repair(work, deletion, value_of).await?;
    }
    // Also where an earlier attempt set it: the published value is the current one, whichever attempt was the last.
    for value_of in values {
        let planned = change(value_of, None);
        let is_planned = |noted: &AggregateChange| noted.is_same(&planned);
        if notes.notice.changes.iter().any(is_planned)
            && let Some(row) = parent(work, deletion, value_of).await?
        {
            let current = CurrentValue::of(&row, &value_of.aggregate.attribute);
            let value = current.text().map(str::to_owned);
            notes.notice.record_change(change(value_of, value));
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

impl ComputedValue<'_> {
    /// What distinguishes it from the others.
    fn place(&self) -> (String, String, RecordKey) {
        let attribute = self.aggregate.attribute.clone();
        (self.child.name.to_string(), attribute, self.parent.clone())
    }
}

fn better(take: Take, one: Option<String>, other: String) -> String {
    match (take, one) {
        (_, None) => other,
        (Take::Min, Some(one)) => one.min(other),
        (Take::Max, Some(one)) => one.max(other),
    }
}

/// The row that has the value.
async fn parent<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
) -> Result<Option<Row>, Stop> {
    let row = read_row(work, value_of.on, &value_of.parent, Fields::All).await?;
    Ok(row.filter(|row| row.is_of(&deletion.tenant, value_of.on)))
}

/// Reads the value, then its children: `None` when it is correct, or not ours to change.
async fn compare_value<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
) -> Result<Option<Correction>, Stop> {
    let Some(row) = parent(work, deletion, value_of).await? else {
        return Ok(None);
    };
    // A parent that this deletion has taken keeps its value, and has it when it comes back.
    if row.mark(value_of.on).is_of(deletion.id) {
        return Ok(None);
    }
    let current = CurrentValue::of(&row, &value_of.aggregate.attribute);
    let start = match (&current, &value_of.restored) {
        // An absent value, or one of another type, is not maintained here.
        (CurrentValue::Absent | CurrentValue::Other, _) => return Ok(None),
        (CurrentValue::Text(_) | CurrentValue::Null, _) if value_of.is_anew => None,
        (CurrentValue::Text(value), Some(restored)) => Some(better(
            value_of.aggregate.take,
            Some(value.clone()),
            restored.clone(),
        )),
        (CurrentValue::Text(value), None) => Some(value.clone()),
        (CurrentValue::Null, restored) => {
            // Without a value nothing can be wrong.
            let Some(restored) = restored else {
                return Ok(None);
            };
            Some(restored.clone())
        }
    };
    let next = first_live(work, deletion, value_of, start.as_deref()).await?;
    Ok((next.as_deref() != current.text()).then_some(Correction { current, next }))
}

/// The first live child from this value on, inclusive; or of all.
async fn first_live<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
    start: Option<&str>,
) -> Result<Option<String>, Stop> {
    let (child, of) = (value_of.child, &value_of.aggregate.of);
    let Some(link) = &child.parent else {
        return Ok(None);
    };
    let attribute = match &value_of.aggregate.lookup {
        ChildLookup::Table => child.key.partition.as_str(),
        ChildLookup::Index(_) => child.behind(link.by.first().map_or("", String::as_str)),
    };
    let along = match &value_of.aggregate.lookup {
        ChildLookup::Table => OrderAlong::Table,
        ChildLookup::Index(name) => OrderAlong::Index {
            name,
            partition: attribute,
            sort: of,
        },
    };
    // If the parent's key has more than the partition attribute holds, the rest narrows the result.
    let Some(Known::Whole(partition)) = child.of_children(&value_of.parent, attribute) else {
        return Ok(None);
    };
    // In the table the children of one parent may be a part of the partition.
    let within = match along {
        OrderAlong::Table => child.of_children(&value_of.parent, of),
        OrderAlong::Index { .. } => None,
    };
    let within = match &within {
        Some(Known::Beginning(within)) => Some(within.as_str()),
        _ => None,
    };
    let is_live = |row: &Row| {
        row.is_unmarked(&deletion.tenant, child)
            && row.parent_key(child, &deletion.tenant).as_ref() == Some(&value_of.parent)
    };
    let (mut after, mut limit) = (None, FEW);
    loop {
        let query = OrderQuery {
            collection: child,
            along,
            partition: &partition,
            within,
            from: start,
            after: after.as_ref(),
            direction: match value_of.aggregate.take {
                Take::Min => Direction::Rising,
                Take::Max => Direction::Falling,
            },
            limit,
        };
        let found = in_order(work, query).await?;
        if let Some(row) = found.rows.iter().find(|row| is_live(row)) {
            return Ok(row.text(of).map(str::to_owned));
        }
        // Through an index many rows may have one value: the query continues behind a row, not behind a value.
        match found.next {
            Some(next) => (after, limit) = (Some(next), MANY),
            None => return Ok(None),
        }
    }
}

/// Sets the value until it is correct.
async fn repair<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
) -> Result<(), Stop> {
    for _ in 0..ROUNDS {
        let Some(Correction { current, next }) = compare_value(work, deletion, value_of).await?
        else {
            return Ok(());
        };
        let rows = work.rows();
        let (current, to) = (&current, next.as_deref());
        let ComputedValue { on, parent, .. } = value_of;
        let attribute = &value_of.aggregate.attribute;
        let outcomes = work
            .settle(&[()], 1, |_| async move {
                let attempt = rows.set(on, parent, attribute, current, to).await?;
                Ok(vec![attempt])
            })
            .await?;
        match outcomes.first() {
            // Checked once more; or another writer was faster, and the current value is checked.
            Some(SetOutcome::Set | SetOutcome::Changed) => {}
            Some(SetOutcome::Missing) | None => return Ok(()),
        }
    }
    Err(Stop::Busy(
        "the first or last child of a record keeps changing".to_owned(),
    ))
}
