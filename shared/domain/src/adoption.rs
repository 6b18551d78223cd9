//! Rows that others have marked, and the deletions that take them over: bounded per sweep, one for each parent, tenant,
//! author and day, so that retention and purge hold for each by its own date.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::collection::Collection;
use crate::cursor::Position;
use crate::key::RecordKey;
use crate::principal::Tenant;
use crate::row::{Row, RowMark};
use crate::time;

/// Who has marked a row, where it does not say so.
pub const UNKNOWN: &str = "unknown";

/// How far the search for such rows of a collection is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Adoption {
    /// Where it continues; `None` is the beginning of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// From when on; `None` is at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// Rows that one deletion takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Whose they are.
    pub tenant: Tenant,
    /// When the last of them was marked.
    pub deleted_at: Timestamp,
    /// Who has marked them.
    pub deleted_by: String,
    /// Their keys.
    pub keys: Vec<RecordKey>,
}

/// The deletions that take these rows over, as far as they say when they were marked; and how many do not.
#[must_use]
pub fn adopted(collection: &Collection, rows: &[Row], now: Timestamp) -> (Vec<Adopted>, u64) {
    let mut groups: BTreeMap<_, Adopted> = BTreeMap::new();
    let mut undated = 0;
    for row in rows {
        if row.mark(collection) != RowMark::By(None) || row.unreadable(collection).is_some() {
            continue;
        }
        let (Some(tenant), Some(at)) = (row.says_tenant(collection), marked_at(collection, row))
        else {
            undated += 1;
            continue;
        };
        let at = at.min(now);
        let by = marked_by(collection, row).unwrap_or(UNKNOWN);
        let day = at.as_second().div_euclid(86_400);
        let parent = row.parent_key(collection, &tenant);
        let group = (tenant.to_string(), parent, by.to_owned(), day);
        let group = groups.entry(group).or_insert_with(|| Adopted {
            tenant,
            deleted_at: at,
            deleted_by: by.to_owned(),
            keys: Vec::new(),
        });
        group.deleted_at = group.deleted_at.max(at);
        group.keys.push(row.key.clone());
    }
    (groups.into_values().collect(), undated)
}

fn marked_at(collection: &Collection, row: &Row) -> Option<Timestamp> {
    date(row.attributes.get(&collection.adopt.as_ref()?.deleted_at)?)
}

/// When a row says that it was marked. A time without an offset is the latest that it can be, so that no row is purged early.
#[must_use]
pub fn date(value: &Value) -> Option<Timestamp> {
    time::read(value).or_else(|| time::read_without_offset(value))
}

