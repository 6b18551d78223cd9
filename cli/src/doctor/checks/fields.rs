//! Whether the search index has the fields that a search asks for, as it asks for them.
//!
//! A search compares tenant and author, sorts by the key, and leaves out what has a mark. A deletion needs no more of the
//! mapping than that it takes the mark.

use domain::collection::{Copied, Hide, KeyKind, TimeForm};

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::seen::{Dynamic, FieldSeen, SearchSeen, is_exact};
use crate::doctor::subject::Subject;

/// What to do about a mapping: the type of a field cannot be changed.
const ANEW: &str = "make an index with `tombstone index` under another name, and write the documents into it (`_reindex`)";

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let (Some(search), Some(document)) = (&subject.seen.search, &subject.collection.document)
    else {
        return Vec::new();
    };
    let collection = subject.collection;
    let marks = &collection.marks;
    let mut found = Vec::new();
    let tenant = collection.tenant.attribute().map(|name| ("tenant", name));
    let key = collection.key.attributes().map(|name| ("key", name));
    let author = collection.document_author().map(|name| ("author", name));
    // What a pipeline writes is only compared where a search is served.
    let is_compared = collection.serve.search || !document.copy.is_by_pipeline();
    for (key, name) in tenant.into_iter().chain(key).chain(author) {
        let field = document.field(name);
        if !is_compared || is_number(subject, search, name, field) {
            continue;
        }
        found.extend(compared(subject, search, field).map(|finding| finding.at(key)));
    }
    if document.copy != Copied::ByPipeline(Hide::Remove) {
        let field = document.field(&marks.deleted_at);
        found.extend(when(subject, search, field));
        for (key, name) in [
            ("marks.deleted_by", &marks.deleted_by),
            ("marks.deletion_id", &marks.deletion_id),
        ] {
            let field = document.field(name);
            found.extend(noted(search, field).map(|finding| finding.at(key)));
        }
    }
    for name in &document.fields {
        found.extend(searched(subject, search, document.field(name)));
    }
    found
}

/// Whether a key of type N is mapped as a number: it is compared and sorted as one.
fn is_number(subject: Subject<'_>, search: &SearchSeen, name: &str, field: &str) -> bool {
    let mut key = subject.collection.key.each();
    let is_n = key.any(|(attribute, form)| attribute == name && form.kind == KeyKind::Number);
    let kinds = [
        "long",
        "integer",
        "short",
        "byte",
        "double",
        "unsigned_long",
    ];
    is_n && search
        .field(field)
        .is_some_and(|field| kinds.contains(&field.kind))
}

/// How bad it is when a search goes wrong: where none is served, others that search are concerned.
fn of_a_search(subject: Subject<'_>) -> Level {
    if subject.collection.serve.search {
        Level::Error
    } else {
        Level::Warning
    }
}

fn compared(subject: Subject<'_>, search: &SearchSeen, name: &str) -> Option<Finding> {
    let level = of_a_search(subject);
    let Some(field) = search.field(name) else {
        let seen = format!(
            "`{name}` is not mapped, so no search finds a document by it; mapped by itself it would be a text"
        );
        let advice = "run `tombstone index`, which maps it, and write the documents once more";
        return Some(Finding::new(level, Code::FieldUnmapped, seen, advice));
    };
    let declared = subject.collection.document.as_ref();
    let declared = declared.map_or("", |spec| spec.exact.trim_start_matches('.'));
    if is_exact(field.kind) && declared.is_empty() {
        return None;
    }
    if !declared.is_empty() && field.exact == Some(declared) {
        return None;
    }
    if !declared.is_empty() && (is_exact(field.kind) || field.kind == "text") {
        let seen = format!(
            "there is no `{name}.{declared}` that is compared as a whole: a search by it is refused, or finds nothing"
        );
        let advice = "compare `document.exact` with the mapping of the index";
        return Some(Finding::new(level, Code::TextWithoutExact, seen, advice));
    }
    if field.kind == "text" {
        let seen = format!(
            "`{name}` is mapped as text: a search by it is refused, or finds other records than its own"
        );
        let advice = field.exact.map_or_else(
            || ANEW.to_owned(),
            |exact| format!("write `exact = \".{exact}\"` into `document`: `{name}.{exact}` is compared as a whole"),
        );
        return Some(Finding::new(level, Code::TextWithoutExact, seen, advice));
    }
    let seen = format!(
        "`{name}` is mapped as {}, and is a text in the rows",
        field.kind
    );
    Some(Finding::new(level, Code::FieldType, seen, ANEW))
}

