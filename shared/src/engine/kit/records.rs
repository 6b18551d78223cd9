//! The records of a page, read and grouped by collection.

use std::collections::BTreeMap;

use crate::domain::collection::{Collection, Collections};
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Outcome};
use crate::domain::row::Row;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{EnginePorts, Fields, ReadRows};

/// Reads rows by key, in the order of the keys.
pub(crate) async fn read_rows<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    keys: &[RecordKey],
    fields: Fields,
) -> Result<Vec<Option<Row>>, Stop> {
    let rows = work.rows();
    work.settle(keys, P::Rows::READ_BATCH, |batch| async move {
        rows.read(collection, &batch, fields).await
    })
    .await
}

/// Those of these places that are the deletion's to take: of all, or only of some.
pub(crate) fn open_of(
    entries: &[Entry],
    places: impl IntoIterator<Item = usize>,
    only: Option<&[usize]>,
) -> Vec<usize> {
    let is_wanted = |place: &usize| only.is_none_or(|only| only.contains(place));
    places
        .into_iter()
        .filter(|place| is_wanted(place) && entries[*place].judged.is_open())
        .collect()
}

/// The records of some entries, by collection, with their places.
pub(crate) fn by_collection<'a>(
    collections: &'a Collections,
    entries: &'a [Entry],
) -> Result<Vec<(&'a Collection, Vec<usize>)>, Stop> {
    let mut groups: Vec<(&Collection, Vec<usize>)> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Some((_, places)) = groups
            .iter_mut()
            .find(|(collection, _)| collection.name == entry.collection)
        {
            places.push(place);
        } else {
            let collection = collections.get(entry.collection.as_ref()).ok_or_else(|| {
                let reason = format!(
                    "no collections file declares `{}` any more",
                    entry.collection
                );
                Stop::broken("COLLECTION_UNKNOWN", &reason)
            })?;
            groups.push((collection, vec![place]));
        }
    }
    Ok(groups)
}

/// The document ids of some records. One that cannot be rendered fails alone, before the request is made.
pub(crate) fn document_ids(
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> (Vec<(usize, String)>, BTreeMap<usize, Outcome>) {
    let mut ids = Vec::new();
    let mut exceptions = BTreeMap::new();
    if let Some(spec) = &collection.document {
        for place in places {
            match spec.id.render(&entries[*place].key.parts(&collection.key)) {
                Ok(id) => ids.push((*place, id)),
                Err(error) => {
                    let reason = format!("DOCUMENT_ID_INVALID: {error}");
                    exceptions.insert(*place, Outcome::Failed { reason });
                }
            }
        }
    }
    (ids, exceptions)
}
