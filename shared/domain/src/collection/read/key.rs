//! Reads what the values of a key, and of other attributes, are made of: `key`, `parts` and `tenant`.

use std::collections::BTreeMap;

use super::consistency::taken;
use super::form;
use super::problems::Problems;
use super::tree::{Entry, Section};
use super::values::{attribute_and_gsi, attributes, named_if_any, one_of};
use super::words;
use crate::collection::model::key_schema::{Form, KeySchema};
use crate::collection::model::parent::Parent;
use crate::collection::model::pattern::{Composed, Known, Pattern};
use crate::collection::model::record::Collection;
use crate::collection::model::schedule::ScheduleTemplate;
use crate::collection::model::tenant::TenantRule;
use crate::principal::Tenant;

/// What parameters of requests have for names: a part of an id that is given by the names of its parts has another one.
const PARAMETERS: [&str; 6] = ["id", "sort", "parent", "parent_sort", "limit", "cursor"];

/// What begins the names of the parameters that name a parent by its parts.
const OF_PARENT: &str = "parent.";

/// A key attribute by its name, or by a table with its type and its patterns.
pub(super) fn key<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<KeySchema> {
    let entry = section.required("key", problems)?;
    let elements = entry.elements();
    if entry.value.is_array() && !(1..=2).contains(&elements.len()) {
        let message = format!(
            "names {} attributes; a key has a partition attribute and at most a sort attribute",
            elements.len()
        );
        problems.add(entry.place, message);
        return None;
    }
    if elements.iter().all(|element| element.section().is_none()) {
        let mut names = attributes(&entry, problems)?.into_iter();
        let partition = names.next()?;
        return Some(KeySchema::plain(&partition, names.next().as_deref()));
    }
    let before = problems.count();
    let read: Vec<(String, Form)> = elements
        .iter()
        .filter_map(|element| form::attribute(element, problems))
        .collect();
    if problems.count() > before {
        return None;
    }
    if let [(one, _), (two, _)] = read.as_slice()
        && one == two
    {
        problems.add(entry.place, format!("names \"{one}\" twice; write it once"));
        return None;
    }
    let mut read = read.into_iter();
    let (partition, form) = read.next()?;
    let (sort, sort_form) = read.next().unzip();
    Some(KeySchema {
        partition,
        sort,
        forms: [form, sort_form.unwrap_or_default()],
    })
}

/// Attributes beside the key whose texts are made of parts.
pub(super) fn composed<'a>(
    section: &Section<'a>,
    key: Option<&KeySchema>,
    problems: &mut Problems<'a>,
) -> BTreeMap<String, Composed> {
    let mut composed: BTreeMap<String, Composed> = BTreeMap::new();
    let Some(table) = section.get("parts").and_then(|entry| entry.section()) else {
        return composed;
    };
    for (name, entry) in table.entries() {
        let Some(name) = words::checked(name, entry.place.clone(), words::attribute, problems)
        else {
            continue;
        };
        let patterns = Composed(form::patterns(&entry, problems));
        if patterns.0.is_empty() {
            continue;
        }
        let of_key = |part: &str| key.is_some_and(|key| key.parts().contains(&part));
        let of_another = |part: &str| {
            let mut others = composed.values().flat_map(Composed::names);
            others.any(|other| other == part)
        };
        let taken = patterns
            .names()
            .find(|part| of_key(part) || of_another(part));
        let names: Vec<&str> = patterns.names().collect();
        let twice = names.iter().enumerate();
        let mut twice = twice.filter(|(place, part)| names[..*place].contains(part));
        let twice = twice.next().map(|(_, part)| *part);
        let is_in_two = patterns
            .0
            .iter()
            .enumerate()
            .any(|(place, one)| patterns.0[..place].iter().any(|other| one.overlaps(other)));
        if let Some(part) = taken {
            let message = format!(
                "reads `{{{part}}}`, which is read from the key or another attribute; give it a name of its own"
            );
            problems.add(entry.place, message);
        } else if let Some(part) = twice {
            let message =
                format!("has `{{{part}}}` in two patterns; give it another name in one of them");
            problems.add(entry.place, message);
        } else if is_in_two {
            problems.add(
                entry.place,
                "has two patterns, and a text could be of both; begin each with a text of its own",
            );
        } else if names.is_empty() {
            problems.add(
                entry.place,
                "has no part; write one as `{name}`, or take it out",
            );
        } else if key.is_some_and(|key| key.attributes().any(|attribute| attribute == name)) {
            let message = "is an attribute of the key; write its pattern there, as `is`";
            problems.add(entry.place, message);
        } else {
            composed.insert(name, patterns);
        }
    }
    composed
}

