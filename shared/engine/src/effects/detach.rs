//! Children that stay when their parent is deleted: they reference no parent any more.

use crate::effects::effect::{Answer, Effect};
use crate::effects::notes::Notes;
use crate::effects::records::Done;
use crate::kit::detach::detach;
use crate::kit::work::Work;
use domain::deletion::Pass;
use ports::EnginePorts;

/// See the module.
pub(super) struct Detach;

impl<P: EnginePorts> Effect<P> for Detach {
    fn name(&self) -> &'static str {
        "detach"
    }

    fn follow<'a>(
        &'a self,
        work: Work<'a, P>,
        done: &'a Done<'a>,
        _notes: &'a mut Notes,
        from: usize,
    ) -> Answer<'a, Option<usize>> {
        Box::pin(async move {
            if done.pass() == Pass::Restore {
                return Ok(None);
            }
            let (some, next) = done.from(from);
            detach(work, done.deletion, some.iter().copied()).await?;
            Ok(next)
        })
    }
}
