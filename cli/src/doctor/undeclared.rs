//! Tables that look as if they were below a declared one: their rows would be left when that is deleted.

use std::collections::{BTreeMap, BTreeSet};

use domain::collection::Collections;

use super::code::Code;
use super::finding::{Finding, Level};
use super::seen::TableSeen;

/// Names that many tables have for their own key, and that say nothing of a relation.
const PLAIN: [&str; 10] = [
    "id",
    "pk",
    "sk",
    "key",
    "name",
    "uuid",
    "type",
    "partition_key",
    "hash",
    "tenant_id",
];

/// How many names a finding has.
const SHOWN: usize = 5;

/// What these tables, which no file declares, look like. Tables of another deployment of the same collections are left
/// out: their names end in a declared one.
#[must_use]
pub fn check(collections: &Collections, others: &[(String, TableSeen)]) -> Vec<Finding> {
    let declared: BTreeSet<&str> = collections
        .iter()
        .map(|collection| collection.table.as_str())
        .collect();
    let is_another = |name: &str| declared.iter().any(|table| name.ends_with(table));
    let mut found = Vec::new();
    for (parent, names) in references(collections) {
        let refers = |table: &TableSeen| {
            let indexes = table.indexes.iter().map(|index| &index.key);
            let mut hashes = std::iter::once(&table.key)
                .chain(indexes)
                .filter_map(|key| key.first());
            hashes.any(|hash| names.contains(hash.attribute.as_str()))
        };
        let like: Vec<&str> = others
            .iter()
            .filter(|(name, table)| !is_another(name) && refers(table))
            .map(|(name, _)| name.as_str())
            .collect();
        if like.is_empty() {
            continue;
        }
        let names: Vec<&str> = names.into_iter().collect();
        let more = like.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let seen = format!(
            "no file declares {}{more}, whose table or index has the hash attribute `{}`, as children of {parent} have",
            like[..like.len().min(SHOWN)].join(", "),
            names.join("` or `")
        );
        let advice = format!(
            "declare them with `parent = {{ collection = \"{parent}\", … }}` if they belong below it: their rows stay otherwise"
        );
        let finding = Finding::new(Level::Warning, Code::UndeclaredChild, seen, advice);
        found.push(Finding {
            collection: Some(parent.to_owned()),
            ..finding
        });
    }
    found
}

/// Each collection that has children, or a key of a name of its own, with the names by which rows reference it.
fn references(collections: &Collections) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for collection in collections.iter() {
        if let Some(parent) = &collection.parent {
            let of = names.entry(parent.collection.as_ref()).or_default();
            let first = parent.by.first();
            of.extend(first.map(|name| collection.behind(name)));
        } else {
            let of = names.entry(collection.name.as_ref()).or_default();
            of.insert(&collection.key.partition);
        }
    }
    for (collection, of) in &mut names {
        // Whatever belongs to a tenant is hashed like that, and not below each of its records.
        let collection = collections.get(collection);
        let tenant = collection.and_then(|collection| {
            let place = collection.tenant.place();
            place.map(|place| collection.behind(place))
        });
        of.retain(|name| Some(*name) != tenant && !PLAIN.contains(&name.to_lowercase().as_str()));
    }
    names.retain(|_, of| !of.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use domain::collection::SourceFile;

    use super::*;
    use crate::doctor::seen::{IndexSeen, KeyPart};

    const SHELVES: &str = r#"
[shelves]
table       = "shelves"
key         = ["id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"

[books]
table       = "books"
key         = ["book_id"]
tenant      = "owner"
parent      = { collection = "shelves", by = ["shelf_id"], gsi = "by_shelf", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;

    fn table(name: &str, hash: &str, index: Option<&str>) -> (String, TableSeen) {
        let key = |attribute: &str| {
            vec![KeyPart {
                attribute: attribute.to_owned(),
                kind: "S".to_owned(),
            }]
        };
        let indexes = index.map(|attribute| IndexSeen {
            name: "i".to_owned(),
            status: "ACTIVE".to_owned(),
            key: key(attribute),
            projected: None,
        });
        let table = TableSeen {
            key: key(hash),
            indexes: Vec::from_iter(indexes),
            ..TableSeen::default()
        };
        (name.to_owned(), table)
    }

    #[test]
    fn a_table_that_is_hashed_like_the_children_of_a_collection_is_a_warning() {
        let file = SourceFile {
            name: "shelves.toml".to_owned(),
            text: SHELVES.to_owned(),
        };
        let collections = Collections::from_files(&[file]).unwrap();
        let others = [
            table("prod-labels", "shelf_id", None),
            table("prod-lamps", "id", Some("shelf_id")),
            table("prod-users", "id", None),
            table("staging-books", "book_id", Some("shelf_id")),
        ];

        let found = check(&collections, &others);

        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, Code::UndeclaredChild);
        assert_eq!(found[0].collection.as_deref(), Some("shelves"));
        assert!(
            found[0].seen.contains("prod-labels, prod-lamps,"),
            "{}",
            found[0].seen
        );
    }

    #[test]
    fn a_table_that_is_hashed_by_the_tenant_is_not_below_each_of_its_records() {
        let file = SourceFile {
            name: "chats.toml".to_owned(),
            text: r#"
[chats]
table       = "chats"
key         = ["user_id", "chat_id"]
tenant      = "user_id"
strategy    = "flag"
retention   = "30d"
"#
            .to_owned(),
        };
        let collections = Collections::from_files(&[file]).unwrap();

        let found = check(&collections, &[table("prod-users", "user_id", None)]);

        assert!(found.is_empty(), "{found:?}");
    }
}
