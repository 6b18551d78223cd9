//! Every port, disturbed: one macro forwards each method as an operation of the script.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Failing, Operation};
use domain::adoption::Adoption;
use domain::change::Change;
use domain::collection::{Collection, CollectionName, DocumentAt};
use domain::deletion::{Deletion, DeletionId, DueKind};
use domain::document::Document;
use domain::event::Event;
use domain::key::RecordKey;
use domain::message::DeletionMessage;
use domain::notice::Notice;
use domain::open::Announcement;
use domain::page::{Exceptions, Page, Position};
use domain::principal::Tenant;
use domain::request_key::{RequestKey, UsedKey};
use domain::row::{Mark, Row};
use domain::scope::Scope;
use ports::{
    AcceptDeletions, AcceptOutcome, AdvanceDeletions, Ancestor, ArchiveRows, Attempt,
    ChangeDeletions, ClearDocuments, ClearOutcome, ClearRows, CopyOutcome, DeletionItems,
    DeletionRange, DeletionSummary, DependencyError, DetachOutcome, DetachRows,
    DocumentClearOutcome, DocumentContent, DocumentMarkOutcome, DocumentState, DocumentVersion,
    DomainHealth, EraseOutcome, EraseRows, Fields, FindDue, FindMarked, Health, InOrder,
    IndexDocuments, IndexOutcome, MarkDocuments, MarkOutcome, MarkRows, OnlyIf, OrderQuery,
    PublishEvents, PurgeDocuments, PurgeOutcome, PurgeRows, PutBackOutcome, PutPageOutcome,
    ReadDeletions, ReadDocuments, ReadRows, RemoveOutcome, RemoveSchedules, RepairAggregates,
    RequestedOutcome, RestoreOutcome, RowPage, RowQuery, RowToClear, RowToCopy, RowToErase,
    RowToMark, ScheduleOutcome, SearchDocuments, SearchPage, SearchQuery, SendDeletion, SetOutcome,
    StoreAdoptions, StoreNotices, StoreOnceOutcome, StoreOutcome, Stored, TakeBackOutcome,
    TakeOutcome, Unchanged, UndoOutcome, WriteOutcome, WriteRows,
};

/// Implements ports for [`Failing`].
///
/// Beside a port, in brackets, are its types and the sizes of its batches: those of the port that is disturbed. A
/// method is written as its port writes it, without `&self`. Before it is its [`Operation`], and before that how the
/// script may disturb it:
///
/// - `call`: one call about one thing, which is done or fails. `-> T` stands for `Result<T, DependencyError>`.
/// - `one`: the same, and the thing may also be put off: `Result<Attempt<T>, DependencyError>`.
/// - `batch(items)`: one call about several records, any of which may be put off. `items` is the name of the argument
///   with them: the port gets only those that the script lets through. `Result<Vec<Attempt<T>>, DependencyError>`.
macro_rules! disturbed {
    ($($port:ident $([$($constant:tt $name:ident),*])? {
        $($kind:ident $(($items:ident))? $operation:ident: $method:ident $arguments:tt -> $answer:ty;)*
    })*) => {$(
        impl<P: $port> $port for Failing<P> {
            $($(disturbed!(@$constant $name);)*)?
            $(disturbed!(@$kind $($items)? $operation $method $arguments $answer);)*
        }
    )*};
    (@type $name:ident) => {
        type $name = P::$name;
    };
    (@const $name:ident) => {
        const $name: usize = P::$name;
    };
    (@call $operation:ident $method:ident ($($argument:ident: $type:ty),*) $answer:ty) => {
        async fn $method(&self, $($argument: $type),*) -> Result<$answer, DependencyError> {
            let act = self.inner.$method($($argument),*);
            self.call(Operation::$operation, act).await
        }
    };
    (@one $operation:ident $method:ident ($($argument:ident: $type:ty),*) $answer:ty) => {
        async fn $method(
            &self,
            $($argument: $type),*
        ) -> Result<Attempt<$answer>, DependencyError> {
            let act = self.inner.$method($($argument),*);
            self.one(Operation::$operation, act).await
        }
    };
    (@batch $items:ident $operation:ident $method:ident ($($argument:ident: $type:ty),*) $answer:ty) => {
        async fn $method(
            &self,
            $($argument: $type),*
        ) -> Result<Vec<Attempt<$answer>>, DependencyError> {
            self.batch(Operation::$operation, $items, |through| async move {
                let $items = through.as_slice();
                self.inner.$method($($argument),*).await
            })
            .await
        }
    };
}

