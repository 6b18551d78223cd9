//! The second look at a collection: from values of the right type to a [`Collection`].
//!
//! A reader that answers `None` for something that is there has noted the error; so every part is read before the
//! first one that is missing ends it.

use super::problems::Problems;
use super::reader::{Entry, Section};
use super::words::{self, checked};
use super::{
    Author, ChildLookup, Collection, CollectionName, DocumentSpec, IdTemplate, KeySchema,
    MarkNames, Missing, OnDelete, Parent, Retention, Strategy, TenantAttribute, consistency,
    permissions, shape,
};

/// A collection without an error of its own, and where its keys stand.
pub(super) struct Declared<'a> {
    pub(super) collection: Collection,
    pub(super) section: Section<'a>,
}

pub(super) fn read<'a>(
    name: Option<CollectionName>,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) -> Option<Declared<'a>> {
    let before = problems.count();
    shape::check(section, problems);
    let table = named(section, "table", words::table, problems);
    let key = key(section, problems);
    let tenant = section
        .required("tenant", problems)
        .and_then(|entry| attribute_and_gsi(&entry, problems));
    let parent = section
        .get("parent")
        .and_then(|entry| parent(&entry.section()?, key.as_ref(), problems));
    let document = section
        .get("document")
        .and_then(|entry| document(&entry.section()?, key.as_ref(), problems));
    let strategy = one_of(
        section.required("strategy", problems),
        &[("flag", Strategy::Flag)],
        &["archive", "erase"],
        problems,
    );
    let retention = section
        .required("retention", problems)
        .and_then(|entry| retention(&entry, problems));
    let author = section
        .get("author")
        .and_then(|entry| attribute_and_gsi(&entry, problems));
    let serve = permissions::serve(section, problems);
    let permissions = permissions::read(section, problems);
    let marks = marks(section, problems);
    let choices = [
        ("already_deleted", Missing::AlreadyDeleted),
        ("not_found", Missing::NotFound),
    ];
    let missing = one_of(section.get("missing"), &choices, &[], problems).unwrap_or_default();
    if problems.count() > before {
        return None;
    }
    let (attribute, gsi) = tenant?;
    let collection = Collection {
        name: name?,
        table: table?,
        key: key?,
        tenant: TenantAttribute { attribute, gsi },
        parent,
        document,
        strategy: strategy?,
        retention: retention?,
        author: author.map(|(attribute, gsi)| Author { attribute, gsi }),
        serve,
        permissions,
        marks,
        missing,
    };
    consistency::check(&collection, section, problems);
    (problems.count() == before).then(|| Declared {
        collection,
        section: section.clone(),
    })
}

/// A text that must be there and keep a rule.
fn named<'a>(
    section: &Section<'a>,
    name: &str,
    rule: words::Rule,
    problems: &mut Problems<'a>,
) -> Option<String> {
    let entry = section.required(name, problems)?;
    checked(entry.text()?, entry.place, rule, problems)
}

/// A text that may be there and then must keep a rule.
fn named_if_any<'a>(
    section: &Section<'a>,
    name: &str,
    rule: words::Rule,
    problems: &mut Problems<'a>,
) -> Option<String> {
    let entry = section.get(name)?;
    checked(entry.text()?, entry.place, rule, problems)
}

/// One of a few words; `later` are those of the design that this version cannot honour.
fn one_of<'a, T: Copy>(
    entry: Option<Entry<'a>>,
    words: &[(&str, T)],
    later: &[&str],
    problems: &mut Problems<'a>,
) -> Option<T> {
    let entry = entry?;
    let text = entry.text()?;
    let found = words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value);
    if found.is_none() {
        let problem = if later.contains(&text) {
            "is not supported yet"
        } else {
            "is unknown"
        };
        problems.add(
            entry.place,
            format!(
                "\"{}\" {problem}; write {}",
                text.escape_debug(),
                choices(words.iter().map(|(word, _)| *word))
            ),
        );
    }
    found
}

/// `"a" or "b"`.
pub(super) fn choices<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(" or ")
}

fn key<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<KeySchema> {
    let entry = section.required("key", problems)?;
    let elements = entry.elements();
    if let Some(typed) = elements.iter().find(|element| element.section().is_some()) {
        let message = "holds a table: keys of type N or B are not supported yet; write the names of attributes of type S";
        problems.add(typed.place.clone(), message);
        return None;
    }
    if entry.value.is_array() && !(1..=2).contains(&elements.len()) {
        let message = format!(
            "names {} attributes; a key has a partition attribute and at most a sort attribute",
            elements.len()
        );
        problems.add(entry.place, message);
        return None;
    }
    let mut attributes = attributes(&entry, problems)?.into_iter();
    Some(KeySchema {
        partition: attributes.next()?,
        sort: attributes.next(),
    })
}

