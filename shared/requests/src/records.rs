//! Reads of live records: get, list and search, each checked against the rows.
//!
//! None of them makes more store calls because of what is deleted around a record: get reads the record and each level
//! above it once, list and search have a budget. Before that, each reads what deletions without a root hide: one call, or
//! two while some are under way.

mod list;
mod listed;
mod search;

pub use self::list::{Below, list};
use self::listed::may_read;
pub use self::listed::{Listed, ReadError};
pub use self::search::search;

use crate::api::Api;
use crate::hidden::Hidden;
use crate::liveness::{Asked, Liveness, for_caller};
use crate::visible::visible;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::permission::{Action, allows};
use domain::principal::Principal;
use domain::row::Row;
use ports::{ApiPorts, Clock, Fields};

/// The answer to a get.
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    /// Live.
    Live(Row),
    /// Marked, and the caller may restore it: its deletion.
    Deleted(Box<Deletion>),
    /// Absent, another tenant's, not readable, or marked and one that the caller may not restore.
    Absent,
}

/// One record.
///
/// # Errors
///
/// [`ReadError::Forbidden`] is decided before existence is revealed.
pub async fn get<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    key: &RecordKey,
) -> Result<Got, ReadError> {
    may_read(principal, collection)?;
    let now = api.ports.clock().now();
    let asked = Asked {
        collection,
        key,
        fields: Fields::All,
        actions: &[Action::Read, Action::Restore],
        now,
    };
    let hidden = Hidden::of(api, &principal.tenant, collection).await?;
    let found = for_caller(api, principal, &hidden, &asked).await?;
    match found {
        Liveness::Live(row) if allows(principal, collection, Action::Read, &row, now) => {
            Ok(Got::Live(row))
        }
        Liveness::Marked { row, by } | Liveness::Hidden { row, by }
            if allows(principal, collection, Action::Restore, &row, now) =>
        {
            Ok(visible(api, principal, by)
                .await?
                .map_or(Got::Absent, Got::Deleted))
        }
        Liveness::Live(_)
        | Liveness::Marked { .. }
        | Liveness::Hidden { .. }
        | Liveness::Orphan(_)
        | Liveness::Nobodys
        | Liveness::Absent => Ok(Got::Absent),
        Liveness::Unreadable => Err(ReadError::Unreadable),
    }
}
