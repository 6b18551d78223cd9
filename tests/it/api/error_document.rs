//! `docs/errors.md` and the codes, compared in both directions.

use std::collections::BTreeSet;

use api::problem::Code;

const DOCUMENT: &str = include_str!("../../../docs/errors.md");

#[test]
fn the_document_lists_exactly_the_codes_with_their_statuses() {
    let rows = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let documented: Vec<String> = rows
        .map(|(code, rest)| format!("{code} {}", rest.split(' ').next().unwrap()))
        .collect();
    let codes: BTreeSet<String> = Code::ALL
        .iter()
        .map(|code| format!("{} {}", code.as_str(), code.status().as_u16()))
        .collect();

    assert_eq!(
        documented.len(),
        Code::ALL.len(),
        "a code stands there twice"
    );
    assert_eq!(documented.into_iter().collect::<BTreeSet<_>>(), codes);
}
