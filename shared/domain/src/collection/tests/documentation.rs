//! The page that users read and the table that the parser reads list the same keys.

use super::super::read::keys::KEYS;

const PAGE: &str = include_str!("../../../../../docs/collections.md");

/// The page that takes a team from its table to a deletion.
const ATTACH: &str = include_str!("../../../../../docs/attach.md");

/// The keys of the page's tables.
fn documented() -> Vec<&'static str> {
    let (_, keys) = PAGE.split_once("\n## Keys\n").unwrap();
    let (keys, _) = keys.split_once("\n## ").unwrap();
    keys.lines()
        .filter_map(|line| {
            let (key, _) = line.strip_prefix("| `")?.split_once("` |")?;
            Some(key)
        })
        .collect()
}

#[test]
fn the_page_names_every_key_and_no_other_in_the_order_of_the_parser() {
    let known: Vec<_> = KEYS.iter().map(|key| key.path).collect();
    assert_eq!(documented(), known);
}

fn examples(page: &str) -> Vec<&str> {
    let blocks = page.split("```toml\n").skip(1);
    blocks
        .filter_map(|rest| rest.split_once("```"))
        .map(|(example, _)| example)
        .collect()
}

#[test]
fn every_example_of_the_pages_is_valid() {
    for (page, count) in [(PAGE, 7), (ATTACH, 9)] {
        let examples = examples(page);
        assert_eq!(examples.len(), count);
        for example in examples {
            assert_eq!(super::errors_of(example), "", "{example}");
        }
    }
}
