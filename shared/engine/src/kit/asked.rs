//! What was found out of records that are asked about one by one, several at once, whether something keeps them. For one of
//! them there may be more to read than fits into a slice: what was found out of those before it stands, and it is asked
//! about alone, from where its look is.

use std::collections::BTreeMap;

use domain::page::Look;

/// The answer for one record.
pub(crate) enum Said<T> {
    /// Something keeps it.
    Kept(T),
    /// Nothing does.
    Free,
    /// There is more to read.
    More(Look),
}

/// What was found out of some records, in the order of their places.
#[derive(Debug)]
pub(crate) struct Asked<T> {
    /// Those that something keeps, by place: of the records before the first one for which there is more to read.
    pub(crate) kept: BTreeMap<usize, T>,
    /// The first one for which there is more to read, and how far its look is.
    pub(crate) unfinished: Option<(usize, Look)>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self {
            kept: BTreeMap::new(),
            unfinished: None,
        }
    }
}

impl<T> Asked<T> {
    /// Adds answers for the next records; returns whether it goes on with the ones behind them.
    pub(crate) fn go_on(&mut self, said: impl IntoIterator<Item = (usize, Said<T>)>) -> bool {
        for (place, said) in said {
            match said {
                Said::Kept(by) => drop(self.kept.insert(place, by)),
                Said::Free => {}
                Said::More(look) => {
                    self.unfinished = Some((place, look));
                    return false;
                }
            }
        }
        true
    }

    /// Whether the record at this place has its answer.
    pub(crate) fn is_before(&self, place: usize) -> bool {
        self.unfinished.as_ref().is_none_or(|(at, _)| place < *at)
    }
}
