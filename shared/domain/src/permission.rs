//! Who may do what: what is not granted is denied.

use jiff::Timestamp;

use crate::collection::{Collection, Collections, Grant};
use crate::deletion::Deletion;
use crate::principal::Principal;
use crate::row::Row;
use crate::time;

/// What a caller wants to do with records of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Get, list, search.
    Read,
    /// Create and replace.
    Write,
    /// Delete.
    Delete,
    /// Undo a deletion; callers who may do this see marked records.
    Restore,
    /// Remove for good.
    Purge,
    /// Delete records of others, by what the records have in common.
    DestroyAll,
}

/// Whether the right depends on the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Whatever the row says.
    Always,
    /// Only on the caller's own records, and for some actions only for a limited time.
    OwnOnly,
    /// Never.
    Never,
}

/// What the caller may do in a collection, before any row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Get, list, search, and count.
    pub read: Right,
    /// Create and replace, where the collection serves that.
    pub write: Right,
    /// Delete.
    pub delete: Right,
    /// Undo a deletion, where the collection allows that.
    pub restore: Right,
    /// Remove for good.
    pub purge: Right,
    /// Delete records of others.
    pub destroy_all: Right,
}

impl Rights {
    /// Those of this caller. What the collection lets nobody do is no right.
    #[must_use]
    pub fn of(principal: &Principal, collection: &Collection) -> Self {
        let of = |action| right(principal, collection, action);
        let if_possible = |is_possible, action| {
            if is_possible {
                of(action)
            } else {
                Right::Never
            }
        };
        Self {
            read: of(Action::Read),
            write: if_possible(collection.serve.write, Action::Write),
            delete: of(Action::Delete),
            restore: if_possible(collection.strategy.keeps_records(), Action::Restore),
            purge: of(Action::Purge),
            destroy_all: of(Action::DestroyAll),
        }
    }

    /// Whether there is nothing that the caller may do.
    #[must_use]
    pub fn are_none(&self) -> bool {
        let Self {
            read,
            write,
            delete,
            restore,
            purge,
            destroy_all,
        } = self;
        let all = [read, write, delete, restore, purge, destroy_all];
        all.into_iter().all(|right| *right == Right::Never)
    }
}

/// What the caller may do, before any row is read.
#[must_use]
pub fn right(principal: &Principal, collection: &Collection, action: Action) -> Right {
    if is_denied(principal, collection) {
        return Right::Never;
    }
    let permissions = &collection.permissions;
    let grants = match action {
        Action::Read => &permissions.read,
        Action::Write => &permissions.write,
        Action::Delete => &permissions.delete,
        Action::Restore => &permissions.restore,
        Action::Purge => &permissions.purge,
        Action::DestroyAll => &permissions.destroy_all,
    };
    if grants.iter().any(|grant| holds(principal, grant)) {
        Right::Always
    } else if grants.contains(&Grant::Author) {
        Right::OwnOnly
    } else {
        Right::Never
    }
}

/// Whether the caller may act on this record at this moment.
#[must_use]
pub fn allows(
    principal: &Principal,
    collection: &Collection,
    action: Action,
    row: &Row,
    now: Timestamp,
) -> bool {
    match right(principal, collection, action) {
        Right::Always => true,
        Right::OwnOnly => {
            row.author(collection) == Some(principal.subject.as_str())
                && is_in_time(collection, action, row, now)
        }
        Right::Never => false,
    }
}

/// Whether the author may still change a record at this moment. A row without a readable time allows none.
fn is_in_time(collection: &Collection, action: Action, row: &Row, now: Timestamp) -> bool {
    let Some(limit) = collection.permissions.author_within else {
        return true;
    };
    match action {
        Action::Read | Action::Restore | Action::Purge => true,
        // Before and after: clocks differ a little, and a time far in the future must not circumvent the limit.
        Action::Write | Action::Delete | Action::DestroyAll => collection
            .filters
            .time
            .as_ref()
            .and_then(|attribute| time::read(row.attributes.get(attribute)?))
            .is_some_and(|written| now.duration_since(written).unsigned_abs() <= limit),
    }
}

/// Whether the caller may see this deletion and its records: its requester, the groups in `audit`, and those who may
/// act on it; for each of the collections that it requests.
#[must_use]
pub fn sees(principal: &Principal, collections: &Collections, deletion: &Deletion) -> bool {
    let declared = || deletion.named().filter_map(|name| collections.get(name));
    // A file was removed: the requester may still see what became of the deletion.
    let is_declared = deletion.named().all(|name| collections.get(name).is_some());
    deletion.tenant == principal.tenant
        && (is_declared || deletion.requested_by == principal.subject)
        && declared().all(|collection| sees_of(principal, collection, deletion))
}

fn sees_of(principal: &Principal, collection: &Collection, deletion: &Deletion) -> bool {
    !is_denied(principal, collection)
        && (deletion.requested_by == principal.subject
            || collection
                .permissions
                .audit
                .iter()
                .any(|grant| holds(principal, grant))
            || right(principal, collection, Action::Restore) == Right::Always
            || right(principal, collection, Action::Purge) == Right::Always)
}

/// Whether the caller may act on this deletion, for each of the collections that it requests. Callers who may act on
/// their own records may act on the deletions that they requested.
#[must_use]
pub fn may_act(
    principal: &Principal,
    collections: &Collections,
    deletion: &Deletion,
    action: Action,
) -> bool {
    let may = |collection: &Collection| match right(principal, collection, action) {
        Right::Always => true,
        Right::OwnOnly => deletion.requested_by == principal.subject,
        Right::Never => false,
    };
    // Where a file was removed, nobody is granted anything any more.
    deletion
        .named()
        .all(|name| collections.get(name).is_some_and(may))
}

