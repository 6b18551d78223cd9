//! Programs that read an index without reading the table: they see a mark only where the index has it.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::seen::IndexSeen;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(table) = subject.table() else {
        return Vec::new();
    };
    if subject.collection.strategy.removes_rows() {
        return Vec::new();
    }
    let marks = &subject.collection.marks;
    let state = marks.state.as_ref().map(|state| &state.attribute);
    let mark = state.unwrap_or(&marks.deleted_at);
    // A marked row is not in an index whose key is taken off it.
    let is_left = |index: &&IndexSeen| {
        let mut key = index.key.iter();
        key.any(|part| marks.taken_off().any(|name| name == part.attribute))
    };
    let blind: Vec<&str> = table
        .indexes
        .iter()
        .filter(|index| !index.has(mark, table) && !is_left(index))
        .map(|index| index.name.as_str())
        .collect();
    if blind.is_empty() {
        return Vec::new();
    }
    let seen = format!(
        "`{mark}` is not in the index {}: a program that reads only that goes on seeing deleted rows",
        blind.join(", ")
    );
    let advice = "let such programs read the row again, take the index's key off marked rows with `marks.takes_off`, or choose `strategy = \"archive\"`; Tombstone itself reads each row again";
    vec![Finding::new(Level::Note, Code::IndexWithoutMark, seen, advice).at("table")]
}

#[cfg(test)]
mod tests {
    use super::super::given::{Given, codes, part};
    use super::*;

    fn given(lines: &str, projected: Option<&[&str]>) -> Given {
        let mut given = Given::notes_with(lines);
        given.table().indexes = vec![IndexSeen {
            name: "by_date".to_owned(),
            status: "ACTIVE".to_owned(),
            key: vec![part("date", "S")],
            projected: projected.map(|names| names.iter().map(ToString::to_string).collect()),
        }];
        given
    }

    #[test]
    fn an_index_that_has_the_mark_or_everything_is_fine() {
        let lacking = given("", Some(&["text"])).find(check);

        assert_eq!(codes(&lacking), [Code::IndexWithoutMark]);
        assert!(lacking[0].seen.contains("by_date"));
        assert!(given("", Some(&["deleted_at"])).find(check).is_empty());
        assert!(given("", None).find(check).is_empty());
        let taken_off = given("marks = { takes_off = [\"date\"] }", Some(&["text"]));
        assert!(taken_off.find(check).is_empty());
    }
}
