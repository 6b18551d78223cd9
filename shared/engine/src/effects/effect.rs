//! What an effect is: it blocks records of a delete, or follows records that were deleted or came back.

use std::collections::BTreeMap;
use std::pin::Pin;

use crate::effects::notes::Notes;
use crate::effects::records::{Done, Taking};
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::page::Outcome;
use ports::EnginePorts;

/// The answer of an effect. Boxed: few pages have effects, and every page would carry their futures.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Stop>> + Send + 'a>>;

/// Something else that happens when records are deleted or come back. Doing it twice is harmless.
pub(crate) trait Effect<P: EnginePorts>: Sync {
    /// Before the rows of a delete: the blocked records, by place, and why.
    fn block<'a>(
        &'a self,
        _work: Work<'a, P>,
        _taking: &'a Taking<'a>,
    ) -> Answer<'a, BTreeMap<usize, Outcome>> {
        Box::pin(async { Ok(BTreeMap::new()) })
    }

    /// After the rows and documents of a page: what follows the records that were done. What the page's events say is
    /// noted.
    fn follow<'a>(
        &'a self,
        _work: Work<'a, P>,
        _done: &'a Done<'a>,
        _notes: &'a mut Notes,
    ) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
