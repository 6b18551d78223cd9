//! The names of all calls that a port can get.

/// One method of one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "each is the method of the port that its name says"
)]
pub enum Operation {
    ReadRows,
    QueryRows,
    FindMarked,
    MarkRows,
    ClearRows,
    PurgeRows,
    ReadStored,
    WriteRow,
    TakeBackRow,
    IndexDocument,
    RowsInOrder,
    SetAggregate,
    DetachRows,
    ReadWhole,
    CopyRows,
    TakeRows,
    ReadCopies,
    PutBackRows,
    DropCopies,
    EraseRows,
    MarkDocuments,
    ClearDocuments,
    DocumentStates,
    DocumentContents,
    FindElsewhere,
    RemoveDocuments,
    Search,
    Accept,
    AcceptNamed,
    Undo,
    UndoNamed,
    ReadDeletion,
    ReadDeletions,
    ReadKey,
    ReadScope,
    ReadIds,
    ReadPage,
    ReadExceptions,
    ReadOpen,
    ListDeletions,
    Store,
    FinishRestore,
    PutPage,
    PutExceptions,
    ReadNotice,
    PutNotice,
    DropPage,
    DropIds,
    Close,
    FindDue,
    ReadAdoption,
    StoreAdoption,
    Send,
    Publish,
    RemoveSchedule,
    Health,
}

impl Operation {
    /// The dependency's name in errors.
    #[must_use]
    pub fn dependency(self) -> &'static str {
        match self {
            Self::ReadRows
            | Self::QueryRows
            | Self::FindMarked
            | Self::MarkRows
            | Self::ClearRows
            | Self::PurgeRows
            | Self::ReadStored
            | Self::WriteRow
            | Self::TakeBackRow
            | Self::RowsInOrder
            | Self::SetAggregate
            | Self::DetachRows
            | Self::ReadWhole
            | Self::TakeRows
            | Self::PutBackRows
            | Self::EraseRows => "record store",
            Self::CopyRows | Self::ReadCopies | Self::DropCopies => "archive",
            Self::MarkDocuments
            | Self::ClearDocuments
            | Self::DocumentStates
            | Self::DocumentContents
            | Self::FindElsewhere
            | Self::RemoveDocuments
            | Self::IndexDocument
            | Self::Search => "search index",
            Self::Accept
            | Self::AcceptNamed
            | Self::Undo
            | Self::UndoNamed
            | Self::ReadDeletion
            | Self::ReadDeletions
            | Self::ReadKey
            | Self::ReadScope
            | Self::ReadIds
            | Self::ReadPage
            | Self::ReadExceptions
            | Self::ReadOpen
            | Self::ListDeletions
            | Self::Store
            | Self::FinishRestore
            | Self::PutPage
            | Self::PutExceptions
            | Self::ReadNotice
            | Self::PutNotice
            | Self::DropPage
            | Self::DropIds
            | Self::Close
            | Self::FindDue
            | Self::ReadAdoption
            | Self::StoreAdoption => "control table",
            Self::Send => "queue",
            Self::Publish => "event bus",
            Self::RemoveSchedule => "scheduler",
            Self::Health => "search domain",
        }
    }

    /// The operation's name in errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadRows => "read rows",
            Self::QueryRows => "query rows",
            Self::FindMarked => "look through rows",
            Self::MarkRows => "mark rows",
            Self::ClearRows => "clear rows",
            Self::PurgeRows => "remove rows",
            Self::ReadStored => "read a row",
            Self::WriteRow => "write a row",
            Self::TakeBackRow => "take a row back",
            Self::IndexDocument => "write a document",
            Self::RowsInOrder => "read rows in order",
            Self::SetAggregate => "set an aggregate",
            Self::DetachRows => "detach rows",
            Self::ReadWhole => "read whole rows",
            Self::CopyRows => "copy rows",
            Self::TakeRows => "take rows away",
            Self::ReadCopies => "read copies",
            Self::PutBackRows => "put rows back",
            Self::DropCopies => "remove copies",
            Self::EraseRows => "erase rows",
            Self::MarkDocuments => "mark documents",
            Self::ClearDocuments => "clear documents",
            Self::DocumentStates => "read the marks of documents",
            Self::DocumentContents => "read documents",
            Self::FindElsewhere => "find documents elsewhere",
            Self::RemoveDocuments => "remove documents",
            Self::Search => "search",
            Self::Accept | Self::AcceptNamed => "accept a deletion",
            Self::Undo | Self::UndoNamed => "take a deletion back",
            Self::ReadDeletion => "read a deletion",
            Self::ReadDeletions => "read deletions",
            Self::ReadKey => "read the key of a request",
            Self::ReadScope => "read a scope",
            Self::ReadIds => "read the ids of a scope",
            Self::ReadPage => "read a page",
            Self::ReadExceptions => "read exceptions",
            Self::ReadOpen => "read what is open",
            Self::ListDeletions => "list deletions",
            Self::Store => "store a deletion",
            Self::FinishRestore => "end a restore",
            Self::PutPage => "write a page",
            Self::PutExceptions => "write exceptions",
            Self::ReadNotice => "read the notice of a page",
            Self::PutNotice => "write the notice of a page",
            Self::DropPage => "drop a page",
            Self::DropIds => "drop the ids of a scope",
            Self::Close => "close a deletion",
            Self::FindDue => "find what is due",
            Self::ReadAdoption | Self::StoreAdoption => "remember how far a search is",
            Self::Send => "send a message",
            Self::Publish => "publish events",
            Self::RemoveSchedule => "remove a schedule",
            Self::Health => "tell its state",
        }
    }
}
