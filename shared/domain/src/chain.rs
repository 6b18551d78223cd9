//! The hash chain over a manifest: anyone who has the pages can prove that they are complete, unchanged and in order.
//!
//! The head is extended by each page as it joins the manifest, in the order of their numbers, and is stored in the
//! deletion at every checkpoint; so it outlives the pages. `docs/certificate.md` says what it proves and what it does
//! not.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::deletion::DeletionId;
use crate::page::Page;

/// The head before the first page: SHA-256 of the deletion's id, in hexadecimal.
#[must_use]
pub fn begin(id: DeletionId) -> String {
    hex(&[id.to_string().as_bytes()])
}

/// The head after this page: SHA-256 of the head before it, a line feed, and the page's canonical form.
///
/// The canonical form is compact JSON: `[number, [[collection, judged, partition, sort or null], …]]`. An empty head
/// stays empty: the deletion is older than the chain, and what comes before this page is unknown.
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
    use crate::key::RecordKey;
    use crate::page::{Entry, Judged};

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

    /// Computed outside of this code: `docs/certificate.md` describes how, so that a head can be checked without this
    /// code.
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
