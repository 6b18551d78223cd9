//! Rows with what tells each apart from the next record of its key.

use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::fingerprint::Fingerprint;
use domain::key::RecordKey;
use domain::row::Row;
use ports::{EnginePorts, Fields};

/// How many rows are read at a time: they may have to be read whole.
pub(crate) const AT_ONCE: usize = 100;

/// A row with its fingerprint.
pub(crate) type Identified = (Row, Fingerprint);

/// Reads rows by key, in the order of the keys. Of each only what decisions need is kept.
pub(crate) async fn read_identified<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    keys: &[RecordKey],
) -> Result<Vec<Option<Identified>>, Stop> {
    let mut all = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        let rows = read_rows(work, collection, some, fields(collection)).await?;
        let identify = identifying(work, collection);
        all.extend(rows.into_iter().map(|row| row.map(&identify)));
    }
    Ok(all)
}

/// The attributes that a fingerprint is made of: where the time of creation is declared, rows that lack it are told
/// apart by what decisions need.
pub(crate) fn fields(collection: &Collection) -> Fields {
    if collection.filters.time.is_some() {
        Fields::Judged
    } else {
        Fields::All
    }
}

/// Makes rows of a collection, with the attributes that [`fields`] asks for, into such with their fingerprint.
pub(crate) fn identifying<'a, P: EnginePorts>(
    work: Work<'a, P>,
    collection: &'a Collection,
) -> impl Fn(Row) -> Identified + use<'a, P> {
    let computed = work.collections().computed_attributes(&collection.name);
    let judged = collection.judged_attributes();
    move |mut row| {
        let fingerprint = Fingerprint::of(&row, collection, &computed);
        row.attributes
            .retain(|name, _| judged.contains(&name.as_str()));
        (row, fingerprint)
    }
}
