//! Which ports a use case gets, as one parameter: a function's policy equals the methods that are listed here.

use crate::{
    AcceptDeletions, AdvanceDeletions, ArchiveRows, ChangeDeletions, ClearDocuments, ClearRows,
    Clock, DetachRows, DomainHealth, EraseRows, FindDue, FindMarked, Ids, IndexDocuments,
    MarkDocuments, MarkRows, PublishEvents, PurgeDocuments, PurgeRows, ReadDeletions,
    ReadDocuments, ReadRows, RemoveSchedules, RepairAggregates, SearchDocuments, SendDeletion,
    StoreAdoptions, StoreNotices, WriteRows,
};

/// What the api function gets.
pub trait ApiPorts: Send + Sync {
    /// Rows: read, and write for clients; a root is marked by [`AcceptDeletions`].
    type Rows: ReadRows + WriteRows;
    /// Documents: search, and update for a client's write.
    type Documents: SearchDocuments + IndexDocuments + ReadDocuments + PurgeDocuments;
    /// Deletions: accept, read, and ask something of one.
    type Deletions: AcceptDeletions<Raw = <Self::Rows as WriteRows>::Raw>
        + ChangeDeletions
        + ReadDeletions;
    /// The queue's sending half.
    type Queue: SendDeletion;
    /// Time and chance.
    type Clock: Clock + Ids;

    /// The rows.
    fn rows(&self) -> &Self::Rows;
    /// The documents.
    fn documents(&self) -> &Self::Documents;
    /// The deletions.
    fn deletions(&self) -> &Self::Deletions;
    /// The queue.
    fn queue(&self) -> &Self::Queue;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
}

/// What the engine gets, in the consumer and in the sweeper.
pub trait EnginePorts: Send + Sync {
    /// Rows: read, mark, clear, purge, archive, erase, detach, maintain computed values.
    type Rows: ReadRows
        + MarkRows
        + ClearRows
        + PurgeRows
        + ArchiveRows
        + EraseRows
        + DetachRows
        + RepairAggregates;
    /// Documents: read, mark, clear, write, purge.
    type Documents: ReadDocuments + MarkDocuments + ClearDocuments + IndexDocuments + PurgeDocuments;
    /// Deletions: read, advance.
    type Deletions: ReadDeletions + AdvanceDeletions + StoreNotices;
    /// The queue's sending half, for continuations.
    type Queue: SendDeletion;
    /// The bus.
    type Events: PublishEvents;
    /// Schedules that are removed with their records.
    type Schedules: RemoveSchedules;
    /// Time and chance.
    type Clock: Clock + Ids;

    /// The rows.
    fn rows(&self) -> &Self::Rows;
    /// The documents.
    fn documents(&self) -> &Self::Documents;
    /// The deletions.
    fn deletions(&self) -> &Self::Deletions;
    /// The queue.
    fn queue(&self) -> &Self::Queue;
    /// The bus.
    fn events(&self) -> &Self::Events;
    /// The schedules.
    fn schedules(&self) -> &Self::Schedules;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
}

/// What the sweeper gets beside the engine's.
pub trait SweepPorts: EnginePorts {
    /// Finds what is due, and takes over what others have marked.
    type Due: FindDue + StoreAdoptions + AcceptDeletions;
    /// Finds what others have marked.
    type Marked: FindMarked;
    /// The domain's state.
    type Domain: DomainHealth;

    /// What is due.
    fn due(&self) -> &Self::Due;
    /// What others have marked.
    fn marked(&self) -> &Self::Marked;
    /// The domain.
    fn domain(&self) -> &Self::Domain;
}

/// The three stores, as one value: rows, documents and deletions.
pub trait Stores: Send + Sync {
    /// Rows.
    type Rows: Send + Sync;
    /// Documents.
    type Documents: Send + Sync;
    /// Deletions.
    type Deletions: Send + Sync;

    /// The rows.
    fn rows(&self) -> &Self::Rows;
    /// The documents.
    fn documents(&self) -> &Self::Documents;
    /// The deletions.
    fn deletions(&self) -> &Self::Deletions;
}

/// Everything that goes out, as one value: messages, events, schedules.
pub trait Outgoing: Send + Sync {
    /// The queue's sending half.
    type Queue: Send + Sync;
    /// The bus.
    type Events: Send + Sync;
    /// Schedules that are removed with their records.
    type Schedules: Send + Sync;

    /// The queue.
    fn queue(&self) -> &Self::Queue;
    /// The bus.
    fn events(&self) -> &Self::Events;
    /// The schedules.
    fn schedules(&self) -> &Self::Schedules;
}

/// Three stores.
#[derive(Debug, Clone)]
pub struct StoresOf<R, D, L> {
    /// Rows.
    pub rows: R,
    /// Documents.
    pub documents: D,
    /// Deletions.
    pub deletions: L,
}