/// Whether the caller is in a group that may do nothing, whatever else it is in.
fn is_denied(principal: &Principal, collection: &Collection) -> bool {
    collection
        .permissions
        .deny
        .iter()
        .any(|group| principal.groups.may_hold(group))
}

fn holds(principal: &Principal, grant: &Grant) -> bool {
    match grant {
        Grant::Member => true,
        Grant::Author => false,
        Grant::Group(group) => principal.groups.hold(group),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::key::RecordKey;
    use crate::principal::{Groups, Tenant};

    const NOW: &str = "2026-11-21T07:10:00Z";

    fn collections() -> Collections {
        Collections::for_tests(
            r#"
            [messages]
            table       = "messages"
            key         = ["id"]
            tenant      = "realm"
            strategy    = "flag"
            retention   = "30d"
            author      = "sender"
            filters     = { time = "sent_at" }
            permissions = { read = ["author", "staff"], delete = ["admin", "author"], write = ["author"], restore = ["author"], author_within = "10m", deny = ["guest"] }
            "#,
        )
    }

    fn caller(subject: &str, groups: &[&str]) -> Principal {
        Principal {
            subject: subject.to_owned(),
            tenant: Tenant::new("acme").unwrap(),
            groups: Groups::Known(groups.iter().map(|group| (*group).to_owned()).collect()),
        }
    }

    fn of_ann(sent_at: Value) -> Row {
        let mut attributes = serde_json::Map::new();
        attributes.insert("sender".to_owned(), json!("ann"));
        if !sent_at.is_null() {
            attributes.insert("sent_at".to_owned(), sent_at);
        }
        Row {
            key: RecordKey::stored("m", None),
            attributes,
        }
    }

    fn may(caller: &Principal, action: Action, sent_at: Value) -> bool {
        let collections = collections();
        let collection = collections.get("messages").unwrap();
        allows(
            caller,
            collection,
            action,
            &of_ann(sent_at),
            NOW.parse().unwrap(),
        )
    }

    #[test]
    fn an_author_may_delete_and_replace_until_the_limit_and_not_a_millisecond_longer() {
        let ann = caller("ann", &[]);
        for action in [Action::Delete, Action::Write] {
            assert!(may(&ann, action, json!("2026-11-21T07:09:59Z")));
            assert!(may(&ann, action, json!("2026-11-21T07:00:00Z")));
            assert!(!may(&ann, action, json!("2026-11-21T06:59:59.999Z")));
            assert!(
                may(&ann, action, json!("2026-11-21T07:20:00Z")),
                "a clock that is ahead"
            );
            assert!(!may(&ann, action, json!("2026-11-21T07:20:00.001Z")));
        }
    }

    #[test]
    fn a_time_is_a_text_or_a_number_of_seconds_or_milliseconds() {
        let ann = caller("ann", &[]);
        let now: Timestamp = NOW.parse().unwrap();
        let (seconds, millis) = (now.as_second(), now.as_millisecond());

        for young in [
            json!(seconds - 600),
            json!(millis - 600_000),
            json!("2026-11-21T08:05:00+01:00"),
        ] {
            assert!(may(&ann, Action::Delete, young.clone()), "{young}");
        }
        for old in [
            json!(seconds - 601),
            json!(millis - 600_001),
            json!("2026-11-21T08:10:00+02:00"),
        ] {
            assert!(!may(&ann, Action::Delete, old.clone()), "{old}");
        }
    }

    #[test]
    fn a_row_without_a_readable_time_gives_its_author_no_right() {
        let ann = caller("ann", &[]);
        for unreadable in [
            Value::Null,
            json!(""),
            json!("yesterday"),
            json!("2026-11-21"),
            json!("2026-11-21T07:09:59"),
            json!("1795244400"),
            json!(true),
            json!([1_795_244_400]),
            json!(1e300),
            json!(i64::MAX),
        ] {
            assert!(
                !may(&ann, Action::Delete, unreadable.clone()),
                "{unreadable}"
            );
        }
    }

    #[test]
    fn others_are_refused_and_administrators_never_in_a_hurry() {
        let young = json!("2026-11-21T07:09:59Z");

        assert!(!may(&caller("bob", &["staff"]), Action::Delete, young));
        assert!(may(
            &caller("bob", &["admin"]),
            Action::Delete,
            json!("2001-01-01T00:00:00Z")
        ));
        assert!(may(&caller("ann", &["admin"]), Action::Delete, Value::Null));
    }

    #[test]
    fn the_limit_is_for_changes_and_not_for_looking_or_taking_back() {
        let ann = caller("ann", &[]);

        assert!(may(&ann, Action::Read, json!("2001-01-01T00:00:00Z")));
        assert!(may(&ann, Action::Restore, Value::Null));
    }

    #[test]
    fn who_is_in_a_denied_group_may_do_nothing_whatever_else_they_are() {
        let collections = collections();
        let collection = collections.get("messages").unwrap();
        let guest = caller("ann", &["admin", "staff", "guest"]);
        for action in [
            Action::Read,
            Action::Write,
            Action::Delete,
            Action::Restore,
            Action::Purge,
        ] {
            assert_eq!(
                right(&guest, collection, action),
                Right::Never,
                "{action:?}"
            );
            assert!(
                !may(&guest, action, json!("2026-11-21T07:09:59Z")),
                "{action:?}"
            );
        }
    }

    #[test]
    fn groups_that_cannot_be_told_give_no_right_where_any_group_is_denied() {
        let collections = collections();
        let collection = collections.get("messages").unwrap();
        let mut ann = caller("ann", &[]);
        assert_eq!(right(&ann, collection, Action::Read), Right::OwnOnly);

        ann.groups = Groups::Unknown;

        assert_eq!(right(&ann, collection, Action::Read), Right::Never);
    }
}
