//! What the pages promise exists: each `cargo xtask` line parses, links lead somewhere, parameters and outputs are those
//! of the template, and what is installed is pinned.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use xtask::cli::Cli;

use crate::template::cloudformation::Template;

/// The pages of the project, by their path from its root.
fn pages() -> Vec<(String, String)> {
    let root = root();
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/events", "events"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                pages.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    pages.sort();
    pages
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The commands of the `sh` blocks of a page; a line that ends in a backslash goes on in the next.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in page.replace("\\\n", " ").lines() {
        if let Some(language) = line.trim().strip_prefix("```") {
            inside = language == "sh";
        } else if inside {
            commands.push(line.trim().to_owned());
        }
    }
    commands
}

/// The arguments of the `cargo xtask` in a shell line, as the shell would hand them over.
fn xtask_arguments(command: &str) -> Option<Vec<String>> {
    let (_, call) = command.split_once("cargo xtask")?;
    let end = [" #", " >", " |", " &&", ")"]
        .iter()
        .filter_map(|end| call.find(end))
        .min();
    let words = call[..end.unwrap_or(call.len())].split_whitespace();
    Some(words.map(|word| word.replace(['"', '\''], "")).collect())
}

#[test]
fn every_xtask_command_in_a_page_is_one_that_the_tool_takes() {
    let mut tried = 0;
    for (page, text) in pages() {
        for command in commands(&text) {
            let Some(arguments) = xtask_arguments(&command) else {
                continue;
            };
            let parsed = Cli::try_parse_from(
                ["cargo xtask".to_owned()]
                    .into_iter()
                    .chain(arguments.clone()),
            );
            assert!(
                parsed.is_ok(),
                "{page}: {command}\n{}",
                parsed.err().unwrap()
            );
            tried += 1;
        }
    }
    assert!(tried > 10, "only {tried} commands were found in the pages");
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let mut broken = Vec::new();
    for (page, text) in pages() {
        for link in links(&text) {
            if link.contains("://") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                root().join(&page)
            } else {
                root().join(&page).parent().unwrap().join(path)
            };
            let there = if heading.is_empty() {
                target.exists()
            } else {
                fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(heading))
            };
            if !there {
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What stands in the brackets behind a link's text.
fn links(text: &str) -> Vec<&str> {
    text.match_indices("](")
        .filter_map(|(at, open)| text[at + open.len()..].split(')').next())
        .collect()
}

/// The anchors of a page's headings, made as the common renderers make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter })
                .collect()
        })
        .collect()
}

#[test]
fn the_page_of_the_deploy_names_parameters_and_outputs_that_the_template_has() {
    let template = Template::read();
    let known: BTreeSet<&str> = ["Parameters", "Outputs", "Resources"]
        .iter()
        .flat_map(|section| template.section(section).keys())
        .map(String::as_str)
        .collect();
    let page = fs::read_to_string(root().join("docs/deploy.md")).unwrap();

    let unknown: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split(['=', ' ']).next())
        .filter(|word| looks_like_a_parameter(word))
        .filter(|word| !known.contains(word) && !OF_AWS.contains(word))
        .collect();

    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Names of AWS's own that look like ours.
const OF_AWS: [&str; 3] = ["BatchExecuteStatement", "PutEvents", "RetainExceptOnCreate"];

/// Two or more words run together, each with a capital letter: `TableNames`.
fn looks_like_a_parameter(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric())
        && word.chars().any(|letter| letter.is_ascii_lowercase())
        && word.chars().filter(char::is_ascii_uppercase).count() > 1
}

#[test]
fn what_a_page_installs_is_pinned() {
    let pinned = fs::read_to_string(root().join("local/stack/requirements.txt")).unwrap();
    for (page, text) in pages() {
        for command in commands(&text) {
            let Some((_, packages)) = command.split_once("pip install ") else {
                continue;
            };
            let packages = packages.split(" #").next().unwrap_or_default();
            let packages = packages
                .strip_prefix("--constraint local/stack/requirements.txt ")
                .unwrap_or_else(|| panic!("{page}: not pinned: {command}"));
            for package in packages.split_whitespace() {
                assert!(
                    pinned.contains(&format!("\n{package}==")),
                    "{page}: {package} has no version in requirements.txt"
                );
            }
        }
    }
}
