//! What an effect is: something that a delete waits for, or that follows records that were deleted or came back.

use std::collections::BTreeMap;
use std::pin::Pin;

use crate::effects::notes::Notes;
use crate::effects::records::{Done, Taking};
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::page::Outcome;
use ports::EnginePorts;

/// The answer of an effect. Boxed: few pages have effects, and all would carry their futures.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Stop>> + Send + 'a>>;

/// Something else that happens when records are deleted or come back. Doing it again is harmless.
pub(crate) trait Effect<P: EnginePorts>: Sync {
    /// Before the rows of a delete: what must not go yet, by place, and why.
    fn block<'a>(
        &'a self,
        _work: Work<'a, P>,
        _taking: &'a Taking<'a>,
    ) -> Answer<'a, BTreeMap<usize, Outcome>> {
        Box::pin(async { Ok(BTreeMap::new()) })
    }

    /// Behind the rows and documents of a page: what follows the records that were done. What its events tell is noted.
    fn follow<'a>(
        &'a self,
        _work: Work<'a, P>,
        _done: &'a Done<'a>,
        _notes: &'a mut Notes,
    ) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