fn marked_by<'r>(collection: &Collection, row: &'r Row) -> Option<&'r str> {
    let declared = collection.adopt.as_ref()?.deleted_by.as_ref();
    let attribute = declared.unwrap_or(&collection.marks.deleted_by);
    row.text(attribute).filter(|by| !by.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::collection::Collections;

    const NOTES: &str = r#"
        [books]
        table       = "books"
        key         = ["book"]
        tenant      = "owner"
        strategy    = "flag"
        retention   = "30d"
        permissions = { delete = ["member"] }

        [notes]
        table       = "notes"
        key         = ["note"]
        tenant      = "owner"
        parent      = { collection = "books", by = ["book"], gsi = "by_book", on_delete = "cascade" }
        strategy    = "flag"
        retention   = "30d"
        permissions = { delete = ["member"] }
        marks       = { deleted_at = "deletedAt" }
        adopt       = { deleted_at = "deletedAt", deleted_by = "deletedBy" }
    "#;

    fn row(note: &str, more: &Value) -> Row {
        let mut attributes = json!({ "note": note, "owner": "acme", "book": "b" });
        let object = attributes.as_object_mut().unwrap();
        object.extend(more.as_object().unwrap().clone());
        Row {
            key: RecordKey::stored(note, None),
            attributes: object.clone(),
        }
    }

    fn groups(rows: &[Row]) -> (Vec<(String, String, Vec<String>)>, u64) {
        let collections = Collections::for_tests(NOTES);
        let now = "2026-11-21T07:00:00Z".parse().unwrap();
        let (groups, undated) = adopted(collections.get("notes").unwrap(), rows, now);
        let shown = groups.into_iter().map(|group| {
            let keys = group.keys.into_iter().map(|key| key.partition);
            (
                time::rfc3339(group.deleted_at),
                group.deleted_by,
                keys.collect(),
            )
        });
        (shown.collect(), undated)
    }

    #[test]
    fn rows_are_taken_over_together_that_go_on_the_same_day() {
        let at = |text: &str| json!({ "deletedAt": text });

        let (found, undated) = groups(&[
            row("1", &at("2026-11-20T10:05:00.000Z")),
            row("2", &at("2026-11-20T12:00:00+0000")),
            row("3", &at("2026-11-19T12:00:00Z")),
            row(
                "4",
                &json!({ "deletedAt": "2026-11-20T10:00:00Z", "deletedBy": "u-3" }),
            ),
            row(
                "5",
                &json!({ "deletedAt": "2026-11-20T10:00:00Z", "book": "c" }),
            ),
            row(
                "6",
                &json!({ "deletedAt": "2026-11-20T10:00:00Z", "owner": "globex" }),
            ),
        ]);

        assert_eq!(undated, 0);
        let whole = |at: &str, by: &str, keys: &[&str]| {
            let keys = keys.iter().map(ToString::to_string);
            (at.to_owned(), by.to_owned(), keys.collect::<Vec<_>>())
        };
        assert_eq!(
            found,
            [
                whole("2026-11-20T10:00:00.000Z", "u-3", &["4"]),
                whole("2026-11-19T12:00:00.000Z", UNKNOWN, &["3"]),
                whole("2026-11-20T12:00:00.000Z", UNKNOWN, &["1", "2"]),
                whole("2026-11-20T10:00:00.000Z", UNKNOWN, &["5"]),
                whole("2026-11-20T10:00:00.000Z", UNKNOWN, &["6"]),
            ]
        );
    }

    #[test]
    fn what_is_live_ours_or_undated_is_not_taken_over_and_no_date_is_in_the_future() {
        let id = "01932c5e-7a00-7000-8000-000000000001";
        let (found, undated) = groups(&[
            row("1", &json!({})),
            row("2", &json!({ "deletedAt": null })),
            row(
                "3",
                &json!({ "deletedAt": "2026-11-20T10:00:00Z", "deletion_id": id }),
            ),
            row("4", &json!({ "deletedAt": "yes" })),
            row("5", &json!({ "deletedAt": "2027-01-01T00:00:00Z" })),
        ]);

        assert_eq!(undated, 1);
        let now = "2026-11-21T07:00:00.000Z".to_owned();
        assert_eq!(found, [(now, UNKNOWN.to_owned(), vec!["5".to_owned()])]);
    }

    #[test]
    fn a_time_without_an_offset_is_the_latest_that_it_can_be() {
        let at = |value: Value| date(&value).map(time::rfc3339);
        let latest = Some("2026-10-01T12:00:00.000Z".to_owned());

        assert_eq!(at(json!("2026-10-01T00:00:00.000000")), latest);
        assert_eq!(at(json!("2026-10-01 00:00:00")), latest);
        for offset in ["+02:00", "-0200", "Z", "[Europe/Rome]"] {
            let text = json!(format!("2026-10-01T00:00:00{offset}"));
            assert_eq!(time::read_without_offset(&text), None, "{text}");
        }
        for no_moment in [
            json!("2026-10-01"),
            json!("archived"),
            json!(true),
            json!(""),
        ] {
            assert_eq!(at(no_moment.clone()), None, "{no_moment}");
        }
        assert_eq!(
            at(json!("2026-10-01T00:00:00+02:00")),
            Some("2026-09-30T22:00:00.000Z".to_owned())
        );
    }
}
