//! Whether the documents of the rows are where their ids say, and say whose they are.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{self, Item};
use crate::doctor::seen::DocumentSeen;
use crate::doctor::subject::{Subject, place_of};

use super::mark::mark_of;
use domain::collection::{Copied, DocumentSpec, Hide};
use domain::row::RowMark;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let collection = subject.collection;
    let (Some(documents), Some(document)) = (&subject.seen.documents, &collection.document) else {
        return Vec::new();
    };
    let id = |row: &Item| place_of(collection, row).ok().flatten().map(|at| at.id);
    let found_of = |row: &Item| documents.found.get(&id(row)?);
    let is_routed = |row: &Item| {
        id(row).is_some_and(|id| documents.routed.contains(&id))
            || found_of(row).is_some_and(|found| found.is_routed)
    };
    let mut found = Vec::new();
    let routed = subject.rows_where(is_routed);
    if !routed.is_none() {
        let (seen, advice) = if document.routing.is_some() {
            (
                "the document was written with another routing value than the row says, or without one, so it is on another shard: a deletion of its record fails with DOCUMENT_ROUTED",
                "compare `document.routing` with `_routing` of the documents in the index",
            )
        } else {
            (
                "the document has a routing value, so it is on another shard than its id says: a deletion of its record fails with DOCUMENT_ROUTED",
                "write what the documents are routed by into the file, such as `routing = \"{customer_id}\"` in `document`",
            )
        };
        let finding = Finding::new(Level::Error, Code::DocumentRouted, seen, advice);
        found.push(finding.at("document.routing").in_rows(routed));
    }
    // What others have marked, they may have taken out of the index, too.
    let has_one =
        |row: &Item| id(row).is_some() && mark_of(subject, row).is_live() && !is_routed(row);
    let missing = subject.rows_of(has_one, |row| found_of(row).is_none());
    if !missing.is_none() {
        let level = if missing.is_most() {
            Level::Error
        } else {
            Level::Warning
        };
        let seen = "there is no document with the id that the row's key makes: one with another id would stay when the \
                    record is deleted";
        let advice = "compare `document.id` with the ids in the index; nothing, if these rows are not searched";
        let finding = Finding::new(level, Code::DocumentMissing, seen, advice);
        found.push(finding.at("document.id").in_rows(missing));
    }
    let others = subject.rows_of(
        |row| found_of(row).is_some(),
        |row| found_of(row).is_some_and(|found| !says(subject, found, row)),
    );
    // Nobody compares, or searches for, what a pipeline writes otherwise.
    let is_compared =
        document.is_unique || collection.serve.search || !document.copy.is_by_pipeline();
    if is_compared && !others.is_none() {
        let tenant = collection.tenant.attribute().into_iter();
        let names = tenant.chain(collection.key.attributes());
        let names: Vec<&str> = names.map(|name| document.field(name)).collect();
        let what = if document.is_unique {
            "a deletion of its record takes it for another one's and fails, and no search of its tenant finds it"
        } else {
            "no search of its tenant finds it"
        };
        let seen = format!(
            "the document does not say in `{}` what the row says: {what}",
            names.join("`, `")
        );
        let advice = "write these fields into the documents, or say in `document.names` what they are called there";
        let level = if collection.serve.search || document.is_unique {
            Level::Error
        } else {
            Level::Warning
        };
        let finding = Finding::new(level, Code::DocumentDiffers, seen, advice);
        found.push(finding.at("document").in_rows(others));
    }
    found.extend(without_mark(subject, document, found_of));
    found
}

/// Where the pipeline is said to copy the mark: documents of marked rows that are there without it.
fn without_mark<'a>(
    subject: Subject<'_>,
    document: &DocumentSpec,
    found_of: impl Fn(&Item) -> Option<&'a DocumentSeen>,
) -> Option<Finding> {
    if document.copy != Copied::ByPipeline(Hide::Mark) {
        return None;
    }
    let collection = subject.collection;
    let is_visible = |row: &Item| {
        found_of(row).is_some_and(|found| RowMark::of_document(collection, &found.source).is_live())
    };
    let is_marked = |row: &Item| matches!(mark_of(subject, row), RowMark::By(_));
    let shown = subject.rows_of(is_marked, is_visible);
    if shown.is_none() {
        return None;
    }
    let seen = "the row is marked and its document is not: the pipeline does not copy the mark, or not yet";
    let advice = "write `hide = \"remove\"` in `document`, or let the pipeline copy the attributes of `marks`";
    let finding = Finding::new(Level::Error, Code::CopyWithoutMark, seen, advice);
    Some(finding.at("document.hide").in_rows(shown))
}

/// Whether a document says the tenant and the key of its row, as far as that has them.
fn says(subject: Subject<'_>, document: &DocumentSeen, row: &Item) -> bool {
    let collection = subject.collection;
    let spec = collection.document.as_ref();
    let tenant = collection.tenant.attribute().into_iter();
    let mut names = tenant.chain(collection.key.attributes());
    names.all(|name| {
        let field = spec.map_or(name, |spec| spec.field(name));
        let told = document.source.get(field).and_then(|told| told.as_str());
        item::text(row, name).is_none_or(|text| told == Some(text))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    fn note(id: &str) -> serde_json::Value {
        json!({"id": id, "owner": "a"})
    }

    #[test]
    fn documents_that_are_not_found_are_an_error_where_that_is_most() {
        let given = || Given::notes().rows([note("1"), note("2"), note("3")]);
        let few = given().documents(&[("1", 1, note("1")), ("2", 1, note("2"))]);
        let most = given().documents(&[("1", 1, note("1"))]);

        let (few, most) = (few.find(check), most.find(check));

        assert_eq!(codes(&few), [Code::DocumentMissing]);
        assert_eq!(few[0].keys, [["3"]]);
        assert_eq!(
            (few[0].level, most[0].level),
            (Level::Warning, Level::Error)
        );
    }

    #[test]
    fn a_routed_document_is_an_error_whether_it_was_found_or_not() {
        let mut given =
            Given::notes()
                .rows([note("1"), note("2")])
                .documents(&[("1", 1, note("1"))]);
        let documents = given.seen.documents.as_mut().unwrap();
        documents.found.get_mut("1").unwrap().is_routed = true;
        documents.routed.insert("2".to_owned());

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::DocumentRouted]);
        assert_eq!(found[0].found, Some(2));
    }

    #[test]
    fn a_document_without_the_rows_tenant_is_no_search_s() {
        let given = Given::notes()
            .rows([note("1"), note("2")])
            .documents(&[("1", 1, json!({"id": "1"})), ("2", 1, note("2"))]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::DocumentDiffers]);
        assert_eq!(found[0].found, Some(1));
    }

    #[test]
    fn the_document_of_a_row_that_others_have_marked_need_not_be_there() {
        let given = Given::notes()
            .rows([json!({"id": "1", "owner": "a", "deleted_at": {"BOOL": true}})])
            .documents(&[]);

        assert!(given.find(check).is_empty());
    }
}
