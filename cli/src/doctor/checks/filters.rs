//! Whether what a request may narrow by is a text in the rows: texts are compared with nothing else.

use domain::collection::FilterBy;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::is_no_text;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let filters = &subject.collection.filters;
    let group = filters.group.iter().flatten().map(|name| ("group", name));
    let others = filters.others.iter().flat_map(|(filter, by)| {
        let attributes = match by {
            FilterBy::Texts(attributes) => attributes.as_slice(),
            FilterBy::Exists(_) => &[],
        };
        attributes.iter().map(|name| (filter.as_str(), name))
    });
    let mut found = Vec::new();
    for (filter, attribute) in group.chain(others) {
        let share = subject.rows_where(|row| is_no_text(row, attribute));
        if !share.is_none() {
            let kinds = subject.kinds(attribute, |row| is_no_text(row, attribute));
            let seen = format!("`{attribute}` is no text but {kinds}: no filter meets such a row");
            let advice = "take the filter out, or name an attribute of type S";
            let finding = Finding::new(Level::Error, Code::FilterNotText, seen, advice);
            found.push(finding.at(format!("filters.{filter}")).in_rows(share));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn a_number_meets_no_filter_of_a_text_and_may_stand_where_one_asks_if_it_exists() {
        let lines = "filters = { type = \"kind\", group = [\"g\", \"n\"], opened = { attribute = \"seen\", op = \"exists\" } }";
        let given = Given::notes_with(lines).rows([json!({
            "id": "1", "kind": {"N": "1"}, "g": "article", "n": {"N": "7"}, "seen": {"N": "1795836900"},
        })]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::FilterNotText; 2]);
        let keys: Vec<_> = found.iter().filter_map(|one| one.key.as_deref()).collect();
        assert_eq!(keys, ["filters.group", "filters.type"]);
    }
}
