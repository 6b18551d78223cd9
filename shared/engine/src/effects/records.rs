//! The records of a page as effects get them: before a delete takes them, and after a pass has done them.

use crate::kit::records::is_open;
use crate::kit::turn::Turn;
use domain::deletion::{Deletion, Pass};
use domain::page::{Entry, Page};
use domain::scope::Scope;

/// Records of a page that a delete is about to take.
pub(crate) struct Taking<'a> {
    pub(crate) deletion: &'a Deletion,
    /// What the deletion covers.
    pub(crate) scope: &'a Scope,
    pub(crate) page: &'a Page,
    /// The places of those that nothing blocks so far.
    pub(crate) open: Vec<usize>,
}

impl<'a> Taking<'a> {
    /// All records of the page that a delete has to do something with, or only those at these places.
    pub(crate) fn new(
        deletion: &'a Deletion,
        scope: &'a Scope,
        page: &'a Page,
        only: Option<&[usize]>,
    ) -> Self {
        Self {
            deletion,
            scope,
            page,
            open: (0..page.entries.len())
                .filter(|place| is_open(&page.entries, *place, only))
                .collect(),
        }
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
}

impl Done<'_> {
    /// The pass that did them.
    pub(crate) fn pass(&self) -> Pass {
        self.deletion.state.pass()
    }

    /// The run of the pass, if it was not the page's first.
    pub(crate) fn run(&self) -> Option<u32> {
        (self.turn == Turn::Again).then_some(self.deletion.run)
    }
}