/// `"user_id"`, `{ attribute = "user_id", gsi = "by_user" }`, `{ part = "user" }`, `{ from = "parent" }` or
/// `{ fixed = "main" }`.
pub(super) fn tenant<'a>(
    entry: &Entry<'a>,
    key: Option<&KeySchema>,
    composed: &BTreeMap<String, Composed>,
    problems: &mut Problems<'a>,
) -> Option<TenantRule> {
    let plain = |(attribute, gsi)| TenantRule::Attribute {
        attribute,
        is: None,
        gsi,
    };
    let Some(section) = entry.section() else {
        return attribute_and_gsi(entry, problems).map(plain);
    };
    let form = ["fixed", "part", "from"]
        .into_iter()
        .find(|form| section.get(form).is_some());
    let Some(form) = form else {
        alone(&section, "attribute", &["gsi"], problems);
        return attribute_and_gsi(entry, problems).map(plain);
    };
    let of_composed = section.get("part").and_then(|part| {
        let name = part.text()?;
        let mut composed = composed.iter();
        composed.find_map(|(attribute, patterns)| Some((attribute, patterns.with(name)?)))
    });
    let beside: &[&str] = match (form, of_composed) {
        ("part", Some(_)) => &["gsi"],
        ("part", None) => &["default"],
        _ => &[],
    };
    alone(&section, form, beside, problems);
    match form {
        "part" if let Some((attribute, is)) = of_composed => {
            part_beside_the_key(&section, attribute, is, problems)
        }
        "part" => part(&section, key?, problems),
        "from" => {
            one_of(section.get("from"), &[("parent", ())], problems).map(|()| TenantRule::Parent)
        }
        _ => name(&section.get("fixed")?, problems).map(TenantRule::Fixed),
    }
}

/// Of the ways to say whose a record is, a file has one.
fn alone<'a>(section: &Section<'a>, form: &str, beside: &[&str], problems: &mut Problems<'a>) {
    for other in ["attribute", "gsi", "fixed", "part", "default", "from"] {
        if other != form && !beside.contains(&other) && section.get(other).is_some() {
            let message = format!(
                "is beside `{form}`, which says whose a record is; take one of the two out"
            );
            problems.add(section.place_of(other), message);
        }
    }
}

/// The tenant inside the text of an attribute that is no key: it is all that the text says, so that a tenant has one text,
/// which is a condition of each write.
fn part_beside_the_key<'a>(
    section: &Section<'a>,
    attribute: &str,
    is: &Pattern,
    problems: &mut Problems<'a>,
) -> Option<TenantRule> {
    if is.names().count() > 1 {
        let message = format!(
            "is one of several parts of `{attribute}`, which is no key; name the part of a text that has no other"
        );
        problems.add(section.place_of("part"), message);
        return None;
    }
    Some(TenantRule::Attribute {
        attribute: attribute.to_owned(),
        is: Some(is.clone()),
        gsi: named_if_any(section, "gsi", words::gsi, problems),
    })
}

