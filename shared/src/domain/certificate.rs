//! The hash chain over a manifest: whoever has the pages can prove that they are all there, unchanged and in order.
//!
//! The head is extended by each page as it joins the manifest, in number order, and stands in the deletion at every
//! checkpoint; so it outlives the pages. `docs/certificate.md` says what it proves and what it does not.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::collection::CollectionName;
use crate::domain::deletion::{DeleteCounts, Deletion, DeletionId};
use crate::domain::page::{Exceptions, Page};

/// The head before the first page: SHA-256 of the deletion's id, in hexadecimal.
#[must_use]
pub fn begin(id: DeletionId) -> String {
    hex(&[id.to_string().as_bytes()])
}

/// The head behind this page: SHA-256 of the head before it, a line feed, and the page's canonical form.
///
/// The canonical form is compact JSON: `[number, [[collection, judged, partition, sort or null], …]]`. An empty head stays
/// empty: the deletion is older than the chain, and nobody knows what stands before this page.
#[must_use]
pub fn extend(head: &str, page: &Page) -> String {
    if head.is_empty() {
        return String::new();
    }
    let entries: Vec<_> = page
        .entries
        .iter()
        .map(|entry| {
            json!([
                entry.collection,
                entry.judged,
                entry.key.partition,
                entry.key.sort
            ])
        })
        .collect();
    let canonical = json!([page.number, entries]).to_string();
    hex(&[head.as_bytes(), b"\n", canonical.as_bytes()])
}

/// A manifest gone through once more, page by page, by somebody who does not take the deletion's word for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// The head of the chain over the pages so far.
    pub head: String,
    /// How many pages that were.
    pub pages: u32,
    /// What the pages of the delete and their exceptions say together.
    pub deleted: BTreeMap<CollectionName, DeleteCounts>,
}

/// What a manifest says of its deletion.
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
            head: begin(id),
            pages: 0,
            deleted: BTreeMap::new(),
        }
    }

    /// Takes the next page. Pages that a purge's look found are part of the chain and not of the delete's counts.
    pub fn add(&mut self, deletion: &Deletion, page: &Page, exceptions: &Exceptions) {
        self.head = extend(&self.head, page);
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

    /// Compares with what the deletion says. Its counts are final once its delete has ended.
    #[must_use]
    pub fn verdict(&self, deletion: &Deletion) -> Verdict {
        if deletion.chain.is_empty() {
            Verdict::NoHead
        } else if self.head != deletion.chain {
            Verdict::OtherPages(self.head.clone())
        } else if deletion.state.is_done() && self.deleted != deletion.deleted {
            Verdict::OtherCounts(self.deleted.clone())
        } else {
            Verdict::Proved
        }
    }
}

fn hex(parts: &[&[u8]]) -> String {
    use std::fmt::Write as _;
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::RecordKey;
    use crate::domain::page::{Entry, Judged};

    fn id() -> DeletionId {
        "01932c5e-7a00-7000-8000-000000000001".parse().unwrap()
    }

    fn page(number: u32, keys: &[&str]) -> Page {
        let entry = |key: &&str| {
            Entry::new(
                "messages".parse().unwrap(),
                RecordKey::stored("d", Some(key)),
                Judged::Live,
            )
        };
        Page {
            number,
            entries: keys.iter().map(entry).collect(),
            next: None,
        }
    }

    fn head(pages: &[Page]) -> String {
        pages
            .iter()
            .fold(begin(id()), |head, page| extend(&head, page))
    }

    /// Written down from outside: `docs/certificate.md` describes how, so that nobody needs this code to check a head.
    #[test]
    fn the_head_is_what_the_documented_recipe_gives() {
        let canonical = r#"[1,[["messages","l","d","a"]]]"#;
        let first = hex(&[id().to_string().as_bytes()]);
        let recipe = hex(&[format!("{first}\n{canonical}").as_bytes()]);

        assert_eq!(head(&[page(1, &["a"])]), recipe);
        assert_eq!(
            recipe,
            "2f3c950338e40355c9f9f4f5317fd075a44cbad58644195726442436fb8afc2d"
        );
    }

    #[test]
    fn a_record_a_page_or_an_order_that_is_changed_changes_the_head() {
        let whole = [page(1, &["a"]), page(2, &["b", "c"])];
        let told = head(&whole);

        let others = [
            vec![page(1, &["a"]), page(2, &["b"])],
            vec![page(1, &["a"]), page(2, &["c", "b"])],
            vec![page(1, &["a"])],
            vec![page(2, &["b", "c"]), page(1, &["a"])],
            vec![page(1, &["a"]), page(2, &["b", "c"]), page(3, &[])],
            vec![page(1, &["a", "b"]), page(2, &["c"])],
        ];

        for other in others {
            assert_ne!(head(&other), told, "{other:?}");
        }
        assert_eq!(head(&whole), told);
    }
}
