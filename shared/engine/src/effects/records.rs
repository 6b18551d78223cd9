//! The records of a page as effects get them: before a delete takes them, and after a pass has done them.

use std::collections::BTreeSet;

use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::turn::Turn;
use domain::collection::{CollectionName, Collections};
use domain::deletion::{Deletion, Pass};
use domain::page::{Entry, Look, Page};
use domain::scope::Scope;

/// Records of a page that a delete is about to take.
pub(crate) struct Taking<'a> {
    pub(crate) deletion: &'a Deletion,
    /// What the deletion covers.
    pub(crate) scope: &'a Scope,
    pub(crate) page: &'a Page,
    /// The places of those that nothing blocks so far.
    pub(crate) open: Vec<usize>,
    /// How far the look at what may keep the first of them is.
    pub(crate) look: &'a Look,
}

impl<'a> Taking<'a> {
    /// Those of the records at these places that a delete has to do something with.
    pub(crate) fn new(
        (deletion, scope): (&'a Deletion, &'a Scope),
        page: &'a Page,
        places: &[usize],
        look: &'a Look,
    ) -> Self {
        let is_open = |place: &usize| page.entries[*place].judged.is_open();
        Self {
            deletion,
            scope,
            page,
            open: places.iter().copied().filter(is_open).collect(),
            look,
        }
    }

    /// The collections of those that nothing blocks so far.
    pub(crate) fn collections(&self) -> BTreeSet<&'a CollectionName> {
        let name = |place: &usize| &self.page.entries[*place].collection;
        self.open.iter().map(name).collect()
    }

    /// Those that nothing blocks so far, by collection, without a root: that was asked about when it was accepted.
    pub(crate) fn asked_about(
        &self,
        collections: &'a Collections,
    ) -> Result<Vec<Records<'a>>, Stop> {
        if self.is_roots() {
            return Ok(Vec::new());
        }
        self.by_collection(collections)
    }

    /// Those that nothing blocks so far, by collection.
    pub(crate) fn by_collection(
        &self,
        collections: &'a Collections,
    ) -> Result<Vec<Records<'a>>, Stop> {
        let is_open = |place: &usize| self.open.binary_search(place).is_ok();
        let mut groups = Records::by_collection(collections, &self.page.entries)?;
        for group in &mut groups {
            group.places.retain(is_open);
        }
        groups.retain(|group| !group.places.is_empty());
        Ok(groups)
    }

    /// Whether it is the root's page, which was written at acceptance, when its record was marked, too.
    pub(crate) fn is_roots(&self) -> bool {
        self.page.number == 1 && self.deletion.root.is_some()
    }
}

/// Records of a page that a pass has done.
pub(crate) struct Done<'a> {
    pub(crate) deletion: &'a Deletion,
    /// What the deletion covers, where the pass knows it.
    pub(crate) scope: Option<&'a Scope>,
    pub(crate) page: &'a Page,
    /// The records that were done.
    pub(crate) entries: Vec<&'a Entry>,
    /// Which turn of the page this is.
    pub(crate) turn: Turn,
    /// Whether some of what follows them is done already.
    pub(crate) is_begun: bool,
}

impl<'a> Done<'a> {
    /// Those from the `from`th on that are done in one go, and where it continues behind them.
    pub(crate) fn from(&self, from: usize) -> (&[&'a Entry], Option<usize>) {
        in_one_go(&self.entries, from, self.turn)
    }

    /// The pass that did them.
    pub(crate) fn pass(&self) -> Pass {
        self.deletion.state.pass()
    }

    /// The run of the pass, if it was not the page's first.
    pub(crate) fn run(&self) -> Option<u32> {
        (self.turn == Turn::Again).then_some(self.deletion.run)
    }
}

/// What is done of `all` in one go, from the `from`th on, and where it continues behind that.
pub(crate) fn in_one_go<T>(all: &[T], from: usize, turn: Turn) -> (&[T], Option<usize>) {
    let from = from.min(all.len());
    let end = all.len().min(from + turn.in_one_go());
    (&all[from..end], (end < all.len()).then_some(end))
}