fn when(subject: Subject<'_>, search: &SearchSeen, name: &str) -> Option<Finding> {
    let form = subject.collection.marks.form;
    let finding = match search.field(name) {
        None => match search.dynamic() {
            Dynamic::Mapped => return None,
            Dynamic::Refused => refused(name),
            Dynamic::Ignored => {
                let seen = format!(
                    "the mark `{name}` is not mapped, and nothing new is: a search does not see which documents are deleted"
                );
                let advice = "run `tombstone index`, which maps it";
                Finding::new(of_a_search(subject), Code::FieldUnmapped, seen, advice)
            }
        },
        Some(field) if field.kind == "text" => as_text(name),
        Some(field) if takes(form, field) => return None,
        Some(field) => {
            let format = field.format.unwrap_or_default();
            let seen = format!(
                "the mark `{name}` is mapped as {} {format}: a document with the mark, {}, is refused",
                field.kind,
                said(form)
            );
            let advice =
                "give the mark another name in `marks.deleted_at`, and run `tombstone index`";
            Finding::new(Level::Error, Code::FieldType, seen, advice)
        }
    };
    Some(finding.at("marks.deleted_at"))
}

/// How the mark's time is written, in words.
fn said(form: TimeForm) -> &'static str {
    match form {
        TimeForm::Text => "an RFC 3339 text",
        TimeForm::Seconds => "a number of seconds",
        TimeForm::Fraction => "a number of seconds with a fraction",
        TimeForm::Milliseconds => "a number of milliseconds",
    }
}

/// Whether a field takes a time of this form: `2026-11-21T07:00:00.120Z`, or a number.
fn takes(form: TimeForm, field: FieldSeen<'_>) -> bool {
    const NUMBERS: [&str; 4] = ["long", "double", "float", "unsigned_long"];
    let words: &[&str] = match form {
        TimeForm::Text => &["date_optional_time", "date_time", "iso8601", "rfc3339"],
        TimeForm::Milliseconds => &["epoch_millis"],
        TimeForm::Seconds => &["epoch_second"],
        TimeForm::Fraction => &[],
    };
    let is_number = form != TimeForm::Text && NUMBERS.contains(&field.kind);
    match field.kind {
        "date" | "date_nanos" => match field.format {
            // Texts and milliseconds.
            None => matches!(form, TimeForm::Text | TimeForm::Milliseconds),
            Some(formats) => {
                let mut formats = formats.split("||");
                formats.any(|format| words.iter().any(|word| format.contains(word)))
            }
        },
        kind => is_number || is_exact(kind),
    }
}

/// A mark that nothing searches by.
fn noted(search: &SearchSeen, name: &str) -> Option<Finding> {
    match search.field(name) {
        None if search.dynamic() == Dynamic::Refused => Some(refused(name)),
        None => None,
        Some(field) if is_exact(field.kind) => None,
        Some(field) if field.kind == "text" => Some(as_text(name)),
        Some(field) => {
            let seen = format!(
                "the mark `{name}` is mapped as {}: a document with the mark, a text, is refused",
                field.kind
            );
            let advice = "give the mark another name in `marks`, and run `tombstone index`";
            Some(Finding::new(Level::Error, Code::FieldType, seen, advice))
        }
    }
}

fn as_text(name: &str) -> Finding {
    let seen = format!("the mark `{name}` is mapped as text: no program can search or sort by it");
    Finding::new(Level::Note, Code::TextWithoutExact, seen, ANEW)
}

fn refused(name: &str) -> Finding {
    let seen = format!(
        "the mark `{name}` is not mapped, and the mapping is strict: a document with the mark is refused"
    );
    let advice = "run `tombstone index`, which maps it";
    Finding::new(Level::Error, Code::FieldUnmapped, seen, advice)
}

