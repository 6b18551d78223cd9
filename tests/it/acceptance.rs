//! `docs/acceptance.md` says which test proves which rule: what it names must be there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../docs/acceptance.md");

/// The rules of each section with what stands beside them.
fn rules() -> BTreeMap<&'static str, Vec<(&'static str, &'static str)>> {
    let mut sections: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    let mut section = "";
    for line in PAGE.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            section = name;
        }
        let cells = line
            .strip_prefix("| ")
            .and_then(|row| row.strip_suffix(" |"));
        if let Some((rule, proofs)) = cells.and_then(|cells| cells.split_once(" | "))
            && rule != "Rule"
        {
            sections.entry(section).or_default().push((rule, proofs));
        }
    }
    sections
}

/// The tests that a cell names: file and function.
fn named(proofs: &str) -> Vec<(&str, &str)> {
    let quoted = proofs.split('`').skip(1).step_by(2);
    quoted.filter_map(|name| name.split_once("::")).collect()
}

fn file(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let below = if path.starts_with("shared/") || path.starts_with("functions/") {
        root.to_path_buf()
    } else {
        root.join("tests")
    };
    below.join(path)
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let mut absent = Vec::new();
    for (path, test) in rules()
        .values()
        .flatten()
        .flat_map(|(_, proofs)| named(proofs))
    {
        let source = std::fs::read_to_string(file(path)).unwrap_or_default();
        let is_there = ['(', '<'].map(|next| source.contains(&format!("fn {test}{next}")));
        if is_there == [false; 2] {
            absent.push(format!("{path}::{test}"));
        }
    }
    assert!(
        absent.is_empty(),
        "docs/acceptance.md names tests that are not there: {absent:#?}"
    );
}

#[test]
fn every_rule_has_a_test_or_says_why_not() {
    let sections = rules();
    let names: Vec<_> = sections.keys().copied().collect();
    assert_eq!(
        names,
        [
            "Chat",
            "Every deletion",
            "Learners",
            "Mail",
            "Notifications",
            "Security",
            "Tasks",
            "The deployment",
            "The engine"
        ]
    );
    for (section, rules) in sections {
        assert!(rules.len() >= 8, "{section} has lost its rules");
        for (rule, proofs) in rules {
            let is_open = proofs.starts_with("open: ");
            assert_eq!(is_open, named(proofs).is_empty(), "{section}: {rule}");
        }
    }
}