/// The attributes of a list, or `None` when one of them is wrong.
fn attributes<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<Vec<String>> {
    let before = problems.count();
    let texts = entry.texts(problems);
    let attributes = texts
        .into_iter()
        .filter_map(|(text, place)| checked(text, place, words::attribute, problems))
        .collect();
    (problems.count() == before).then_some(attributes)
}

/// `"user_id"` or `{ attribute = "user_id", gsi = "by_user" }`.
fn attribute_and_gsi<'a>(
    entry: &Entry<'a>,
    problems: &mut Problems<'a>,
) -> Option<(String, Option<String>)> {
    if let Some(text) = entry.text() {
        return Some((
            checked(text, entry.place.clone(), words::attribute, problems)?,
            None,
        ));
    }
    let section = entry.section()?;
    let attribute = named(&section, "attribute", words::attribute, problems);
    let gsi = named_if_any(&section, "gsi", words::gsi, problems);
    Some((attribute?, gsi))
}

fn parent<'a>(
    section: &Section<'a>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> Option<Parent> {
    let collection = section.required("collection", problems).and_then(|entry| {
        let parsed = entry.text()?.parse::<CollectionName>();
        parsed
            .map_err(|error| problems.add(entry.place, error.to_string()))
            .ok()
    });
    let by = section
        .required("by", problems)
        .and_then(|entry| attributes(&entry, problems));
    let later = ["restrict", "detach", "promote"];
    let on_delete = one_of(
        section.required("on_delete", problems),
        &[("cascade", OnDelete::Cascade)],
        &later,
        problems,
    );
    let gsi = named_if_any(section, "gsi", words::gsi, problems);
    let required = section
        .get("required")
        .and_then(|entry| entry.value.as_bool())
        .unwrap_or(false);
    let by = by?;
    let lookup = lookup(section, &by, gsi, key?, problems)?;
    Some(Parent {
        collection: collection?,
        by,
        on_delete: on_delete?,
        lookup,
        required,
    })
}

/// Where the children are found. An index that would never be asked is refused: it would look like it mattered.
fn lookup<'a>(
    section: &Section<'a>,
    by: &[String],
    gsi: Option<String>,
    key: &KeySchema,
    problems: &mut Problems<'a>,
) -> Option<ChildLookup> {
    let on_the_table = by.contains(&key.partition);
    match (on_the_table, gsi) {
        (true, None) => Some(ChildLookup::Table),
        (false, Some(gsi)) => Some(ChildLookup::Index(gsi)),
        (true, Some(_)) => {
            let message = format!(
                "is not needed: `by` has `{}`, the partition attribute, so children are found in the table; take it out",
                key.partition
            );
            problems.add(section.place_of("gsi"), message);
            None
        }
        (false, None) => {
            // A wrong `gsi` has been noted already; an empty `by` is noted with the parent's key.
            if section.get("gsi").is_none()
                && let Some(first) = by.first()
            {
                let message = format!(
                    "is missing: `by` is without `{}`, the partition attribute, so children are found over an index; write `gsi = \"…\"`, an index whose hash key is `{first}`",
                    key.partition
                );
                problems.add(section.place_of("gsi"), message);
            }
            if by.is_empty() {
                problems.add(
                    section.place_of("by"),
                    "names no attribute; name those that hold the parent's key",
                );
            }
            None
        }
    }
}

fn document<'a>(
    section: &Section<'a>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> Option<DocumentSpec> {
    let index = named(section, "index", words::index, problems);
    let fields = section
        .required("fields", problems)
        .and_then(|entry| attributes(&entry, problems));
    let id = section.required("id", problems).and_then(|entry| {
        let parsed = IdTemplate::parse(entry.text()?, key?);
        parsed
            .map_err(|error| problems.add(entry.place, error.to_string()))
            .ok()
    });
    Some(DocumentSpec {
        index: index?,
        id: id?,
        fields: fields?,
    })
}

fn retention<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<Retention> {
    let text = entry.text()?;
    text.parse()
        .map_err(|error| {
            problems.add(
                entry.place.clone(),
                format!("\"{}\" {error}", text.escape_debug()),
            );
        })
        .ok()
}

fn marks<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> MarkNames {
    let mut marks = MarkNames::default();
    let Some(names) = section.get("marks").and_then(|entry| entry.section()) else {
        return marks;
    };
    for (key, name) in [
        ("deleted_at", &mut marks.deleted_at),
        ("deleted_by", &mut marks.deleted_by),
        ("deletion_id", &mut marks.deletion_id),
    ] {
        if let Some(written) = named_if_any(&names, key, words::attribute, problems) {
            *name = written;
        }
    }
    marks
}