fn searched(subject: Subject<'_>, search: &SearchSeen, name: &str) -> Option<Finding> {
    if search.field(name).is_some() {
        return None;
    }
    let (level, seen) = match search.dynamic() {
        Dynamic::Mapped => (
            Level::Note,
            format!("`{name}` is not mapped: no document has it yet"),
        ),
        Dynamic::Ignored | Dynamic::Refused => (
            of_a_search(subject),
            format!("`{name}` is not mapped: no search looks into it"),
        ),
    };
    let advice =
        "run `tombstone index`, and write the documents once more; or take it out of the file";
    Some(Finding::new(level, Code::FieldUnmapped, seen, advice).at("document.fields"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::given::{Given, codes};
    use super::*;

    fn right() -> Value {
        json!({"dynamic": "false", "properties": {
            "id": {"type": "keyword"}, "owner": {"type": "keyword"}, "text": {"type": "text"},
            "deleted_at": {"type": "date"}, "deleted_by": {"type": "keyword"}, "deletion_id": {"type": "keyword"},
        }})
    }

    fn found(change: impl Fn(&mut Value)) -> Vec<Finding> {
        let mut mapping = right();
        change(&mut mapping);
        Given::notes().search(&["t-notes"], &mapping).find(check)
    }

    #[test]
    fn a_mapping_of_our_own_is_fine() {
        assert!(found(|_| ()).is_empty());
    }

    #[test]
    fn a_text_is_not_compared_even_with_a_keyword_below_it() {
        let below = found(|mapping| {
            mapping["properties"]["owner"] =
                json!({"type": "text", "fields": {"keyword": {"type": "keyword"}}});
        });

        assert_eq!(codes(&below), [Code::TextWithoutExact]);
        assert_eq!(below[0].level, Level::Error);
        assert_eq!(below[0].key.as_deref(), Some("tenant"));
        assert!(below[0].advice.contains("`owner.keyword`"));
    }

    #[test]
    fn a_field_that_takes_no_mark_is_an_error_of_every_deletion() {
        for (kind, code) in [
            (json!({"type": "boolean"}), Some(Code::FieldType)),
            (
                json!({"type": "date", "format": "epoch_millis"}),
                Some(Code::FieldType),
            ),
            (json!({"type": "keyword"}), None),
            (json!({"type": "text"}), Some(Code::TextWithoutExact)),
            (
                json!({"type": "date", "format": "strict_date_optional_time||epoch_millis"}),
                None,
            ),
        ] {
            let found = found(|mapping| mapping["properties"]["deleted_at"] = kind.clone());
            assert_eq!(codes(&found), Vec::from_iter(code), "{kind}");
        }
    }

    #[test]
    fn a_mark_in_numbers_is_taken_by_other_fields() {
        for (form, kind, is_taken) in [
            ("epoch_ms", json!({"type": "date"}), true),
            ("epoch_ms", json!({"type": "long"}), true),
            ("epoch_s", json!({"type": "date"}), false),
            (
                "epoch_s",
                json!({"type": "date", "format": "epoch_second"}),
                true,
            ),
            ("epoch_s_fraction", json!({"type": "double"}), true),
            (
                "epoch_s_fraction",
                json!({"type": "date", "format": "epoch_second"}),
                false,
            ),
            ("epoch_ms", json!({"type": "boolean"}), false),
        ] {
            let mut mapping = right();
            mapping["properties"]["deletedAt"] = kind.clone();
            let mark = format!(
                "marks = {{ deleted_at = {{ attribute = \"deletedAt\", type = \"{form}\" }} }}"
            );
            let given = Given::notes_with(&mark).search(&["t-notes"], &mapping);

            assert_eq!(given.find(check).is_empty(), is_taken, "{form} {kind}");
        }
    }

    #[test]
    fn what_is_not_mapped_is_told_by_what_becomes_of_it() {
        let without = |field: &'static str, dynamic: Value| {
            found(move |mapping| {
                mapping["dynamic"] = dynamic.clone();
                mapping["properties"].as_object_mut().unwrap().remove(field);
            })
        };

        assert!(without("deleted_at", json!(true)).is_empty());
        for (field, dynamic, level) in [
            ("deleted_at", json!("false"), Level::Error),
            ("deletion_id", json!("strict"), Level::Error),
            ("owner", json!(true), Level::Error),
            ("text", json!(true), Level::Note),
            ("text", json!(false), Level::Error),
        ] {
            let found = without(field, dynamic);
            assert_eq!(codes(&found), [Code::FieldUnmapped], "{field}");
            assert_eq!(found[0].level, level, "{field}");
        }
    }
}
