//! Whether the table has the indexes that the files name, with the keys and attributes that their use needs.
//!
//! A query over an index gets the rows as the index has them, without naming attributes, and each row is read again on
//! the table. So keys are enough, but for one thing: of a reference of two attributes the first is asked of the index,
//! and the second of the rows that it returns. An index that does not have it finds nothing, and says nothing.

use domain::collection::{ChildLookup, Collection, Recipients};

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::seen::{IndexSeen, TableSeen};
use crate::doctor::subject::Subject;

/// Rows are found by texts.
const TEXT: &[&str] = &["S"];

/// The oldest member of a group may be so by a number.
const TEXT_OR_NUMBER: &[&str] = &["S", "N"];

/// An index that a file names.
struct Wanted<'a> {
    /// The collection that names it: of recipients another one than that of the table.
    by: &'a Collection,
    /// Under which key.
    key: &'static str,
    name: &'a str,
    hash: &'a str,
    /// With the types that it may have.
    sort: Option<(&'a str, &'static [&'static str])>,
    /// What its rows are chosen by beside the key.
    narrowed_by: Vec<&'a str>,
}

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(table) = subject.table() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for wanted in wanted(subject) {
        let about = |code, seen: String, advice: String| {
            let finding = Finding::new(Level::Error, code, seen, advice).at(wanted.key);
            Finding {
                collection: Some(wanted.by.name.to_string()),
                ..finding
            }
        };
        let Some(index) = table.indexes.iter().find(|index| index.name == wanted.name) else {
            let (seen, advice) = missing(&wanted, table);
            found.push(about(Code::IndexMissing, seen, advice));
            continue;
        };
        if !matches!(&*index.status, "ACTIVE" | "UPDATING" | "") {
            let seen = format!("the index {} is {}", index.name, index.status);
            let advice = "wait until it is ACTIVE".to_owned();
            found.push(about(Code::IndexNotActive, seen, advice));
        }
        if let Some((seen, advice)) = other_key(&wanted, index) {
            found.push(about(Code::IndexKey, seen, advice));
        }
        let lacks: Vec<&str> = wanted
            .narrowed_by
            .iter()
            .copied()
            .filter(|attribute| !index.has(attribute, table))
            .collect();
        if !lacks.is_empty() {
            let lacks = lacks.join("`, `");
            let seen = format!(
                "the index {} does not have `{lacks}`, by which its rows are chosen: it finds none, so they are left",
                index.name
            );
            let advice = format!(
                "use an index that projects `{lacks}` or has it in its key: a projection cannot be changed, only made anew"
            );
            found.push(about(Code::IndexProjection, seen, advice));
        }
    }
    found
}

fn missing(wanted: &Wanted<'_>, table: &TableSeen) -> (String, String) {
    let seen = format!("the table has no index {}", wanted.name);
    let fits = |index: &&IndexSeen| other_key(wanted, index).is_none();
    let advice = match table.indexes.iter().find(fits) {
        Some(other) => format!("write \"{}\", which has the key that is needed", other.name),
        None => format!("create an index whose key is {}", key(wanted)),
    };
    (seen, advice)
}

fn other_key(wanted: &Wanted<'_>, index: &IndexSeen) -> Option<(String, String)> {
    let parts = [Some((wanted.hash, TEXT)), wanted.sort];
    let fits = parts.iter().enumerate().all(|(place, part)| {
        part.is_none_or(|(name, kinds)| {
            let has = index.key.get(place);
            has.is_some_and(|has| has.attribute == name && kinds.contains(&&*has.kind))
        })
    });
    if fits {
        return None;
    }
    let has: Vec<String> = index
        .key
        .iter()
        .map(|part| format!("`{}` ({})", part.attribute, part.kind))
        .collect();
    let seen = format!("the key of the index {} is {}", index.name, has.join(", "));
    let advice = format!("name an index whose key is {}", key(wanted));
    Some((seen, advice))
}

fn key(wanted: &Wanted<'_>) -> String {
    match wanted.sort {
        None => format!("`{}` (S), with any sort attribute or none", wanted.hash),
        Some((sort, kinds)) => {
            format!("`{}` (S), `{sort}` ({})", wanted.hash, kinds.join(" or "))
        }
    }
}

