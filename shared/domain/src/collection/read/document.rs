//! The key `document`: where the document of a record is, and who writes it.

use std::collections::BTreeMap;

use super::problems::Problems;
use super::tree::{Entry, Section};
use super::values::{attributes, one_of, table_of};
use super::words::{self, checked};
use crate::collection::model::document::{Copied, DocumentSpec, Hide};
use crate::collection::model::index_name::IndexName;
use crate::collection::model::key_schema::KeySchema;
use crate::collection::model::parent::OnDelete;
use crate::collection::model::pattern::Pattern;
use crate::collection::model::record::Collection;
use crate::collection::model::template::IdTemplate;
use crate::collection::model::tenant::TenantRule;

/// The document that a collection declares.
pub(super) fn read<'a>(
    section: &Section<'a>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> Option<DocumentSpec> {
    let before = problems.count();
    let index = section
        .required("index", problems)
        .and_then(|entry| index(&entry, problems));
    let copy = copy(section, problems);
    let fields = section
        .required("fields", problems)
        .and_then(|entry| attributes(&entry, problems));
    let unique = section.get("unique");
    let is_unique = unique.is_some_and(|entry| entry.value.as_bool() == Some(true));
    let id = section.required("id", problems).and_then(|entry| {
        let parsed = IdTemplate::parse(entry.text()?, key?, is_unique);
        let id = parsed
            .map_err(|error| problems.add(entry.place.clone(), error.to_string()))
            .ok()?;
        has_no_word(&entry, id.names(), problems)?;
        Some(id)
    });
    let routing = section
        .get("routing")
        .and_then(|entry| routing(&entry, problems));
    let exact = section
        .get("exact")
        .and_then(|entry| exact(&entry, problems));
    let names =
        table_of(section, "names").map_or_else(BTreeMap::new, |table| names(&table, problems));
    if problems.count() > before {
        return None;
    }
    Some(DocumentSpec {
        index: index?,
        id: id?,
        is_unique,
        routing,
        names,
        exact: exact.unwrap_or_default(),
        copy: copy?,
        fields: fields?,
    })
}

/// A word behind a bar changes a value: there is one, and in one place.
fn has_no_word<'a>(
    entry: &Entry<'a>,
    mut names: impl Iterator<Item = impl AsRef<str>>,
    problems: &mut Problems<'a>,
) -> Option<()> {
    let Some(name) = names.find(|name| name.as_ref().contains('|')) else {
        return Some(());
    };
    let message = format!(
        "has `{{{}}}`; the only word behind a bar is `|lower`, in `document.index`",
        name.as_ref()
    );
    problems.add(entry.place.clone(), message);
    None
}

fn index<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<IndexName> {
    let text = entry.text()?;
    let name = IndexName::parse(text)
        .map_err(|error| problems.add(entry.place.clone(), error.to_string()))
        .ok()?;
    has_no_word(entry, name.names(), problems)?;
    checked(
        &name.with(|_| "x"),
        entry.place.clone(),
        words::index,
        problems,
    )?;
    Some(name)
}

fn routing<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<Pattern> {
    let pattern = Pattern::parse(entry.text()?)
        .map_err(|error| problems.add(entry.place.clone(), error.to_string()))
        .ok()?;
    if pattern.names().next().is_none() {
        let message = "names no part or attribute; write one in braces, such as `{customer_id}`";
        problems.add(entry.place.clone(), message);
        return None;
    }
    has_no_word(entry, pattern.names(), problems)?;
    Some(pattern)
}

fn exact<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<String> {
    let text = entry.text()?;
    let below = text.strip_prefix('.').filter(|name| !name.is_empty());
    if below.is_some_and(|name| words::field(name).is_ok()) {
        return Some(text.to_owned());
    }
    let message = format!(
        "\"{}\" is no name of a field below another; write a dot and its name, such as \".keyword\"",
        text.escape_debug()
    );
    problems.add(entry.place.clone(), message);
    None
}

