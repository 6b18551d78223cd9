//! What the pages promise exists: each line of `cargo xtask` and `tombstone` parses, the page of the command line names
//! what it has, links lead somewhere, parameters and outputs are those of the template, and what is installed is pinned.

mod sentences;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use domain::deletion::State;
use tombstone::doctor::code::Code;

use crate::template::cloudformation::Template;

/// The pages of the project, by their path from its root.
fn pages() -> Vec<(String, String)> {
    let root = root();
    let mut pages = Vec::new();
    for folder in ["", ".github", "docs", "docs/events", "events"] {
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

/// The arguments behind `program` in a shell line, as the shell would hand them over.
fn arguments<'a>(command: &'a str, program: &str) -> Option<Vec<&'a str>> {
    let (_, call) = command.split_once(program)?;
    let end = [" #", " >", " |", " &&", ")"]
        .iter()
        .filter_map(|end| call.find(end))
        .min();
    let words = call[..end.unwrap_or(call.len())].split_whitespace();
    Some(words.map(|word| word.trim_matches(['"', '\''])).collect())
}

/// Of a line that runs `tombstone`, perhaps with variables of the local stack.
fn tombstone_arguments(command: &str) -> Option<Vec<&str>> {
    let call = command
        .strip_prefix("(export $(cargo xtask env) && ")
        .unwrap_or(command);
    call.strip_prefix("tombstone ")?;
    arguments(call, "tombstone ")
}

/// Hands every command of the pages that `find` finds to `parse`. Placeholders in capitals are texts like others.
fn try_all(
    find: impl Fn(&str) -> Option<Vec<&str>>,
    parse: impl Fn(&[&str]) -> Result<(), clap::Error>,
) -> usize {
    let mut tried = 0;
    for (page, text) in pages() {
        for command in commands(&text) {
            let Some(arguments) = find(&command) else {
                continue;
            };
            if let Err(wrong) = parse(&arguments)
                && wrong.use_stderr()
            {
                panic!("{page}: {command}\n{wrong}");
            }
            tried += 1;
        }
    }
    tried
}

#[test]
fn the_page_of_the_api_says_of_every_state_what_it_means_and_what_to_do() {
    let page = fs::read_to_string(root().join("docs/api.md")).unwrap();
    let (_, table) = page.split_once("| `state` |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let cells = table.lines().filter_map(|line| line.split('|').nth(1));
    let mut listed: Vec<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    listed.sort_unstable();

    let mut known = State::ALL.map(State::as_str);
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn every_xtask_command_in_a_page_is_one_that_the_tool_takes() {
    let tried = try_all(
        |command| arguments(command, "cargo xtask"),
        |arguments| {
            let arguments = ["cargo xtask"].iter().chain(arguments);
            xtask::cli::Cli::try_parse_from(arguments).map(drop)
        },
    );

    assert!(tried > 10, "only {tried} commands were found in the pages");
}

#[test]
fn every_tombstone_command_in_a_page_is_one_that_the_program_takes() {
    let tried = try_all(tombstone_arguments, |arguments| {
        let arguments = arguments.iter().map(|word| match *word {
            "DELETION_ID" => "01932c5e-7a00-7000-8000-000000000001",
            "$OPENSEARCH_ENDPOINT" => "http://127.0.0.1",
            word => word,
        });
        tombstone::arguments::Cli::try_parse_from(["tombstone"].into_iter().chain(arguments))
            .map(drop)
    });

    assert!(tried > 8, "only {tried} commands were found in the pages");
}

#[test]
fn the_page_of_the_command_line_names_every_command_option_and_exit_code() {
    let page = fs::read_to_string(root().join("docs/command-line.md")).unwrap();
    let mut missing = Vec::new();
    for command in tombstone::arguments::Cli::command().get_subcommands() {
        let name = command.get_name();
        if !page.contains(&format!("\n## {name}\n")) {
            missing.push(name.to_owned());
        }
        let options = command.get_arguments().filter_map(clap::Arg::get_long);
        let options = options.map(|option| format!("`--{option}"));
        missing.extend(options.filter(|option| !page.contains(option)));
    }
    for exit in tombstone::exit::Exit::ALL {
        let row = format!("\n| {} | ", exit as u8);
        if !page.contains(&row) {
            missing.push(format!("{exit:?}"));
        }
    }

    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_page_of_the_command_line_says_of_every_code_of_the_doctor_what_it_means() {
    let page = fs::read_to_string(root().join("docs/command-line.md")).unwrap();
    let (_, table) = page.split_once("| `code` | Level |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let cells = table.lines().filter_map(|line| line.split('|').nth(1));
    let mut told: Vec<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    told.sort_unstable();

    let mut known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    known.sort_unstable();
    assert_eq!(told, known);
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
