//! The body of a page, or of its exceptions: a format byte, then the payload.
//!
//! Format 1 is deflated JSON. A page is
//! `{"c":[collection,…],"e":[[collection's place,judged,partition,sort?],…],"n":cursor}`: `"f":{place:effects}` has
//! what effects need to know about the records at these places, where there is any, and `"t":[fingerprint,…]` what tells
//! each record apart from the next one of its key, where it is needed, and `"u":[[key,fingerprint],…]` the same of the
//! record that was above each; names are stored once there, so that the largest
//! page stays far below the 400 KB of an item and an ordinary one costs few write units. Bodies
//! outlive deploys: a frozen one in the tests must be readable for ever.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use domain::above::Above;
use domain::collection::CollectionName;
use domain::effects::Effects;
use domain::fingerprint::Fingerprint;
use domain::key::RecordKey;
use domain::notice::Notice;
use domain::page::{AsRead, Entry, Exceptions, Judged, Page, SelectCursor};

/// Deflated JSON.
const DEFLATED_JSON: u8 = 1;

/// None of our bodies is larger when inflated.
const INFLATED_BYTES: u64 = 16 << 20;

/// Why bytes are not a body.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body is empty")]
    Empty,
    #[error("the body has format {0}, this build reads {DEFLATED_JSON}")]
    UnknownFormat(u8),
    #[error("the body cannot be inflated")]
    Deflate(#[from] std::io::Error),
    #[error("the body is not the JSON of a page or its exceptions")]
    Json(#[from] serde_json::Error),
    #[error("an entry names collection {0}, which is not listed")]
    NoSuchCollection(usize),
}

impl BodyError {
    /// Whether a later build wrote it.
    pub(super) fn is_newer(&self) -> bool {
        matches!(self, Self::UnknownFormat(format) if *format > DEFLATED_JSON)
    }
}

#[derive(Serialize, Deserialize)]
struct Body {
    c: Vec<CollectionName>,
    e: Vec<EntryBody>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    f: BTreeMap<usize, Effects>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<SelectCursor>,
    /// One for each record, where there is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<Option<Fingerprint>>,
    /// One for each record, where there is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    u: Vec<Above>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum EntryBody {
    TwoParts(usize, Judged, String, String),
    OnePart(usize, Judged, String),
}

/// The body of a page. Its number is in the key.
pub(super) fn write_page(page: &Page) -> Result<Vec<u8>, BodyError> {
    let mut body = Body {
        c: Vec::new(),
        e: Vec::with_capacity(page.entries.len()),
        f: effects(page),
        n: page.next.clone(),
        t: fingerprints(page),
        u: above(page),
    };
    for Entry {
        collection,
        key,
        judged,
        effects: _,
        fingerprint: _,
        above: _,
        as_read: _,
    } in &page.entries
    {
        let place = body
            .c
            .iter()
            .position(|known| known == collection)
            .unwrap_or_else(|| {
                body.c.push(collection.clone());
                body.c.len() - 1
            });
        body.e.push(match key.sort.clone() {
            Some(sort) => EntryBody::TwoParts(place, *judged, key.partition.clone(), sort),
            None => EntryBody::OnePart(place, *judged, key.partition.clone()),
        });
    }
    pack(&body)
}

fn effects(page: &Page) -> BTreeMap<usize, Effects> {
    let needed = page.entries.iter().map(|entry| &entry.effects).enumerate();
    needed
        .filter(|(_, effects)| !effects.is_none())
        .map(|(place, effects)| (place, effects.clone()))
        .collect()
}

fn fingerprints(page: &Page) -> Vec<Option<Fingerprint>> {
    let all: Vec<_> = page.entries.iter().map(|entry| entry.fingerprint).collect();
    if all.iter().any(Option::is_some) {
        all
    } else {
        Vec::new()
    }
}

fn above(page: &Page) -> Vec<Above> {
    if page.entries.iter().all(|entry| entry.above.is_empty()) {
        return Vec::new();
    }
    page.entries.iter().map(|entry| entry.above).collect()
}

/// The page of a body.
pub(super) fn read_page(number: u32, bytes: &[u8]) -> Result<Page, BodyError> {
    let mut body: Body = unpack(bytes)?;
    let mut effects = std::mem::take(&mut body.f);
    let fingerprints = std::mem::take(&mut body.t);
    let mut above = std::mem::take(&mut body.u).into_iter();
    let entry = |(at, entry)| {
        let (place, judged, key) = match entry {
            EntryBody::TwoParts(place, judged, partition, sort) => (
                place,
                judged,
                RecordKey {
                    partition,
                    sort: Some(sort),
                },
            ),
            EntryBody::OnePart(place, judged, partition) => (
                place,
                judged,
                RecordKey {
                    partition,
                    sort: None,
                },
            ),
        };
        let collection = body
            .c
            .get(place)
            .ok_or(BodyError::NoSuchCollection(place))?
            .clone();
        Ok(Entry {
            collection,
            key,
            judged,
            effects: effects.remove(&at).unwrap_or_default(),
            fingerprint: fingerprints.get(at).copied().flatten(),
            above: above.next().unwrap_or_default(),
            as_read: AsRead::default(),
        })
    };
    let entries = body
        .e
        .into_iter()
        .enumerate()
        .map(entry)
        .collect::<Result<_, BodyError>>()?;
    Ok(Page {
        number,
        entries,
        next: body.n,
    })
}

/// The body of a page's notice.
pub(super) fn write_notice(notice: &Notice) -> Result<Vec<u8>, BodyError> {
    pack(notice)
}

/// The notice of a body.
pub(super) fn read_notice(bytes: &[u8]) -> Result<Notice, BodyError> {
    unpack(bytes)
}

/// The body of a part of ids.
pub(super) fn write_ids(ids: &[RecordKey]) -> Result<Vec<u8>, BodyError> {
    pack(&ids)
}

/// The part of ids of a body.
pub(super) fn read_ids(bytes: &[u8]) -> Result<Vec<RecordKey>, BodyError> {
    unpack(bytes)
}

/// The body of a page's exceptions.
pub(super) fn write_exceptions(exceptions: &Exceptions) -> Result<Vec<u8>, BodyError> {
    pack(exceptions)
}

/// The exceptions of a body.
pub(super) fn read_exceptions(bytes: &[u8]) -> Result<Exceptions, BodyError> {
    unpack(bytes)
}

fn pack(value: &impl Serialize) -> Result<Vec<u8>, BodyError> {
    let mut encoder = DeflateEncoder::new(vec![DEFLATED_JSON], Compression::default());
    encoder.write_all(&serde_json::to_vec(value)?)?;
    Ok(encoder.finish()?)
}

fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let payload = match bytes {
        [] => return Err(BodyError::Empty),
        [DEFLATED_JSON, payload @ ..] => payload,
        [format, ..] => return Err(BodyError::UnknownFormat(*format)),
    };
    let mut json = Vec::new();
    DeflateDecoder::new(payload)
        .take(INFLATED_BYTES)
        .read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

#[cfg(test)]
mod tests;
