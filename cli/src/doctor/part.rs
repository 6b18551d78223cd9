//! What the texts of a row are made of: of which collection the row is, whose it is, and what it references.

use domain::collection::{Collection, Referenced, TenantRule};
use domain::key::RecordKey;
use domain::principal::Tenant;

use super::item::{self, Item};

/// Whether a row of a collection's table is one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Its key is made as the collection's keys are, as far as the file says how.
    Own,
    /// It is not.
    Other,
    /// A text of its key can be read in two ways, so it is nobody's.
    Ambiguous,
}

/// Whether a row is of a collection of its table. One whose key has other attributes or types than the file says is
/// taken for its own, if there is no pattern that says otherwise: that is a finding about the table.
#[must_use]
pub fn fit(row: &Item, collection: &Collection) -> Fit {
    for (attribute, form) in collection.key.each() {
        if form.is_any() {
            continue;
        }
        let Some(text) = item::text(row, attribute) else {
            return Fit::Other;
        };
        match form.ways(text) {
            0 => return Fit::Other,
            1 => {}
            _ => return Fit::Ambiguous,
        }
    }
    let key = item::key_of(row, &collection.key);
    if key.is_none_or(|key| collection.has(&key)) {
        Fit::Own
    } else {
        Fit::Other
    }
}

/// Whether a row has the partition of a record of a collection whose partition keys have a pattern.
#[must_use]
pub fn is_beside(row: &Item, collection: &Collection) -> bool {
    let Some((attribute, form)) = collection.key.each().next() else {
        return false;
    };
    let text = item::text(row, attribute);
    !form.is.is_empty() && text.is_some_and(|text| form.ways(text) > 0)
}

/// The value of a part, or the text of an attribute; `None` where it is absent, empty, no text, or does not parse.
#[must_use]
pub fn value(row: &Item, collection: &Collection, name: &str) -> Option<String> {
    // A key of other types than the file says has no parts; attributes beside it may.
    let key = item::key_of(row, &collection.key);
    let key = key.unwrap_or_else(|| RecordKey::stored("", None));
    let value = collection.part(&key, |attribute| item::text(row, attribute), name)?;
    Some(value.to_owned())
}

/// Whose a row is, where it says so itself.
#[must_use]
pub fn tenant(row: &Item, collection: &Collection) -> Option<String> {
    match &collection.tenant {
        TenantRule::Attribute { attribute, .. } => {
            let text = item::text(row, attribute)?;
            collection.tenant.in_text(text).map(str::to_owned)
        }
        TenantRule::Part { name, default } => {
            let default = default.as_ref().map(|tenant| tenant.as_str().to_owned());
            match value(row, collection, name) {
                Some(tenant) if Some(&tenant) == default.as_ref() => None,
                Some(tenant) => Some(tenant),
                None => default,
            }
        }
        TenantRule::Fixed(tenant) => Some(tenant.as_str().to_owned()),
        TenantRule::Parent => None,
    }
}

/// What a row references.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// The record of this key.
    Key(RecordKey),
    /// That whose key has these parts, and one that only its tenant tells: the row has no tenant of its own.
    Parts(Vec<(String, String)>),
}

/// What these attributes and parts of a row reference; `None` where something is missing.
#[must_use]
pub fn reference(
    row: &Item,
    collection: &Collection,
    by: &[String],
    of: &Referenced,
) -> Option<Reference> {
    let values: Vec<Option<String>> = by.iter().map(|name| value(row, collection, name)).collect();
    let own = tenant(row, collection).and_then(|tenant| Tenant::new(&tenant));
    let needed = of.needs_tenant(by);
    if needed && own.is_none() {
        let parts = of.parts(by).into_iter().zip(values);
        let parts: Option<Vec<(String, String)>> = parts
            .map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        return parts.map(Reference::Parts);
    }
    let tenant = own.or_else(|| Tenant::new("-"))?;
    let key = of.key(by, &tenant, |name| {
        let place = by.iter().position(|one| one == name)?;
        values.get(place)?.as_deref()
    });
    key.map(Reference::Key)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use domain::collection::{Collections, SourceFile};

    use super::*;

    const SITES: &str = r#"
[documents]
table     = "docs"
key       = [{ attribute = "PK", is = ["{site}/docs#{document}", "docs#{document}"] }, { attribute = "SK", is = "document" }]
tenant    = { part = "site", default = "main" }
strategy  = "flag"
retention = "30d"

[tags]
table     = "docs"
key       = [{ attribute = "PK", is = ["{site}/docs#{document}", "docs#{document}"] }, { attribute = "SK", is = "tags#{tag}" }]
tenant    = { part = "site", default = "main" }
parent    = { collection = "documents", by = ["site", "document"], on_delete = "cascade" }
strategy  = "flag"
retention = "30d"

[applications]
table     = "lpas"
key       = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "DONOR#{owner}" }]
tenant    = { part = "owner" }
strategy  = "flag"
retention = "30d"

[attorneys]
table     = "lpas"
key       = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "ATTORNEY#{attorney}" }]
tenant    = { from = "parent" }
parent    = { collection = "applications", by = ["application"], on_delete = "cascade" }
strategy  = "flag"
retention = "30d"

[fees]
table     = "lpas"
key       = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "FEE#{fee}" }]
tenant    = "payer"
parent    = { collection = "applications", by = ["application"], on_delete = "cascade" }
strategy  = "flag"
retention = "30d"
"#;

    fn collections() -> Collections {
        let file = SourceFile {
            name: "sites.toml".to_owned(),
            text: SITES.to_owned(),
        };
        Collections::from_files(&[file]).unwrap()
    }

    fn row(pk: &str, sk: &str) -> Item {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        Item::from([("PK".to_owned(), text(pk)), ("SK".to_owned(), text(sk))])
    }

    #[test]
    fn a_row_is_of_the_collection_whose_patterns_it_fits_in_one_way() {
        let collections = collections();
        let fits = |name: &str, pk, sk| fit(&row(pk, sk), collections.get(name).unwrap());

        assert_eq!(fits("documents", "docs#1", "document"), Fit::Own);
        assert_eq!(fits("tags", "docs#1", "document"), Fit::Other);
        assert_eq!(fits("tags", "a/docs#1", "tags#x"), Fit::Own);
        assert_eq!(fits("documents", "users#1", "document"), Fit::Other);
        assert_eq!(
            fits("documents", "docs#1/docs#2", "document"),
            Fit::Ambiguous
        );
    }

    #[test]
    fn a_reference_is_completed_by_the_rows_own_tenant() {
        let collections = collections();
        let of = |name: &str, row: &Item| {
            let collection = collections.get(name).unwrap();
            let parent = collection.parent.as_ref().unwrap();
            reference(row, collection, &parent.by, &parent.of)
        };
        let key = |pk: &str, sk: &str| Some(Reference::Key(RecordKey::stored(pk, Some(sk))));
        let mut fee = row("LPA#a-1", "FEE#1");
        fee.insert("payer".to_owned(), AttributeValue::S("ada".to_owned()));

        assert_eq!(
            of("tags", &row("a/docs#1", "tags#x")),
            key("a/docs#1", "document")
        );
        assert_eq!(
            of("tags", &row("docs#1", "tags#x")),
            key("docs#1", "document")
        );
        assert_eq!(of("fees", &fee), key("LPA#a-1", "DONOR#ada"));
        assert_eq!(
            of("attorneys", &row("LPA#a-1", "ATTORNEY#1")),
            Some(Reference::Parts(vec![(
                "application".to_owned(),
                "a-1".to_owned()
            )]))
        );
    }
}
