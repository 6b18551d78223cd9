//! Some records of one collection and one page of the manifest: what a pass works on, and the unit of every batch.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, Collections};
use domain::key::RecordKey;
use domain::page::Entry;
use domain::row::Row;
use ports::{EnginePorts, Fields};

/// Records of one collection, by their places in a page.
#[derive(Debug, Clone)]
pub(crate) struct Records<'a> {
    /// Their collection.
    pub(crate) collection: &'a Collection,
    /// All entries of the page, of other collections too.
    pub(crate) entries: &'a [Entry],
    /// Which of them, in the order of the page.
    pub(crate) places: Vec<usize>,
}

impl<'a> Records<'a> {
    /// All records of a page, by collection in the order in which the page has them.
    ///
    /// # Errors
    ///
    /// When one of the collections is no longer declared by any file.
    pub(crate) fn by_collection(
        collections: &'a Collections,
        entries: &'a [Entry],
    ) -> Result<Vec<Self>, Stop> {
        let mut groups: Vec<Self> = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            let is_its = |group: &&mut Self| group.collection.name == entry.collection;
            if let Some(group) = groups.iter_mut().find(is_its) {
                group.places.push(place);
            } else {
                groups.push(Self {
                    collection: declared(collections, entry)?,
                    entries,
                    places: vec![place],
                });
            }
        }
        Ok(groups)
    }

    /// The same, children before their parents: what is below a record decides whether it may be removed.
    ///
    /// # Errors
    ///
    /// As [`Self::by_collection`].
    pub(crate) fn deepest_first(
        collections: &'a Collections,
        entries: &'a [Entry],
    ) -> Result<Vec<Self>, Stop> {
        let mut groups = Self::by_collection(collections, entries)?;
        groups.sort_by_key(|group| Reverse(depth(collections, group.collection)));
        Ok(groups)
    }

    /// Those that a delete has to do something with: of all of them, or only of some.
    pub(crate) fn open(mut self, only: Option<&[usize]>) -> Self {
        let entries = self.entries;
        self.places.retain(|place| is_open(entries, *place, only));
        self
    }

    /// Other records of the same collection and page.
    pub(crate) fn at(&self, places: Vec<usize>) -> Self {
        Self { places, ..*self }
    }

    /// Those without an entry in the map.
    pub(crate) fn without<T>(&self, found: &BTreeMap<usize, T>) -> Self {
        let is_plain = |place: &usize| !found.contains_key(place);
        self.at(self.places.iter().copied().filter(is_plain).collect())
    }

    /// The same records, at most this many at a time.
    pub(crate) fn chunks(&self, most: usize) -> impl Iterator<Item = Self> {
        self.places
            .chunks(most)
            .map(|places| self.at(places.to_vec()))
    }

    /// The entry at a place.
    pub(crate) fn entry(&self, place: usize) -> &'a Entry {
        &self.entries[place]
    }

    /// Their keys, in the order of the places.
    pub(crate) fn keys(&self) -> Vec<RecordKey> {
        let key = |place: &usize| self.entries[*place].key.clone();
        self.places.iter().map(key).collect()
    }

    /// Their rows as the table has them now, in the order of the places.
    pub(crate) async fn rows<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
    ) -> Result<Vec<Option<Row>>, Stop> {
        read_rows(work, self.collection, &self.keys(), Fields::Judged).await
    }
}

/// Whether a delete has to do something with the record at this place, where it does all of them, or only some.
pub(crate) fn is_open(entries: &[Entry], place: usize, only: Option<&[usize]>) -> bool {
    only.is_none_or(|only| only.contains(&place)) && entries[place].judged.is_open()
}

/// How many collections are above this one.
fn depth(collections: &Collections, collection: &Collection) -> usize {
    let above = |below: &&Collection| collections.parent_of(below);
    std::iter::successors(Some(collection), above).count()
}

fn declared<'a>(collections: &'a Collections, entry: &Entry) -> Result<&'a Collection, Stop> {
    let found = collections.get(entry.collection.as_ref());
    found.ok_or_else(|| Stop::unknown_collection(&entry.collection))
}
