//! What all passes have in common: how one page is done, recorded and told, and how those go through the manifest that
//! remove or undo.
//!
//! They go backwards, so that the root comes last and hides what is half done until then.

use crate::domain::deletion::{Deletion, Pass};
use crate::domain::page::{Exceptions, Page};
use crate::domain::scope::Scope;
use crate::domain::told::Told;
use crate::engine::effects::{Doing, after_delete, after_restore, hold_back};
use crate::engine::kit::checkpoint::keep;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::engine::passes::owed_events::Notifier;
use crate::ports::{AdvanceDeletions, EnginePorts, ReadDeletions};

/// What a pass does with a page.
pub(crate) trait PagePass<P: EnginePorts>: Sync {
    /// Which pass.
    const PASS: Pass;

    /// Does a page, or only some places of it, and says what was not plainly done. Doing it again is harmless, and finds
    /// the same.
    fn act(
        &self,
        work: Work<'_, P>,
        deletion: &Deletion,
        page: &Page,
        only: Option<&[usize]>,
    ) -> impl Future<Output = Result<Exceptions, Stop>> + Send;

    /// The frozen scope, where the pass knows it: without it nobody knows what who asks may read.
    fn scope(&self) -> Option<&Scope> {
        None
    }
}

/// Does one page, writes its exceptions if they have changed, makes the checkpoint and tells. `resumed` says that somebody
/// else may have begun the page.
pub(crate) async fn do_page<P: EnginePorts, A: PagePass<P>>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    notifier: &mut Notifier,
    pass: &A,
    page: &Page,
    resumed: bool,
) -> Result<(), Stop> {
    let deletions = work.deletions();
    let again = deletion.is_done_before(A::PASS, page.number);
    // What somebody unmarked since a purge was marked again in place, wherever it stands.
    let only_open = A::PASS != Pass::Purge;
    let stands = async || {
        let read = deletions.exceptions(&deletion.tenant, deletion.id, page.number);
        work.call(read).await.map(Option::unwrap_or_default)
    };
    // An earlier run that was given up may have left exceptions of a page that it did not finish. One of the delete has
    // closed it.
    let is_left = A::PASS != Pass::Delete && deletion.notified.of(A::PASS).is_again();
    let mut earlier = if resumed || again || is_left {
        Some(stands().await?)
    } else {
        None
    };
    let open = earlier
        .as_ref()
        .filter(|_| again)
        .map(|earlier| earlier.open(A::PASS));
    let only = open.as_deref().filter(|_| only_open);
    let scope = pass.scope().filter(|_| A::PASS == Pass::Delete);
    let held = hold_back(work, deletion, scope, page, only).await?;
    let rest: Vec<usize> = (0..page.entries.len())
        .filter(|place| only.is_none_or(|only| only.contains(place)) && !held.contains_key(place))
        .collect();
    let only = if held.is_empty() { only } else { Some(&*rest) };
    let mut found = if only.is_some_and(<[usize]>::is_empty) {
        Exceptions::default()
    } else {
        pass.act(work, deletion, page, only).await?
    };
    found.deleted.extend(held);
    if earlier.is_none() && !found.is_empty() {
        earlier = Some(stands().await?);
    }
    let mut exceptions = found;
    if let Some(earlier) = earlier {
        exceptions = earlier.followed_by(
            A::PASS,
            exceptions,
            open.as_deref(),
            only_open,
            deletion.run,
        );
        if exceptions != earlier {
            work.call(deletions.put_exceptions(deletion, page.number, &exceptions))
                .await?;
        }
    }
    let doing = Doing { again, resumed };
    let scope = pass.scope();
    let effects = async {
        match A::PASS {
            Pass::Delete => after_delete(work, deletion, scope, page, &exceptions, doing).await,
            Pass::Restore => after_restore(work, deletion, page, &exceptions, doing).await,
            Pass::Purge => Ok(Told::default()),
        }
    };
    // Boxed: few pages have effects, and all would carry their future.
    let told = Box::pin(effects).await?;
    let next = deletion.page_done(A::PASS, work.now(), page, &exceptions);
    keep(work, deletion, next).await?;
    notifier
        .page(work, deletion, A::PASS, (page, &exceptions, &told))
        .await;
    Ok(())
}

/// Does all pages from the checkpoint on, the last one first.
pub(crate) async fn run_backwards<P: EnginePorts, A: PagePass<P>>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    pass: &A,
) -> Result<(), Stop> {
    let mut notifier = Notifier::new();
    let mut resumed = true;
    while let Some(number) = deletion.next_backwards() {
        let read = work.deletions().page(&deletion.tenant, deletion.id, number);
        let page = work
            .call(read)
            .await?
            .ok_or_else(|| Stop::broken("PAGE_MISSING", "a page of the manifest is missing"))?;
        do_page(work, deletion, &mut notifier, pass, &page, resumed).await?;
        resumed = false;
    }
    Ok(())
}