fn names<'a>(table: &Section<'a>, problems: &mut Problems<'a>) -> BTreeMap<String, String> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (attribute, entry) in table.entries() {
        let Some(field) = entry.text() else { continue };
        let Some(field) = checked(field, entry.place.clone(), words::field, problems) else {
            continue;
        };
        let mut known = names.iter();
        if let Some((other, _)) = known.find(|(_, known)| **known == field) {
            let message = format!("is the field of `{other}`, too; each has its own");
            problems.add(entry.place, message);
            continue;
        }
        names.insert(attribute.to_owned(), field);
    }
    names
}

/// Who writes the documents. Whether a pipeline needs `hide` depends on the strategy, see [`check`].
fn copy<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<Copied> {
    let before = problems.count();
    let pipeline = one_of(section.get("copy"), &[("pipeline", ())], problems);
    let hide = one_of(section.get("hide"), &Hide::WORDS, problems);
    if problems.count() > before {
        return None;
    }
    if pipeline.is_none() && section.get("hide").is_some() {
        let message = "says how documents of a pipeline are hidden, but no pipeline writes them; write `copy = \"pipeline\"`, or take it out";
        problems.add(section.place_of("hide"), message);
        return None;
    }
    Some(pipeline.map_or(Copied::ByUs, |()| {
        Copied::ByPipeline(hide.unwrap_or(Hide::Remove))
    }))
}

/// Whether the document and the rest of the collection go together.
pub(super) fn check<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let Some(document) = &collection.document else {
        return;
    };
    hiding_fits_the_strategy(collection, document, section, problems);
    names_are_of_something(collection, document, section, problems);
    can_be_written(collection, document, section, problems);
    if let TenantRule::Part {
        default: Some(_), ..
    } = collection.tenant
    {
        let message = "is there, but rows of the default tenant are without a part of which its id is made; take one of the two out";
        problems.add(section.place_of("document"), message);
    }
    places_do_not_change(collection, document, section, problems);
    if collection.serve.search && document.index.fixed().is_none() {
        let message = "is another one for each kind of record, so a search does not know where to look; take \"search\" out of `serve`, or write one name or alias";
        problems.add(section.place_of("document.index"), message);
    }
}

/// Where clients write records, they must not change what says where a document is: the one that was there would stay.
fn places_do_not_change<'a>(
    collection: &Collection,
    document: &DocumentSpec,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    engine_leaves_them(collection, document, section, problems);
    if !collection.serve.write {
        return;
    }
    let guarded = &collection.guarded;
    let may_change = |attribute: &&str| {
        let of_key = collection.key.attributes().any(|part| part == *attribute);
        let of_tenant = collection.tenant.attribute() == Some(*attribute);
        let mut kept = guarded.readonly.iter().chain(&guarded.hidden);
        !of_key && !of_tenant && !kept.any(|name| name == *attribute)
    };
    let mut attributes = document.place_names().map(|name| collection.behind(name));
    if let Some(attribute) = attributes.find(may_change) {
        let message = format!(
            "depends on `{attribute}`, which clients may change: the document that was there would stay; put it into `readonly`, or take \"write\" out of `serve`"
        );
        problems.add(section.place_of("document"), message);
    }
}

/// What follows a deletion changes attributes of records that stay.
fn engine_leaves_them<'a>(
    collection: &Collection,
    document: &DocumentSpec,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let Some(parent) = &collection.parent else {
        return;
    };
    let mut changed: Vec<(&str, &str)> = Vec::new();
    if parent.on_delete == OnDelete::Detach {
        changed.extend(parent.by.iter().map(|name| ("parent.by", name.as_str())));
    }
    let promote = parent.promote.iter();
    changed.extend(promote.map(|promote| ("parent.promote.owner", promote.owner.as_str())));
    for (key, name) in changed {
        let attribute = collection.behind(name);
        let mut places = document.place_names().map(|name| collection.behind(name));
        if places.any(|place| place == attribute) {
            let message = format!(
                "changes `{attribute}` in records that stay, and their documents are where it says; make `document` of other attributes, or write another `on_delete`"
            );
            problems.add(section.place_of(key), message);
        }
    }
}

