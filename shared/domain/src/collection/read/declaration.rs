//! The second check of a collection: from values of the right type to a [`Collection`].
//!
//! A reader that returns `None` for something that is present has noted the error; so every part is read before the
//! first missing one ends the reading.

use super::declared::Declared;
use super::problems::Problems;
use super::tree::{Entry, Section};
use super::values::{attribute_and_gsi, named, named_if_any, one_of, table_of};
use super::words;
use super::{
    consistency, document, effects, filters, guarded, held, key, marks, parent, permissions,
    policy, rowless, shape, status,
};
use crate::collection::model::filters::Filters;
use crate::collection::model::held::Held;
use crate::collection::model::name::CollectionName;
use crate::collection::model::record::{Author, Collection, Missing};
use crate::collection::model::retention::Retention;
use crate::collection::model::schedule::ScheduleTemplate;
use crate::collection::model::tenant::TenantRule;
use crate::strategy::Strategy;

pub(super) fn read<'a>(
    name: Option<CollectionName>,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) -> Option<Declared<'a>> {
    let before = problems.count();
    shape::check(section, problems);
    let table = named(section, "table", words::table, problems);
    let key = key::key(section, problems);
    let composed = key::composed(section, key.as_ref(), problems);
    let rowless = one_of(section.get("row"), &[("none", ())], problems);
    let owner = section
        .required("tenant", problems)
        .and_then(|entry| key::tenant(&entry, key.as_ref(), &composed, problems));
    let parent = table_of(section, "parent")
        .and_then(|table| parent::parent(&table, key.as_ref(), problems));
    let keeps =
        table_of(section, "keeps").and_then(|table| parent::keeps(&table, key.as_ref(), problems));
    let document = table_of(section, "document")
        .and_then(|table| document::read(&table, key.as_ref(), problems));
    let strategy = one_of(
        section.required("strategy", problems),
        &Strategy::WORDS,
        problems,
    );
    let retention = retention(section, strategy, problems);
    let never = one_of(section.get("restore"), &[("never", ())], problems);
    let null = one_of(section.get("live"), &[("null", ())], problems);
    let version = named_if_any(section, "version", words::attribute, problems);
    let author = section
        .get("author")
        .and_then(|entry| attribute_and_gsi(&entry, problems));
    let filters = table_of(section, "filters")
        .map_or_else(Filters::default, |table| filters::read(&table, problems));
    let serve = permissions::serve(section, problems);
    let permissions = permissions::read(section, problems);
    let guarded = guarded::read(section, problems);
    let adopt = table_of(section, "adopt").and_then(|table| marks::adopt(&table, problems));
    let marks = marks::read(section, problems);
    let held =
        table_of(section, "held").map_or_else(Held::default, |table| held::read(&table, problems));
    let missing = one_of(section.get("missing"), &Missing::WORDS, problems).unwrap_or_default();
    let status = table_of(section, "status").and_then(|table| status::read(&table, problems));
    let schedule = section
        .get("schedule")
        .and_then(|entry| schedule(&entry, problems));
    let event = table_of(section, "event").and_then(|table| effects::event(&table, problems));
    let recipients = table_of(section, "recipients")
        .and_then(|table| effects::recipients(&table, event.as_ref(), problems));
    let aggregates = section.get("aggregates").map_or_else(Vec::new, |entry| {
        effects::aggregates(&entry, parent.as_ref(), key.as_ref(), problems)
    });
    if problems.count() > before {
        return None;
    }
    let collection = Collection {
        name: name?,
        table: table?,
        key: key?,
        composed,
        is_rowless: rowless.is_some(),
        tenant: owner?,
        parent,
        keeps,
        document,
        strategy: strategy?,
        retention: retention?,
        restorable: never.is_none(),
        live_is_null: null.is_some(),
        version,
        author: author.map(|(attribute, gsi)| Author { attribute, gsi }),
        filters,
        serve,
        permissions,
        guarded,
        marks,
        held,
        adopt,
        missing,
        status,
        schedule,
        event,
        recipients,
        aggregates,
    };
    check(&collection, section, problems);
    (problems.count() == before).then(|| Declared {
        collection,
        section: section.clone(),
    })
}

/// Whether the parts of a collection go together.
fn check<'a>(collection: &Collection, section: &Section<'a>, problems: &mut Problems<'a>) {
    rowless::check(collection, section, problems);
    key::parts_are_their_own(collection, section, problems);
    key::ids_are_possible(section, &collection.key, &collection.tenant, problems);
    if collection.tenant == TenantRule::Parent {
        key::tenant_is_above(
            section,
            &collection.key,
            collection.parent.as_ref(),
            problems,
        );
    }
    document::check(collection, section, problems);
    consistency::check(collection, section, problems);
    policy::check(collection, section, problems);
    guarded::check(collection, section, problems);
    marks::check(collection, section, problems);
    held::check(collection, section, problems);
}

/// How long a record is kept. Erased records are not kept, so with `erase` the key would promise what is not done.
fn retention<'a>(
    section: &Section<'a>,
    strategy: Option<Strategy>,
    problems: &mut Problems<'a>,
) -> Option<Retention> {
    if let Some(strategy) = strategy.filter(|strategy| !strategy.keeps_records()) {
        if section.get("retention").is_some() {
            let message = format!(
                "is there, but the strategy \"{}\" keeps nothing; take it out",
                strategy.as_str()
            );
            problems.add(section.place_of("retention"), message);
        }
        return Some(Retention::AtOnce);
    }
    let entry = section.required("retention", problems)?;
    let text = entry.text()?;
    text.parse()
        .map_err(|error| {
            problems.add(entry.place, format!("\"{}\" {error}", text.escape_debug()));
        })
        .ok()
}

fn schedule<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<ScheduleTemplate> {
    let text = entry.text()?;
    ScheduleTemplate::parse(text)
        .map_err(|error| {
            problems.add(
                entry.place.clone(),
                format!("\"{}\" {error}", text.escape_debug()),
            );
        })
        .ok()
}
