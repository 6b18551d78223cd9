//! Which ports a use case gets, as one parameter: a function's policy equals the methods named here.

use crate::ports::{
    AcceptDeletions, AdvanceDeletions, ArchiveRows, ChangeDeletions, ClearDocuments, ClearRows,
    Clock, DetachRows, DomainHealth, EraseRows, FindDue, Ids, IndexDocuments, KeepTold,
    MarkDocuments, MarkRows, PublishEvents, PurgeDocuments, PurgeRows, ReadDeletions,
    ReadDocuments, ReadRows, RemoveSchedules, RepairAggregates, SearchDocuments, SendDeletion,
    WriteRows,
};

/// What the api function gets.
pub trait ApiPorts: Send + Sync {
    /// Rows: read, and write for clients; a root is marked by [`AcceptDeletions`].
    type Rows: ReadRows + WriteRows;
    /// Documents: search, and what a client's write leaves of them.
    type Documents: SearchDocuments + IndexDocuments + ReadDocuments + PurgeDocuments;
    /// Deletions: accept, read, and ask something of one.
    type Deletions: AcceptDeletions + ChangeDeletions + ReadDeletions;
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
    /// Rows: read, mark, clear, purge, archive, erase, detach, keep aggregates true.
    type Rows: ReadRows
        + MarkRows
        + ClearRows
        + PurgeRows
        + ArchiveRows
        + EraseRows
        + DetachRows
        + RepairAggregates;
    /// Documents: read their marks, mark, clear, purge.
    type Documents: ReadDocuments + MarkDocuments + ClearDocuments + PurgeDocuments;
    /// Deletions: read, carry on.
    type Deletions: ReadDeletions + AdvanceDeletions + KeepTold;
    /// The queue's sending half, for continuations.
    type Queue: SendDeletion;
    /// The bus.
    type Events: PublishEvents;
    /// Schedules that die with their records.
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
    /// Finds what is due.
    type Due: FindDue;
    /// The domain's state.
    type Domain: DomainHealth;

    /// What is due.
    fn due(&self) -> &Self::Due;
    /// The domain.
    fn domain(&self) -> &Self::Domain;
}

/// The ports of one function, wired. `()` stands for what it does not get.
#[derive(Debug, Clone)]
pub struct Wired<R, D, L, Q, E, S, C, H> {
    /// Rows.
    pub rows: R,
    /// Documents.
    pub documents: D,
    /// Deletions.
    pub deletions: L,
    /// Queue.
    pub queue: Q,
    /// Bus.
    pub events: E,
    /// Schedules.
    pub schedules: S,
    /// Clock and ids.
    pub clock: C,
    /// The search domain.
    pub domain: H,
}

impl<R, D, L, Q, E, S, C, H> ApiPorts for Wired<R, D, L, Q, E, S, C, H>
where
    R: ReadRows + WriteRows,
    D: SearchDocuments + IndexDocuments + ReadDocuments + PurgeDocuments,
    L: AcceptDeletions + ChangeDeletions + ReadDeletions,
    Q: SendDeletion,
    E: Send + Sync,
    S: Send + Sync,
    C: Clock + Ids,
    H: Send + Sync,
{
    type Rows = R;
    type Documents = D;
    type Deletions = L;
    type Queue = Q;
    type Clock = C;

    fn rows(&self) -> &R {
        &self.rows
    }
    fn documents(&self) -> &D {
        &self.documents
    }
    fn deletions(&self) -> &L {
        &self.deletions
    }
    fn queue(&self) -> &Q {
        &self.queue
    }
    fn clock(&self) -> &C {
        &self.clock
    }
}

impl<R, D, L, Q, E, S, C, H> EnginePorts for Wired<R, D, L, Q, E, S, C, H>
where
    R: ReadRows
        + MarkRows
        + ClearRows
        + PurgeRows
        + ArchiveRows
        + EraseRows
        + DetachRows
        + RepairAggregates,
    D: ReadDocuments + MarkDocuments + ClearDocuments + PurgeDocuments,
    L: ReadDeletions + AdvanceDeletions + KeepTold,
    Q: SendDeletion,
    E: PublishEvents,
    S: RemoveSchedules,
    C: Clock + Ids,
    H: Send + Sync,
{
    type Rows = R;
    type Documents = D;
    type Deletions = L;
    type Queue = Q;
    type Events = E;
    type Schedules = S;
    type Clock = C;

    fn rows(&self) -> &R {
        &self.rows
    }
    fn documents(&self) -> &D {
        &self.documents
    }
    fn deletions(&self) -> &L {
        &self.deletions
    }
    fn queue(&self) -> &Q {
        &self.queue
    }
    fn events(&self) -> &E {
        &self.events
    }
    fn schedules(&self) -> &S {
        &self.schedules
    }
    fn clock(&self) -> &C {
        &self.clock
    }
}

impl<R, D, L, Q, E, S, C, H> SweepPorts for Wired<R, D, L, Q, E, S, C, H>
where
    R: ReadRows
        + MarkRows
        + ClearRows
        + PurgeRows
        + ArchiveRows
        + EraseRows
        + DetachRows
        + RepairAggregates,
    D: ReadDocuments + MarkDocuments + ClearDocuments + PurgeDocuments,
    L: ReadDeletions + AdvanceDeletions + KeepTold + FindDue,
    Q: SendDeletion,
    E: PublishEvents,
    S: RemoveSchedules,
    C: Clock + Ids,
    H: DomainHealth,
{
    type Due = L;
    type Domain = H;

    fn due(&self) -> &L {
        &self.deletions
    }
    fn domain(&self) -> &H {
        &self.domain
    }
}
