//! Children that stay when their parent goes: they name no parent any more.

use crate::domain::collection::{ChildLookup, OnDelete};
use crate::domain::deletion::Deletion;
use crate::domain::page::{Entry, Position};
use crate::engine::kit::records::read_rows;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{DetachRows, EnginePorts, Fields, ReadRows, RowQuery, Through};

/// The most children of one look.
const LOOK: usize = 1000;

/// Detaches the children of these deleted records, where their collections say so.
pub(crate) async fn children<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    deleted: &[&Entry],
) -> Result<(), Stop> {
    for entry in deleted {
        let attached = work.collections().attached_to(&entry.collection);
        for child in attached {
            let Some(link) = &child.parent else { continue };
            if link.on_delete != OnDelete::Detach {
                continue;
            }
            let equals: Vec<(&str, &str)> = link
                .by
                .iter()
                .map(String::as_str)
                .zip(entry.key.values())
                .collect();
            // No attribute of `by` is part of the child's key, so children are found over an index.
            let ChildLookup::Index(index) = &link.lookup else {
                continue;
            };
            let mut after: Option<Position> = None;
            loop {
                let query = RowQuery {
                    collection: child,
                    through: Through::Index(index),
                    equals: &equals,
                    after: after.as_ref(),
                    limit: LOOK,
                    not_marked_by: None,
                    fields: Fields::Judged,
                };
                let found = work.call(work.rows().query(query)).await?;
                let keys: Vec<_> = found.rows.into_iter().map(|row| row.key).collect();
                // Read again on the table: whose they are, an index need not say.
                let keys: Vec<_> = read_rows(work, child, &keys, Fields::Judged)
                    .await?
                    .into_iter()
                    .flatten()
                    .filter(|row| row.is_of(&deletion.tenant, child))
                    .map(|row| row.key)
                    .collect();
                let rows = work.rows();
                let _detached = work
                    .settle(&keys, P::Rows::DETACH_BATCH, |batch| async move {
                        rows.detach(child, &entry.key, &batch).await
                    })
                    .await?;
                after = found.next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(())
}
