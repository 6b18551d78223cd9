//! The documents of one request by the index in which they are: mostly there is one.

use domain::collection::DocumentAt;
use serde_json::{Map, Value};

/// How a request says where a document of an index is.
pub(super) fn place(at: &DocumentAt) -> Map<String, Value> {
    let mut place = Map::from_iter([("_id".to_owned(), at.id.as_str().into())]);
    let routing = at.routing.as_deref();
    place.extend(routing.map(|routing| ("routing".to_owned(), routing.into())));
    place
}

/// Those of one index, each with its place in the request.
pub(super) struct InIndex<'a, T> {
    /// The logical index.
    pub(super) index: &'a str,
    /// They, in the order of the request.
    pub(super) items: Vec<(usize, &'a T)>,
}

impl<T> InIndex<'_, T> {
    /// Their answers, each with its place in the request.
    pub(super) fn answered<A>(&self, answers: Vec<A>) -> Vec<(usize, A)> {
        let places = self.items.iter().map(|(place, _)| *place);
        places.zip(answers).collect()
    }
}

/// These by index, in the order in which the request has the indexes.
pub(super) fn by_index<'a, T>(
    items: &'a [T],
    at: impl Fn(&'a T) -> &'a DocumentAt,
) -> Vec<InIndex<'a, T>> {
    let mut groups: Vec<InIndex<'a, T>> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let index = at(item).index.as_str();
        match groups.iter_mut().find(|group| group.index == index) {
            Some(group) => group.items.push((place, item)),
            None => groups.push(InIndex {
                index,
                items: vec![(place, item)],
            }),
        }
    }
    groups
}

/// The answers in the order of the request.
pub(super) fn in_order<A>(mut answers: Vec<(usize, A)>) -> Vec<A> {
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