// The rows.
disturbed! {
    ReadRows [const READ_BATCH] {
        batch(keys) ReadRows: read(collection: &Collection, keys: &[RecordKey], fields: Fields) -> Option<Row>;
        call QueryRows: query(query: RowQuery<'_>) -> RowPage;
    }
    MarkRows [const MARK_BATCH] {
        batch(rows) MarkRows: mark(
            collection: &Collection, tenant: &Tenant, mark: &Mark, rows: &[RowToMark]
        ) -> MarkOutcome;
    }
    FindMarked {
        call FindMarked: marked_by_others(
            collection: &Collection, after: Option<&Position>, limit: usize
        ) -> RowPage;
    }
    ClearRows [const CLEAR_BATCH] {
        batch(rows) ClearRows: clear(
            collection: &Collection, deletion: DeletionId, rows: &[RowToClear]
        ) -> ClearOutcome;
    }
    PurgeRows [const PURGE_BATCH] {
        batch(keys) PurgeRows: purge(collection: &Collection, deletion: DeletionId, keys: &[RecordKey]) -> PurgeOutcome;
    }
    WriteRows [type Raw] {
        call ReadStored: stored(collection: &Collection, key: &RecordKey) -> Option<Stored<P::Raw>>;
        call WriteRow: write(
            collection: &Collection, row: &Row, before: Option<&Stored<P::Raw>>, unchanged: Unchanged<'_>
        ) -> WriteOutcome;
        call TakeBackRow: take_back(
            collection: &Collection, row: &Row, before: Option<&Stored<P::Raw>>
        ) -> TakeBackOutcome;
    }
    RepairAggregates {
        call RowsInOrder: in_order(query: OrderQuery<'_>) -> InOrder;
        one SetAggregate: set(
            collection: &Collection, key: &RecordKey, change: &Change
        ) -> SetOutcome;
    }
    DetachRows [const DETACH_BATCH] {
        batch(keys) DetachRows: detach(
            collection: &Collection, parent: &RecordKey, keys: &[RecordKey]
        ) -> DetachOutcome;
        batch(keys) DetachRows: regroup(
            collection: &Collection, attribute: &str, from: &str, to: Option<&str>, keys: &[RecordKey]
        ) -> DetachOutcome;
    }
}

// Rows that leave their table.
disturbed! {
    ArchiveRows [type Whole, const WHOLE_BATCH, const MOVE_BATCH] {
        batch(keys) ReadWhole: whole(collection: &Collection, keys: &[RecordKey]) -> Option<Arc<Stored<P::Whole>>>;
        batch(rows) CopyRows: copy(
            collection: &Collection, tenant: &Tenant, mark: &Mark, rows: &[RowToCopy<P::Whole>]
        ) -> CopyOutcome;
        batch(rows) TakeRows: take(collection: &Collection, rows: &[Arc<Stored<P::Whole>>]) -> TakeOutcome;
        batch(keys) ReadCopies: copies(
            collection: &Collection, deletion: DeletionId, keys: &[RecordKey]
        ) -> Option<Arc<Stored<P::Whole>>>;
        batch(rows) PutBackRows: put_back(collection: &Collection, rows: &[Arc<Stored<P::Whole>>]) -> PutBackOutcome;
        batch(keys) DropCopies: drop_copies(collection: &Collection, deletion: DeletionId, keys: &[RecordKey]) -> ();
    }
    EraseRows [const ERASE_BATCH] {
        batch(rows) EraseRows: erase(
            collection: &Collection, tenant: &Tenant, deletion: DeletionId, rows: &[RowToErase]
        ) -> EraseOutcome;
    }
}

// The documents.
disturbed! {
    MarkDocuments [const MARK_BATCH] {
        batch(documents) MarkDocuments: mark(collection: &Collection, mark: &Mark, documents: &[DocumentAt]) -> DocumentMarkOutcome;
    }
    ClearDocuments [const CLEAR_BATCH] {
        batch(documents) ClearDocuments: clear(
            collection: &Collection, deletion: DeletionId, documents: &[DocumentAt]
        ) -> DocumentClearOutcome;
    }
    ReadDocuments [const STATE_BATCH, const CONTENT_BATCH] {
        batch(documents) DocumentStates: states(collection: &Collection, documents: &[DocumentAt]) -> Option<DocumentState>;
        batch(documents) DocumentContents: contents(collection: &Collection, documents: &[DocumentAt]) -> Option<DocumentContent>;
        batch(documents) FindElsewhere: elsewhere(collection: &Collection, documents: &[DocumentAt]) -> bool;
    }
    PurgeDocuments [const PURGE_BATCH] {
        batch(documents) RemoveDocuments: remove(
            collection: &Collection, documents: &[(DocumentAt, DocumentVersion)]
        ) -> RemoveOutcome;
    }
    SearchDocuments {
        call Search: search(query: SearchQuery<'_>) -> SearchPage;
    }
    IndexDocuments {
        call IndexDocument: index(collection: &Collection, document: &Document) -> Attempt<IndexOutcome>;
    }
}

// The control table.
disturbed! {
    AcceptDeletions [type Raw] {
        call Accept: accept(
            collection: &Collection, deletion: &Deletion, scope: &Scope, page: &Page, only_if: OnlyIf<'_, P::Raw>
        ) -> AcceptOutcome;
        call AcceptNamed: accept_requested(
            deletion: &Deletion, scope: &Scope, ids: &[Vec<RecordKey>], key: Option<&RequestKey>
        ) -> RequestedOutcome;
        call Store: store_once(next: &Deletion, key: &RequestKey) -> StoreOnceOutcome;
        call ReadKey: used_key(tenant: &Tenant, key: &RequestKey) -> Option<UsedKey>;
        call Undo: undo(
            collection: &Collection, deletion: &Deletion, page: &Page, key: Option<&RequestKey>
        ) -> UndoOutcome;
        call UndoNamed: undo_requested(deletion: &Deletion, parts: u32, key: Option<&RequestKey>) -> UndoOutcome;
    }
    ReadDeletions [const DELETIONS_BATCH] {
        call ReadDeletion: deletion(tenant: &Tenant, id: DeletionId) -> Option<Deletion>;
        batch(ids) ReadDeletions: deletions(tenant: &Tenant, ids: &[DeletionId]) -> DeletionItems;
        call ReadScope: scope(tenant: &Tenant, id: DeletionId) -> Option<Scope>;
        call ReadIds: ids(tenant: &Tenant, id: DeletionId, part: u32) -> Option<Vec<RecordKey>>;
        call ReadPage: page(tenant: &Tenant, id: DeletionId, number: u32) -> Option<Page>;
        call ReadExceptions: exceptions(tenant: &Tenant, id: DeletionId, number: u32) -> Option<Exceptions>;
        call ReadOpen: open(tenant: &Tenant) -> Vec<Announcement>;
        call ListDeletions: list(tenant: &Tenant, range: DeletionRange, limit: usize) -> Vec<DeletionSummary>;
    }
    ChangeDeletions {
        call Store: store(next: &Deletion) -> StoreOutcome;
    }
    AdvanceDeletions {
        call FinishRestore: finish_restore(
            collection: &Collection, restored: &Deletion, page: &Page, ancestors: &[Ancestor]
        ) -> RestoreOutcome;
        call PutPage: put_page(deletion: &Deletion, page: &Page) -> PutPageOutcome;
        call PutExceptions: put_exceptions(deletion: &Deletion, number: u32, exceptions: &Exceptions) -> ();
        call Close: close(deletion: &Deletion) -> ();
        call DropIds: drop_ids(deletion: &Deletion, part: u32) -> ();
        call DropPage: drop_page(deletion: &Deletion, number: u32) -> ();
    }
    FindDue {
        call FindDue: find_due(kind: DueKind, now: Timestamp, limit: usize) -> Vec<(Tenant, DeletionId)>;
    }
    StoreAdoptions {
        call ReadAdoption: adoption(collection: &CollectionName) -> Adoption;
        call StoreAdoption: store_adoption(collection: &CollectionName, adoption: &Adoption) -> ();
    }
    StoreNotices {
        call ReadNotice: notice(tenant: &Tenant, id: DeletionId, number: u32) -> Option<Notice>;
        call PutNotice: put_notice(deletion: &Deletion, number: u32, told: &Notice) -> ();
    }
}

// The queue, the bus, the scheduler and the search domain.
disturbed! {
    SendDeletion {
        call Send: send(message: &DeletionMessage, delay: Duration) -> ();
    }
    PublishEvents [const PUBLISH_BATCH] {
        batch(events) Publish: publish(events: &[Event]) -> ();
    }
    RemoveSchedules {
        one RemoveSchedule: remove(name: &str) -> ScheduleOutcome;
    }
    DomainHealth {
        call Health: health() -> Health;
    }
}
