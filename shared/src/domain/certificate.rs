//! The hash chain over a manifest: whoever has the pages can prove that they are all there, unchanged and in order.
//!
//! The head is extended by each page as it joins the manifest, in number order, and stands in the deletion at every
//! checkpoint; so it outlives the pages. `docs/certificate.md` says what it proves and what it does not.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::deletion::DeletionId;
use crate::domain::page::Page;

/// The head before the first page: SHA-256 of the deletion's id, in hexadecimal.
#[must_use]
pub fn begin(id: DeletionId) -> String {
    hex(&[id.to_string().as_bytes()])
}

/// The head behind this page: SHA-256 of the head before it, a line feed, and the page's canonical form.
///
/// The canonical form is compact JSON: `[number, [[collection, judged, partition, sort or null], …]]`.
#[must_use]
pub fn extend(head: &str, page: &Page) -> String {
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
