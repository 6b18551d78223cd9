//! Two lanes of acts, mixed call by call: which lane goes on is decided by a number, so a case is the same each time.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use domain::deletion::DeletionId;

use super::acts::Act;
use super::board::Board;
use super::performing::perform;

/// Nothing of a story takes so many steps: it would never end.
const ENDLESS: u32 = 100_000;

/// The messages that are on their way, and who does something at the moment.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    pub(super) waiting: Vec<DeletionId>,
    pub(super) acting: [Actor; 2],
    /// The ids of documents that the index refuses to change.
    pub(super) refused: BTreeSet<String>,
    /// Those that it has ever refused.
    pub(super) was_refused: BTreeSet<String>,
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Actor {
    #[default]
    Nobody,
    /// Who writes into the tables without the api.
    Owner,
    /// A worker on this deletion.
    Worker(DeletionId),
    Sweeper,
    Api,
}

/// In which order two lanes go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) seed: u64,
    /// How many calls a lane makes at most before the other one may.
    pub(super) most: u64,
}

impl Order {
    /// One lane only.
    pub(super) const ALONE: Self = Self { seed: 1, most: 1 };

    fn next(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }
}

/// What a lane still has to do.
type Lane = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs both lanes to their end. After each call the ledger looks at the stores.
pub(super) fn run(board: &Arc<Board>, lanes: [Vec<Act>; 2], mut order: Order) {
    order.seed |= 1;
    let mut running: Vec<(usize, Lane)> = Vec::new();
    for (lane, acts) in lanes.into_iter().enumerate() {
        let board = Arc::clone(board);
        let all = async move {
            for act in acts {
                perform(&board, lane, act).await;
            }
        };
        running.push((lane, Box::pin(all)));
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut steps = 0;
    while !running.is_empty() {
        let turn = usize::try_from(order.next() >> 33).unwrap_or_default() % running.len();
        let burst = 1 + (order.next() >> 33) % order.most;
        for _ in 0..burst {
            steps += 1;
            assert!(steps < ENDLESS, "two lanes never end");
            let (lane, future) = &mut running[turn];
            let polled = future.as_mut().poll(&mut context);
            let actor = board.mailbox().acting[*lane];
            board.world.clock.advance(Duration::from_millis(1));
            board.observe(actor);
            if let Poll::Ready(()) = polled {
                drop(running.swap_remove(turn));
                break;
            }
        }
    }
}

/// Lets the other lane go on.
pub(super) async fn give_way() {
    let mut has_waited = false;
    std::future::poll_fn(|_| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        Poll::Pending
    })
    .await;
}

impl Board {
    /// Whether no message is on its way.
    pub(super) fn is_quiet(&self) -> bool {
        self.world.queue.is_empty() && self.mailbox().waiting.is_empty()
    }
}
