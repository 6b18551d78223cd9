//! What a deletion's manifest proves about it, computed without trusting what the deletion itself says.

use std::collections::BTreeMap;

use crate::chain;
use crate::collection::CollectionName;
use crate::deletion::{DeleteCounts, Deletion, DeletionId};
use crate::page::{Exceptions, Page};

/// A manifest that is read again, page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// The head of the chain over the pages so far.
    pub head: String,
    /// How many pages these were.
    pub pages: u32,
    /// What the pages of the delete and their exceptions say together.
    pub deleted: BTreeMap<CollectionName, DeleteCounts>,
}

/// What a manifest says about its deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The pages are those that the head was made from, and the counts are what they say.
    Proved,
    /// A page was changed, left out, added or moved: this is the head that the pages give.
    OtherPages(String),
    /// The deletion was accepted by a build that kept no head: nothing can be proved.
    NoHead,
    /// The pages are right, and their exceptions say other counts than the deletion.
    OtherCounts(BTreeMap<CollectionName, DeleteCounts>),
}

impl Recount {
    /// Before the first page.
    #[must_use]
    pub fn begin(id: DeletionId) -> Self {
        Self {
            head: chain::begin(id),
            pages: 0,
            deleted: BTreeMap::new(),
        }
    }

    /// Takes the next page. Pages of late arrivals that a purge found are part of the chain, but not of the delete's
    /// counts.
    pub fn add(&mut self, deletion: &Deletion, page: &Page, exceptions: &Exceptions) {
        self.head = chain::extend(&self.head, page);
        self.pages += 1;
        let mut count = |collection, more| {
            *self.deleted.entry(collection).or_default() += more;
        };
        if deletion.is_acted(page.number) {
            for (collection, more) in page.delete_counts(exceptions) {
                count(collection, more);
            }
        } else if deletion
            .selected
            .is_some_and(|selected| page.number <= selected)
        {
            for (collection, records) in page.sizes() {
                count(collection, DeleteCounts::not_reached(records));
            }
        }
    }

    /// Compares with what the deletion says. Its counts are final once its delete has ended. A kept record is compared as a
    /// missing one: a build that does not know the difference may have carried the deletion on.
    #[must_use]
    pub fn verdict(&self, deletion: &Deletion) -> Verdict {
        if deletion.chain.is_empty() {
            Verdict::NoHead
        } else if self.head != deletion.chain {
            Verdict::OtherPages(self.head.clone())
        } else if deletion.state.is_done()
            && without_kept(&self.deleted) != without_kept(&deletion.deleted)
        {
            Verdict::OtherCounts(self.deleted.clone())
        } else {
            Verdict::Proved
        }
    }
}

/// The counts as a build reads and writes them that does not know `kept`.
fn without_kept(
    counts: &BTreeMap<CollectionName, DeleteCounts>,
) -> BTreeMap<CollectionName, DeleteCounts> {
    let folded = |counts: &DeleteCounts| DeleteCounts {
        missing: counts.missing + counts.kept,
        kept: 0,
        ..*counts
    };
    counts
        .iter()
        .map(|(name, counts)| (name.clone(), folded(counts)))
        .collect()
}
