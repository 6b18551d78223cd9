//! Whole rows in memory, as clients write them.

use super::archive::WIDEST;
use super::{Attributes, FakeRows, bytes, mark_of};
use domain::collection::{ChildLookup, Collection};
use domain::key::RecordKey;
use domain::row::Row;
use domain::size::ITEM_BYTES;
use ports::{DependencyError, Stored, TakeBackOutcome, Unchanged, WriteOutcome, WriteRows};

impl WriteRows for FakeRows {
    type Raw = Attributes;

    async fn stored(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Result<Option<Stored<Attributes>>, DependencyError> {
        let state = self.begin("read a row", 1, &[key])?;
        let kept = state
            .tables
            .get(&collection.name)
            .and_then(|rows| rows.get(key));
        Ok(kept.map(|kept| Stored {
            row: Row {
                key: key.clone(),
                attributes: kept.clone(),
            },
            raw: kept.clone(),
        }))
    }

    async fn write(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Attributes>>,
        unchanged: Unchanged<'_>,
    ) -> Result<WriteOutcome, DependencyError> {
        let mut state = self.begin("write a row", 1, &[&row.key])?;
        let table = state.tables.entry(collection.name.clone()).or_default();
        let written = written(collection, row, before);
        // As DynamoDB: what cannot be stored is refused before a condition is checked.
        if bytes(&written) > ITEM_BYTES {
            return Ok(WriteOutcome::TooLarge);
        }
        if collection.strategy.keeps_copies()
            && written.len() + collection.marks.own().len() > WIDEST
        {
            return Ok(WriteOutcome::TooWide);
        }
        if !fits_the_indexes(collection, &written) {
            return Ok(WriteOutcome::Unstorable);
        }
        let is_as_judged = match (table.get(&row.key), before) {
            (None, None) => true,
            (Some(now), Some(before)) => {
                mark_of(collection, now).is_live()
                    && judged(collection)
                        .chain(compared(collection, row, before, unchanged))
                        .all(|attribute| now.get(attribute) == before.raw.get(attribute))
            }
            _ => false,
        };
        if !is_as_judged {
            return Ok(WriteOutcome::Changed);
        }
        table.insert(row.key.clone(), written);
        Ok(WriteOutcome::Written)
    }

    async fn take_back(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Attributes>>,
    ) -> Result<TakeBackOutcome, DependencyError> {
        let mut state = self.begin("take a row back", 1, &[&row.key])?;
        let table = state.tables.entry(collection.name.clone()).or_default();
        let written = written(collection, row, before);
        let marks = collection.marks.own();
        let is_as_written = table.get(&row.key).is_some_and(|now| {
            mark_of(collection, now).is_live()
                && row
                    .attributes
                    .keys()
                    .chain(before.iter().flat_map(|before| before.raw.keys()))
                    .filter(|name| !marks.contains(&name.as_str()))
                    .all(|name| now.get(name) == written.get(name))
        });
        if !is_as_written {
            return Ok(TakeBackOutcome::Changed);
        }
        match before {
            None => table.remove(&row.key),
            Some(before) => table.insert(row.key.clone(), before.raw.clone()),
        };
        Ok(TakeBackOutcome::TakenBack)
    }
}

fn written(collection: &Collection, row: &Row, before: Option<&Stored<Attributes>>) -> Attributes {
    let mut written = row.attributes.clone();
    for name in collection.marks.own() {
        match before.and_then(|before| before.raw.get(name)) {
            Some(kept) => written.insert(name.to_owned(), kept.clone()),
            None => written.remove(name),
        };
    }
    if collection.live_is_null && !written.contains_key(&collection.marks.deleted_at) {
        written.insert(collection.marks.deleted_at.clone(), serde_json::Value::Null);
    }
    for (name, value) in row.key.parts(&collection.key) {
        written.insert(name.to_owned(), value.into());
    }
    written
}

fn compared<'a>(
    collection: &Collection,
    row: &'a Row,
    before: &'a Stored<Attributes>,
    unchanged: Unchanged<'a>,
) -> Vec<&'a str> {
    let marks = collection.marks.own();
    match unchanged {
        Unchanged::These(names) => names.to_vec(),
        Unchanged::All => before
            .raw
            .keys()
            .chain(row.attributes.keys())
            .map(String::as_str)
            .filter(|name| !marks.contains(name))
            .collect(),
    }
}

fn judged(collection: &Collection) -> impl Iterator<Item = &str> {
    collection.tenant.attribute().into_iter().chain(
        collection
            .author
            .iter()
            .map(|author| author.attribute.as_str()),
    )
}

/// An attribute that is an index's key is a text that is not empty, if it is present at all.
fn fits_the_indexes(collection: &Collection, attributes: &Attributes) -> bool {
    let parent = collection.parent.as_ref().and_then(|parent| {
        matches!(parent.lookup, ChildLookup::Index(_)).then(|| parent.by.first())?
    });
    let hashes = [
        collection
            .tenant
            .index()
            .map(|(_, name)| collection.behind(name)),
        collection
            .author
            .as_ref()
            .and_then(|author| author.gsi.as_ref().map(|_| author.attribute.as_str())),
        parent.map(String::as_str),
    ];
    hashes.into_iter().flatten().all(|hash| {
        attributes
            .get(hash)
            .is_none_or(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    })
}
