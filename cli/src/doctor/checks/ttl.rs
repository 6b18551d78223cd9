//! Whether the store itself would remove rows before their retention has passed.

use domain::time;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, number};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let collection = subject.collection;
    let marks = &collection.marks;
    let declared = marks.ttl.as_deref();
    let Some(table) = subject.table() else {
        return Vec::new();
    };
    let Some(attribute) = table.ttl.as_deref() else {
        return Vec::from_iter(declared.map(|name| {
            let seen = format!("the table has no TTL, and `ttl` is `{name}`: the attribute is taken off what is deleted all the same");
            let advice = "take `ttl` out, unless the TTL is about to be switched on";
            Finding::new(Level::Note, Code::TtlOther, seen, advice).at("ttl")
        }));
    };
    // What is not in a marked row, or says when it is purged, removes nothing too early.
    let mut harmless = marks.replaced();
    if harmless.any(|name| name == attribute) {
        return Vec::new();
    }
    if let Some(name) = declared {
        let seen = format!(
            "the table's TTL is `{attribute}`, and `ttl` is `{name}`: the store removes marked rows by the former"
        );
        let advice = format!("write `ttl = \"{attribute}\"`");
        return vec![Finding::new(Level::Error, Code::TtlOther, seen, &advice).at("ttl")];
    }
    let about = |level, code, seen: String, advice: &str| {
        Finding::new(level, code, seen, advice).at("retention")
    };
    let stays = !collection.strategy.removes_rows();
    if stays {
        let purge_at = collection.retention.purge_at(subject.now);
        let is_before = |row: &Item| {
            number(row, attribute)
                .is_some_and(|ends| purge_at.is_none_or(|purge_at| ends < purge_at.as_second()))
        };
        let share = subject.rows_where(is_before);
        if !share.is_none() {
            let until = purge_at.map_or_else(
                || "and are never purged".to_owned(),
                |at| format!("before {}, when they would be purged", time::rfc3339(at)),
            );
            let seen = format!(
                "the TTL `{attribute}` of these rows is over {until}: the store removes them although they could be restored"
            );
            let advice = format!(
                "write `ttl = \"{attribute}\"`: a deletion then takes it off what it marks, and a restore puts it back"
            );
            let finding = about(Level::Warning, Code::TtlBeforePurge, seen, &advice);
            return vec![finding.in_rows(share)];
        }
    }
    let seen = format!(
        "the store removes rows whose TTL `{attribute}` is over, marked or not, without any deletion"
    );
    let advice = "nothing, if no row that is deleted has a TTL before its retention is over; documents of such rows stay, unless \
                  a program removes them";
    let level = if stays { Level::Warning } else { Level::Note };
    vec![about(level, Code::TtlOn, seen, advice)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    /// The checks are asked on the 29th of November, so a purge comes on the 29th of December.
    fn given(lines: &str) -> Given {
        let mut given = Given::notes_with(lines).rows([
            json!({"id": "1", "ends": {"N": "1798450000"}}),
            json!({"id": "2", "ends": {"N": "1803859200"}}),
            json!({"id": "3"}),
        ]);
        given.table().ttl = Some("ends".to_owned());
        given
    }

    #[test]
    fn a_ttl_that_is_over_before_the_purge_is_a_warning() {
        let found = given("").find(check);

        assert_eq!(codes(&found), [Code::TtlBeforePurge]);
        assert_eq!((found[0].level, found[0].found), (Level::Warning, Some(1)));
    }

    #[test]
    fn without_a_row_that_it_would_take_a_ttl_is_told_all_the_same() {
        let mut later = given("");
        later.seen.rows.as_mut().unwrap().remove(0);

        assert_eq!(codes(&later.find(check)), [Code::TtlOn]);
    }

    #[test]
    fn a_ttl_that_the_file_names_is_fine_and_another_one_is_an_error() {
        let named = |lines: &str| given(lines).find(check);

        assert!(named("ttl = \"ends\"").is_empty());
        let purged = "marks = { purge_at = { attribute = \"ends\", type = \"epoch_s\" } }";
        assert!(named(purged).is_empty());
        let other = named("ttl = \"expires\"");
        assert_eq!(codes(&other), [Code::TtlOther]);
        assert_eq!(other[0].level, Level::Error);
        let mut off = given("ttl = \"ends\"");
        off.table().ttl = None;
        assert_eq!(codes(&off.find(check)), [Code::TtlOther]);
    }

    #[test]
    fn a_table_without_a_ttl_is_fine() {
        assert!(Given::notes().find(check).is_empty());
    }
}