fn wanted(subject: Subject<'_>) -> Vec<Wanted<'_>> {
    let collection = subject.collection;
    let plain = |key, name, hash| Wanted {
        by: collection,
        key,
        name,
        hash,
        sort: None,
        narrowed_by: Vec::new(),
    };
    let mut wanted = Vec::new();
    if let Some((index, attribute)) = collection.tenant.index() {
        wanted.push(plain("tenant.gsi", index, collection.behind(attribute)));
    }
    if let Some(author) = &collection.author
        && let Some(index) = &author.gsi
    {
        let hash = collection.behind(&author.attribute);
        wanted.push(plain("author.gsi", index, hash));
    }
    if let Some(parent) = &collection.parent {
        let by = reference(collection, &parent.by);
        wanted.extend(by_reference(collection, "parent.gsi", &parent.lookup, by));
        if let Some(promotion) = &parent.promote {
            wanted.push(Wanted {
                sort: Some((&promotion.by, TEXT_OR_NUMBER)),
                ..plain("parent.promote.gsi", &promotion.gsi, &promotion.owner)
            });
        }
        for aggregate in &collection.aggregates {
            if let (ChildLookup::Index(index), Some(hash)) =
                (&aggregate.lookup, reference(collection, &parent.by).first())
            {
                wanted.push(Wanted {
                    sort: Some((&aggregate.of, TEXT)),
                    ..plain("aggregates", index, *hash)
                });
            }
        }
    }
    if let Some(keeps) = &collection.keeps {
        let by = reference(collection, &keeps.by);
        wanted.extend(by_reference(collection, "keeps.gsi", &keeps.lookup, by));
    }
    for other in subject.collections.iter() {
        if let Some(Recipients::Rows {
            collection: rows,
            by,
            lookup,
            ..
        }) = &other.recipients
            && *rows == collection.name
        {
            let by = reference(collection, by);
            wanted.extend(by_reference(other, "recipients.gsi", lookup, by));
        }
    }
    wanted
}

/// The attributes that hold these parts, each once: of a composed one the index has it as a whole.
fn reference<'a>(collection: &'a Collection, by: &'a [String]) -> Vec<&'a str> {
    let mut attributes = Vec::new();
    for name in by {
        let attribute = collection.behind(name);
        if !attributes.contains(&attribute) {
            attributes.push(attribute);
        }
    }
    attributes
}

fn by_reference<'a>(
    by: &'a Collection,
    key: &'static str,
    lookup: &'a ChildLookup,
    attributes: Vec<&'a str>,
) -> Option<Wanted<'a>> {
    let ChildLookup::Index(name) = lookup else {
        return None;
    };
    let mut attributes = attributes.into_iter();
    let hash = attributes.next()?;
    Some(Wanted {
        by,
        key,
        name,
        hash,
        sort: None,
        narrowed_by: attributes.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::given::{Given, codes, part};
    use super::*;

    const ASSETS: &str = r#"
[assets]
table       = "assets"
key         = ["db", "asset"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"

[comments]
table       = "comments"
key         = ["comment"]
tenant      = "owner"
parent      = { collection = "assets", by = ["db", "asset"], gsi = "by_asset", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
event       = { type = "gone", group = ["topic"] }
recipients  = { collection = "watchers", by = ["topic"], user = "who", gsi = "by_topic" }

[watchers]
table       = "watchers"
key         = ["id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
"#;

    fn index(name: &str, key: &[&str], projected: Option<&[&str]>) -> IndexSeen {
        IndexSeen {
            name: name.to_owned(),
            status: "ACTIVE".to_owned(),
            key: key.iter().map(|attribute| part(attribute, "S")).collect(),
            projected: projected.map(|names| names.iter().map(ToString::to_string).collect()),
        }
    }

    fn found(name: &'static str, indexes: Vec<IndexSeen>) -> Vec<Finding> {
        let mut given = Given::declared(ASSETS, name);
        given.table().indexes = indexes;
        given.find(check)
    }

    #[test]
    fn an_index_that_is_missing_is_named_with_one_that_would_do() {
        let none = found("assets", vec![]);
        let other = found("assets", vec![index("owners", &["owner", "x"], None)]);

        assert_eq!(codes(&none), [Code::IndexMissing]);
        assert!(none[0].advice.starts_with("create an index"));
        assert_eq!(codes(&other), [Code::IndexMissing]);
        assert!(other[0].advice.starts_with("write \"owners\""));
        assert_eq!(other[0].key.as_deref(), Some("tenant.gsi"));
    }

    #[test]
    fn keys_are_enough_where_one_attribute_finds_the_rows() {
        let keys_only = index("by_owner", &["owner"], Some(&[]));

        assert!(found("assets", vec![keys_only]).is_empty());
    }

    #[test]
    fn the_second_part_of_a_reference_must_be_in_the_index() {
        let lacking = index("by_asset", &["db"], Some(&["text"]));
        let projecting = index("by_asset", &["db"], Some(&["asset"]));
        let sorted = index("by_asset", &["db", "asset"], Some(&[]));

        assert_eq!(
            codes(&found("comments", vec![lacking])),
            [Code::IndexProjection]
        );
        assert!(found("comments", vec![projecting]).is_empty());
        assert!(found("comments", vec![sorted]).is_empty());
    }

    #[test]
    fn the_index_of_a_composed_reference_has_the_whole_text_as_its_hash() {
        let composed = ASSETS.replace(
            "parent      = {",
            "parts = { of = \"{db}:{asset}\" }\nparent = {",
        );
        let found = |hash: &str| {
            let mut given = Given::declared(&composed, "comments");
            given.table().indexes = vec![index("by_asset", &[hash], Some(&[]))];
            given.find(check)
        };

        assert!(found("of").is_empty());
        assert_eq!(codes(&found("db")), [Code::IndexKey]);
    }

    #[test]
    fn an_index_of_another_attribute_or_of_a_number_is_told() {
        let other = index("by_owner", &["writer"], None);
        let mut number = index("by_owner", &["owner"], None);
        number.key[0].kind = "N".to_owned();

        for wrong in [other, number] {
            assert_eq!(codes(&found("assets", vec![wrong])), [Code::IndexKey]);
        }
    }

    #[test]
    fn an_index_that_is_made_or_removed_cannot_be_asked() {
        let mut making = index("by_owner", &["owner"], None);
        making.status = "CREATING".to_owned();

        assert_eq!(
            codes(&found("assets", vec![making])),
            [Code::IndexNotActive]
        );
    }

    #[test]
    fn the_index_of_recipients_is_looked_for_on_their_table_and_told_of_who_names_it() {
        let found = found("watchers", vec![]);

        assert_eq!(codes(&found), [Code::IndexMissing]);
        assert_eq!(found[0].collection.as_deref(), Some("comments"));
        assert_eq!(found[0].key.as_deref(), Some("recipients.gsi"));
    }
}