fn part<'a>(
    section: &Section<'a>,
    key: &KeySchema,
    problems: &mut Problems<'a>,
) -> Option<TenantRule> {
    let entry = section.get("part")?;
    let name_of = entry.text()?;
    let default = match section.get("default") {
        None => None,
        Some(entry) => Some(name(&entry, problems)?),
    };
    let is_text = |attribute: &str, form: &Form| form.is_whole && attribute == name_of;
    let of_it = |(attribute, form): &(&str, &Form)| form.has(name_of) || is_text(attribute, form);
    let mut forms = key.each().filter(of_it);
    let (Some((attribute, form)), None) = (forms.next(), forms.next()) else {
        let message = format!(
            "\"{}\" is the part of no attribute of the key, or of two, nor of one in `parts`; name a part of one pattern",
            name_of.escape_debug()
        );
        problems.add(entry.place, message);
        return None;
    };
    let with = |pattern: &Pattern| pattern.names().any(|part| part == name_of);
    let always = form.is.iter().all(with);
    if !always && default.is_none() {
        let message = format!(
            "is not in every pattern of `{attribute}`; write whose the others are, as `default = \"…\"`"
        );
        problems.add(entry.place, message);
        return None;
    }
    if always && default.is_some() {
        let message =
            format!("is of no use: every pattern of `{attribute}` has the tenant; take it out");
        problems.add(section.place_of("default"), message);
        return None;
    }
    Some(TenantRule::Part {
        name: name_of.to_owned(),
        default,
    })
}

fn name<'a>(entry: &Entry<'a>, problems: &mut Problems<'a>) -> Option<Tenant> {
    let tenant = Tenant::new(entry.text()?);
    if tenant.is_none() {
        problems.add(
            entry.place.clone(),
            "is empty; write a name, such as \"main\"",
        );
    }
    tenant
}

/// Whether every text of `one`, which has the tenant, is a text of `other`, which has not.
fn is_hidden_by(one: &Pattern, other: &Pattern, of_tenant: &impl Fn(&&str) -> bool) -> bool {
    let has_it = |pattern: &Pattern| pattern.names().any(|part| of_tenant(&part));
    let reads = |value: &'static str| {
        let text = one.write(|_| Some(value));
        matches!(text, Ok(Known::Whole(text)) if other.read(&text).is_some())
    };
    has_it(one) && !has_it(other) && reads("\u{1}") && reads("\u{2}")
}

/// A record has one id, and an id is of one record.
pub(super) fn ids_are_possible<'a>(
    section: &Section<'a>,
    key: &KeySchema,
    tenant: &TenantRule,
    problems: &mut Problems<'a>,
) {
    let of_tenant =
        |part: &&str| tenant.place() == Some(part) && matches!(tenant, TenantRule::Part { .. });
    let parts: Vec<&str> = key
        .parts()
        .into_iter()
        .filter(|part| !of_tenant(part))
        .collect();
    let place = || section.place_of("key");
    if parts.is_empty() {
        let message = "has 0 parts beside the tenant; the id of a record has one at least";
        problems.add(place(), message);
        return;
    }
    let is_taken = |part: &&&str| PARAMETERS.contains(*part) || part.starts_with(OF_PARENT);
    if let Some(part) = parts.iter().filter(|_| parts.len() > 2).find(is_taken) {
        let message = format!(
            "has the part `{part}`: an id of more than two parts is given by their names, and that one is another parameter of requests; give the part another name"
        );
        problems.add(place(), message);
    }
    for (attribute, form) in key.each().filter(|(_, form)| form.is_made_of_parts()) {
        for (number, one) in form.is.iter().enumerate() {
            let free = |pattern: &Pattern| -> std::collections::BTreeSet<String> {
                let names = pattern.names().filter(|part| !of_tenant(part));
                names.map(str::to_owned).collect()
            };
            let tenants = |pattern: &Pattern| pattern.names().any(|part| of_tenant(&part));
            for other in &form.is[..number] {
                if free(one) != free(other) {
                    let message = format!(
                        "has for `{attribute}` both \"{other}\" and \"{one}\", with different parts; patterns of one attribute differ in the tenant only"
                    );
                    problems.add(place(), message);
                } else if is_hidden_by(one, other, &of_tenant)
                    || is_hidden_by(other, one, &of_tenant)
                {
                    let message = format!(
                        "has for `{attribute}` both \"{other}\" and \"{one}\": every text of the one with the tenant is one of the other, too; begin the other with a text of its own"
                    );
                    problems.add(place(), message);
                } else if tenants(one) == tenants(other) {
                    let message = format!(
                        "has for `{attribute}` both \"{other}\" and \"{one}\", with the same parts: one id would be of two records; write `begins`, which takes a text as a whole, or declare two collections"
                    );
                    problems.add(place(), message);
                }
            }
        }
    }
}