/// A pipeline either copies the mark, or the document is removed. Where rows are removed, so are their documents.
fn hiding_fits_the_strategy<'a>(
    collection: &Collection,
    document: &DocumentSpec,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let hide = section
        .get("document")
        .and_then(|entry| entry.section()?.get("hide"));
    let place = || section.place_of("document.hide");
    if !document.copy.is_by_pipeline() {
        return;
    }
    match (collection.strategy.removes_rows(), hide.is_some()) {
        (false, false) => {
            let message = "is missing; write \"mark\" if the pipeline copies the mark of a row into its document and takes it out again, \"remove\" if it does not";
            problems.add(place(), message);
        }
        (true, true) => {
            let message = format!(
                "says how documents are hidden, but the strategy \"{}\" removes rows, and the pipeline their documents; take it out",
                collection.strategy.as_str()
            );
            problems.add(place(), message);
        }
        (false, true) | (true, false) => {}
    }
}

/// A name for what no document has from us would be a mistake in the name.
fn names_are_of_something<'a>(
    collection: &Collection,
    document: &DocumentSpec,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let mut known: Vec<&str> = collection.key.attributes().collect();
    known.extend(collection.tenant.attribute());
    known.extend(collection.marks.all());
    known.extend(
        collection
            .author
            .iter()
            .map(|author| author.attribute.as_str()),
    );
    known.extend(document.fields.iter().map(String::as_str));
    for attribute in document.names.keys() {
        if !known.contains(&attribute.as_str()) {
            let message = "is the key, the tenant, the author, a mark or a searched field of no row; write the attribute as it is in the rows";
            problems.add(
                section.place_of(&format!("document.names.{attribute}")),
                message,
            );
        }
    }
}

/// The names of the tenant, the key, the marks and an author that a search needs must be possible in a document, and no
/// searched field can be one of them: those are text, these are keywords.
fn can_be_written<'a>(
    collection: &Collection,
    document: &DocumentSpec,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let tenant = collection.tenant.attribute().map(|name| ("tenant", name));
    let key = collection
        .key
        .attributes()
        .map(|attribute| ("key", attribute));
    let author = collection
        .document_author()
        .map(|attribute| ("author", attribute));
    if let Some((_, attribute)) = author
        && collection.behind(attribute) != attribute
    {
        let message = "is a part, and a search compares whole fields of documents; name an attribute, or take \"author\" out of `permissions.read`";
        problems.add(section.place_of("author"), message);
    }
    let keywords: Vec<_> = tenant.into_iter().chain(key).chain(author).collect();
    let marks = ["marks.deleted_at", "marks.deleted_by", "marks.deletion_id"]
        .into_iter()
        .zip(collection.marks.all());
    let fields = document
        .fields
        .iter()
        .map(|field| ("document.fields", field.as_str()));
    let is_piped = document.copy.is_by_pipeline();
    for (key, name) in keywords.iter().copied().chain(marks).chain(fields) {
        let field = document.field(name);
        let found = match field.split_once('.') {
            // What a pipeline writes may be below another field.
            Some(_) if is_piped && key == "document.fields" => {
                field.split('.').try_for_each(words::field)
            }
            _ => words::field(field),
        };
        if let Err(message) = found {
            problems.add(
                section.place_of(key),
                format!("\"{}\" {message}", field.escape_debug()),
            );
        }
    }
    for field in &document.fields {
        if let Some((key, _)) = keywords.iter().find(|(_, keyword)| keyword == field) {
            problems.add(
                section.place_of("document.fields"),
                format!("names `{field}`, which the document has from `{key}`; take it out"),
            );
        }
    }
    let mut used: Vec<(&str, &str)> = Vec::new();
    let attributes = keywords.iter().map(|(_, name)| *name);
    let attributes = attributes.chain(collection.marks.all());
    for attribute in attributes.chain(document.fields.iter().map(String::as_str)) {
        let field = document.field(attribute);
        let mut others = used.iter().filter(|(other, _)| *other != attribute);
        if let Some((other, _)) = others.find(|(_, known)| *known == field) {
            let message = format!("gives `{attribute}` the field of `{other}`; each has its own");
            problems.add(section.place_of("document.names"), message);
        }
        used.push((attribute, field));
    }
}
