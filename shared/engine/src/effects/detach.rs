//! Children that stay when their parent is deleted: they reference no parent any more.

use crate::effects::effect::{Answer, Effect};
use crate::effects::notes::Notes;
use crate::effects::records::Done;
use crate::kit::related;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::OnDelete;
use domain::deletion::Pass;
use domain::page::Position;
use ports::{DetachRows, EnginePorts, Related};

/// The most children of one query.
const LOOK: usize = 1000;

/// See the module.
pub(super) struct Detach;

impl<P: EnginePorts> Effect<P> for Detach {
    fn follow<'a>(
        &'a self,
        work: Work<'a, P>,
        done: &'a Done<'a>,
        _notes: &'a mut Notes,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            if done.pass() == Pass::Delete {
                children(work, done).await?;
            }
            Ok(())
        })
    }
}

/// Detaches the children of these deleted records, where their collections say so.
async fn children<P: EnginePorts>(work: Work<'_, P>, done: &Done<'_>) -> Result<(), Stop> {
    for entry in &done.entries {
        let attached = work.collections().attached_to(&entry.collection);
        for child in attached {
            let Some(link) = &child.parent else { continue };
            if link.on_delete != OnDelete::Detach {
                continue;
            }
            let children = Related::by(child, &link.lookup, &link.by, entry.key.values());
            let mut after: Option<Position> = None;
            loop {
                let found = related::page(work, &children, after.as_ref(), LOOK).await?;
                let ours = found.rows.into_iter();
                let ours = ours.filter(|row| row.is_of(&done.deletion.tenant, child));
                let keys: Vec<_> = ours.map(|row| row.key).collect();
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
