//! Who may do what: what is not granted is denied.

use crate::domain::collection::{Collection, Grant};
use crate::domain::deletion::Deletion;
use crate::domain::principal::Principal;

/// What somebody wants to do with records of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Get, list, search.
    Read,
    /// Delete.
    Delete,
    /// Undo a deletion; who may, sees marked records.
    Restore,
    /// Remove for good.
    Purge,
}

/// Whether the right depends on the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Whatever the row says.
    Always,
    /// Only on records of one's own.
    OwnOnly,
    /// Never.
    Never,
}

/// What the caller may do, before any row was read.
#[must_use]
pub fn right(principal: &Principal, collection: &Collection, action: Action) -> Right {
    if is_denied(principal, collection) {
        return Right::Never;
    }
    let permissions = &collection.permissions;
    let grants = match action {
        Action::Read => &permissions.read,
        Action::Delete => &permissions.delete,
        Action::Restore => &permissions.restore,
        Action::Purge => &permissions.purge,
    };
    if grants.iter().any(|grant| holds(principal, grant)) {
        Right::Always
    } else if grants.contains(&Grant::Author) {
        Right::OwnOnly
    } else {
        Right::Never
    }
}

/// Whether the caller may act on a record with this author.
#[must_use]
pub fn allows(
    principal: &Principal,
    collection: &Collection,
    action: Action,
    author: Option<&str>,
) -> bool {
    match right(principal, collection, action) {
        Right::Always => true,
        Right::OwnOnly => author == Some(principal.subject.as_str()),
        Right::Never => false,
    }
}

/// Whether the caller may see this deletion and its records: its requester, the groups in `audit`, and who may act
/// on it.
#[must_use]
pub fn sees(principal: &Principal, collection: &Collection, deletion: &Deletion) -> bool {
    deletion.tenant == principal.tenant
        && (deletion.requested_by == principal.subject
            || (!is_denied(principal, collection)
                && collection
                    .permissions
                    .audit
                    .iter()
                    .any(|grant| holds(principal, grant)))
            || right(principal, collection, Action::Restore) == Right::Always
            || right(principal, collection, Action::Purge) == Right::Always)
}

/// Whether the caller is in a group that may do nothing, whatever else it is in.
fn is_denied(principal: &Principal, collection: &Collection) -> bool {
    collection
        .permissions
        .deny
        .iter()
        .any(|group| principal.groups.contains(group))
}

fn holds(principal: &Principal, grant: &Grant) -> bool {
    match grant {
        Grant::Member => true,
        Grant::Author => false,
        Grant::Group(group) => principal.groups.contains(group),
    }
}
