//! A look through the children of one parent in their order, for the first live one.

use domain::collection::{ChildLookup, Known, Take};
use domain::deletion::Deletion;
use domain::page::Position;
use domain::row::Row;
use ports::{Direction, EnginePorts, Fields, OrderAlong, OrderQuery};

use super::computed::ComputedValue;
use crate::kit::related::in_order;
use crate::kit::rows::read_row;
use crate::kit::slice::Stop;
use crate::kit::work::Work;

/// The first query for children reads few, the next ones many.
const FEW: usize = 10;
const MANY: usize = 1000;

/// Of how many children of one place in the order more than the first is asked whether the values are theirs.
const MOST_ALIKE: usize = 10;

/// The first live child from this place on, inclusive; or of all. Among those of one place it is the one that the values
/// of the parent are of.
pub(super) async fn first_live<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    value_of: &ComputedValue<'_>,
    (parent, start): (&Row, Option<&str>),
) -> Result<Option<Row>, Stop> {
    let of = value_of.aggregate.of.as_str();
    let Some(mut looked) = Looked::at(value_of, start) else {
        return Ok(None);
    };
    let mut first: Option<Row> = None;
    let mut alike = 0;
    while let Some(rows) = looked.more(work).await? {
        for row in rows {
            if !value_of.is_live(deletion, &row) {
                continue;
            }
            if let Some(first) = &first
                && (alike == MOST_ALIKE || row.text(of) != first.text(of))
            {
                return Ok(Some(first.clone()));
            }
            let Some(row) = whole(value_of, work, deletion, row).await? else {
                continue;
            };
            let is_it = !value_of.aggregate.needs_more()
                || value_of.correction(parent, Some(&row)).set.is_empty();
            if is_it {
                return Ok(Some(row));
            }
            alike += 1;
            first = first.or(Some(row));
        }
    }
    Ok(first)
}

/// The child with what the parent has of it, if it still is one.
async fn whole<P: EnginePorts>(
    value_of: &ComputedValue<'_>,
    work: Work<'_, P>,
    deletion: &Deletion,
    row: Row,
) -> Result<Option<Row>, Stop> {
    if !value_of.aggregate.needs_more() {
        return Ok(Some(row));
    }
    let row = read_row(work, value_of.child, &row.key, Fields::Exact).await?;
    Ok(row.filter(|row| value_of.is_live(deletion, row)))
}

/// A look through the children of one parent in their order.
struct Looked<'a> {
    value_of: &'a ComputedValue<'a>,
    along: OrderAlong<'a>,
    partition: String,
    /// In the table the children of one parent may be a part of the partition.
    within: Option<String>,
    start: Option<&'a str>,
    after: Option<Position>,
    limit: usize,
    is_over: bool,
}

impl<'a> Looked<'a> {
    fn at(value_of: &'a ComputedValue<'a>, start: Option<&'a str>) -> Option<Self> {
        let (child, of) = (value_of.child, value_of.aggregate.of.as_str());
        let link = child.parent.as_ref()?;
        let (attribute, along) = match &value_of.aggregate.lookup {
            ChildLookup::Table => (child.key.partition.as_str(), OrderAlong::Table),
            ChildLookup::Index(name) => {
                let partition = child.behind(link.by.first()?);
                let index = OrderAlong::Index {
                    name,
                    partition,
                    sort: of,
                };
                (partition, index)
            }
        };
        // If the parent's key has more than the partition attribute holds, the rest narrows the result.
        let Some(Known::Whole(partition)) = child.of_children(&value_of.parent, attribute) else {
            return None;
        };
        let within = match along {
            OrderAlong::Table => child.of_children(&value_of.parent, of),
            OrderAlong::Index { .. } => None,
        };
        Some(Self {
            value_of,
            along,
            partition,
            within: match within {
                Some(Known::Beginning(within)) => Some(within),
                _ => None,
            },
            start,
            after: None,
            limit: FEW,
            is_over: false,
        })
    }

    /// The next rows; `None` behind the last.
    async fn more<P: EnginePorts>(&mut self, work: Work<'_, P>) -> Result<Option<Vec<Row>>, Stop> {
        if self.is_over {
            return Ok(None);
        }
        let query = OrderQuery {
            collection: self.value_of.child,
            along: self.along,
            partition: &self.partition,
            within: self.within.as_deref(),
            from: self.start,
            after: self.after.as_ref(),
            direction: match self.value_of.aggregate.take {
                Take::Min => Direction::Rising,
                Take::Max => Direction::Falling,
            },
            limit: self.limit,
        };
        let found = in_order(work, query).await?;
        // Through an index many rows may have one value: the query continues behind a row, not behind a value.
        self.is_over = found.next.is_none();
        (self.after, self.limit) = (found.next, MANY);
        Ok(Some(found.rows))
    }
}
