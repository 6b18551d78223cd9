//! What an effect is: it blocks records of a delete, or follows records that were deleted or came back.

use std::pin::Pin;

use crate::effects::notes::Notes;
use crate::effects::records::{Done, Taking};
use crate::kit::asked::Asked;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::page::Outcome;
use ports::EnginePorts;

/// The answer of an effect. Boxed: few pages have effects, and every page would carry their futures.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Stop>> + Send + 'a>>;

/// Something else that happens when records are deleted or come back. Doing it twice is harmless.
pub(crate) trait Effect<P: EnginePorts>: Sync {
    /// Its name, by which a page remembers how far it is. No two have the same, and none changes.
    fn name(&self) -> &'static str;

    /// Whether it makes calls for these records before it knows whether they are blocked, one for each or more.
    fn asks(&self, _work: Work<'_, P>, _taking: &Taking<'_>) -> bool {
        false
    }

    /// Before the rows of a delete: the blocked records, by place, and why.
    fn block<'a>(
        &'a self,
        _work: Work<'a, P>,
        _taking: &'a Taking<'a>,
    ) -> Answer<'a, Asked<Outcome>> {
        Box::pin(async { Ok(Asked::default()) })
    }

    /// After the rows and documents of a page: what follows the records that were done, from the `from`th on of whatever
    /// it goes through; returns where it continues, if there is more than is done in one go. What the page's events say is
    /// noted.
    fn follow<'a>(
        &'a self,
        _work: Work<'a, P>,
        _done: &'a Done<'a>,
        _notes: &'a mut Notes,
        _from: usize,
    ) -> Answer<'a, Option<usize>> {
        Box::pin(async { Ok(None) })
    }
}