/// A queue, a bus and schedules. `()` stands for what a function does not get.
#[derive(Debug, Clone)]
pub struct OutgoingOf<Q, E = (), S = ()> {
    /// Queue.
    pub queue: Q,
    /// Bus.
    pub events: E,
    /// Schedules.
    pub schedules: S,
}

/// The ports of one function, wired: stores, what goes out, clock and, for the sweeper, the search domain. Which function
/// it can be given to follows from what the parts can do.
#[derive(Debug, Clone)]
pub struct Wired<S, O, C, H = ()> {
    /// The stores.
    pub stores: S,
    /// What goes out.
    pub outgoing: O,
    /// Clock and ids.
    pub clock: C,
    /// The search domain.
    pub domain: H,
}

impl<R: Send + Sync, D: Send + Sync, L: Send + Sync> Stores for StoresOf<R, D, L> {
    type Rows = R;
    type Documents = D;
    type Deletions = L;

    fn rows(&self) -> &R {
        &self.rows
    }
    fn documents(&self) -> &D {
        &self.documents
    }
    fn deletions(&self) -> &L {
        &self.deletions
    }
}

impl<Q: Send + Sync, E: Send + Sync, S: Send + Sync> Outgoing for OutgoingOf<Q, E, S> {
    type Queue = Q;
    type Events = E;
    type Schedules = S;

    fn queue(&self) -> &Q {
        &self.queue
    }
    fn events(&self) -> &E {
        &self.events
    }
    fn schedules(&self) -> &S {
        &self.schedules
    }
}

impl<S: Stores, O: Outgoing, C: Clock + Ids, H: Send + Sync> ApiPorts for Wired<S, O, C, H>
where
    S::Rows: ReadRows + WriteRows,
    S::Documents: SearchDocuments + IndexDocuments + ReadDocuments + PurgeDocuments,
    S::Deletions:
        AcceptDeletions<Raw = <S::Rows as WriteRows>::Raw> + ChangeDeletions + ReadDeletions,
    O::Queue: SendDeletion,
{
    type Rows = S::Rows;
    type Documents = S::Documents;
    type Deletions = S::Deletions;
    type Queue = O::Queue;
    type Clock = C;

    fn rows(&self) -> &S::Rows {
        self.stores.rows()
    }
    fn documents(&self) -> &S::Documents {
        self.stores.documents()
    }
    fn deletions(&self) -> &S::Deletions {
        self.stores.deletions()
    }
    fn queue(&self) -> &O::Queue {
        self.outgoing.queue()
    }
    fn clock(&self) -> &C {
        &self.clock
    }
}

impl<S: Stores, O: Outgoing, C: Clock + Ids, H: Send + Sync> EnginePorts for Wired<S, O, C, H>
where
    S::Rows: ReadRows
        + MarkRows
        + ClearRows
        + PurgeRows
        + ArchiveRows
        + EraseRows
        + DetachRows
        + RepairAggregates,
    S::Documents: ReadDocuments + MarkDocuments + ClearDocuments + IndexDocuments + PurgeDocuments,
    S::Deletions: ReadDeletions + AdvanceDeletions + StoreNotices,
    O::Queue: SendDeletion,
    O::Events: PublishEvents,
    O::Schedules: RemoveSchedules,
{
    type Rows = S::Rows;
    type Documents = S::Documents;
    type Deletions = S::Deletions;
    type Queue = O::Queue;
    type Events = O::Events;
    type Schedules = O::Schedules;
    type Clock = C;

    fn rows(&self) -> &S::Rows {
        self.stores.rows()
    }
    fn documents(&self) -> &S::Documents {
        self.stores.documents()
    }
    fn deletions(&self) -> &S::Deletions {
        self.stores.deletions()
    }
    fn queue(&self) -> &O::Queue {
        self.outgoing.queue()
    }
    fn events(&self) -> &O::Events {
        self.outgoing.events()
    }
    fn schedules(&self) -> &O::Schedules {
        self.outgoing.schedules()
    }
    fn clock(&self) -> &C {
        &self.clock
    }
}

impl<S: Stores, O, C, H: DomainHealth> SweepPorts for Wired<S, O, C, H>
where
    Self: EnginePorts,
    S::Deletions: FindDue + StoreAdoptions + AcceptDeletions,
    S::Rows: FindMarked,
    O: Send + Sync,
    C: Send + Sync,
{
    type Due = S::Deletions;
    type Marked = S::Rows;
    type Domain = H;

    fn due(&self) -> &S::Deletions {
        self.stores.deletions()
    }
    fn marked(&self) -> &S::Rows {
        self.stores.rows()
    }
    fn domain(&self) -> &H {
        &self.domain
    }
}