/// A part is read where a part may stand; elsewhere an attribute is meant, and one of the same name would be taken for it.
pub(super) fn parts_are_their_own<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let of_patterns: Vec<&str> = {
        let forms = collection.key.forms.iter();
        let forms = forms.filter(|form| form.is_made_of_parts());
        let forms = forms.flat_map(|form| &form.is);
        let composed = collection.composed.values().flat_map(Composed::names);
        forms.flat_map(Pattern::names).chain(composed).collect()
    };
    let may_be_parts = ["author", "parent.by", "parts"];
    let mut attributes = taken(collection);
    attributes.retain(|(key, _)| !may_be_parts.contains(key));
    // A filter asks whether a part is a text; whether one is there the key says.
    let is_text = |name: &str| collection.filters.are_texts(name);
    let is_time = |name: &str| collection.filters.time.as_deref() == Some(name);
    attributes.retain(|(key, name)| *key != "filters" || !(is_text(name) || is_time(name)));
    let promote = collection.parent.iter().flat_map(|parent| &parent.promote);
    let promote = promote.flat_map(|promotion| [promotion.owner.as_str(), promotion.by.as_str()]);
    attributes.extend(promote.map(|name| ("parent.promote", name)));
    let aggregates = collection.aggregates.iter();
    let aggregates = aggregates.flat_map(|one| one.set.values().chain([&one.of]));
    attributes.extend(aggregates.map(|name| ("aggregates", name.as_str())));
    let schedule = collection.schedule.iter();
    let schedule = schedule.flat_map(ScheduleTemplate::attributes);
    attributes.extend(schedule.map(|name| ("schedule", name)));
    attributes.extend(collection.marks.all().map(|name| ("marks", name)));
    for (key, name) in attributes {
        if of_patterns.contains(&name) {
            let message = format!(
                "has `{name}`, which is also the name of a part: an attribute is meant here; give the part another name"
            );
            problems.add(section.place_of(key), message);
        }
    }
}

/// Where the tenant is the parent's, the key says which parent that is: a row that can be moved below another parent could
/// change hands between two looks at it.
pub(super) fn tenant_is_above<'a>(
    section: &Section<'a>,
    key: &KeySchema,
    parent: Option<&Parent>,
    problems: &mut Problems<'a>,
) {
    let parts = key.parts();
    let place = || section.place_of("tenant.from");
    let Some(parent) = parent else {
        problems.add(
            place(),
            "is \"parent\", but there is no `parent`; declare it, or write whose the records are",
        );
        return;
    };
    if parent.promote.is_some() {
        let message = "is \"parent\", but `parent.promote` finds the members of a group by an index that knows no tenants; name the tenant by an attribute";
        problems.add(place(), message);
    }
    if let Some(other) = parent
        .by
        .iter()
        .find(|name| !parts.contains(&name.as_str()))
    {
        let message = format!(
            "is \"parent\", but `parent.by` has `{other}`, which is not in the key: the row could be moved to another tenant's parent; name parts of the key, or write whose the records are"
        );
        problems.add(place(), message);
    }
}
