//! One list of variables in four places: the code, the template, the documentation and `.env.example`.
//!
//! The code's list is the one that counts; a variable that is missing elsewhere is one that nobody can find, or one
//! that stops a function at its first start on AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use wiring::config::{Function, VARIABLES, Variable};

use crate::template::cloudformation::Template;
use crate::template::evaluate::Deployment;

#[test]
fn each_function_gets_exactly_its_variables_from_the_template() {
    let template = Template::read();
    for (id, name) in [
        ("ApiFunction", "api"),
        ("ConsumerFunction", "consumer"),
        ("SweeperFunction", "sweeper"),
    ] {
        let given: BTreeSet<_> = template
            .environment(id)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let read = VARIABLES
            .iter()
            .filter(|v| functions(v).contains(name))
            .map(|v| v.name.to_owned());

        assert_eq!(given, read.collect(), "{id}");
    }
}

#[test]
fn a_deploy_without_parameters_gives_the_defaults_of_the_code() {
    let template = Template::read();
    for id in ["ApiFunction", "ConsumerFunction", "SweeperFunction"] {
        let environment = template.environment(id);
        for variable in VARIABLES
            .iter()
            .filter(|variable| environment.contains_key(variable.name))
        {
            let Some(default) = variable.default else {
                continue;
            };
            // The template's default is the stack's name, so that two stacks share nothing.
            if variable.name.ends_with("_PREFIX") {
                continue;
            }
            assert_eq!(
                deployed(&template, &environment[variable.name]),
                default,
                "{} in {id}",
                variable.name
            );
        }
    }
}

#[test]
fn the_documentation_names_every_variable_with_its_functions_and_default() {
    let documented: BTreeMap<_, _> = documented()
        .into_iter()
        .map(|row| (row.name, (row.functions, row.default)))
        .collect();
    let read: BTreeMap<_, _> = VARIABLES
        .iter()
        .map(|variable| {
            (
                variable.name.to_owned(),
                (functions(variable), variable.default.map(str::to_owned)),
            )
        })
        .collect();

    assert_eq!(documented, read);
}

#[test]
fn the_documentation_and_the_template_know_the_same_parameters() {
    let template = Template::read();
    let words: BTreeSet<String> = code_words(&file("docs/configuration.md"));

    for parameter in template.section("Parameters").keys() {
        assert!(
            words.contains(parameter),
            "docs/configuration.md does not tell of {parameter}"
        );
    }
    for row in documented() {
        for parameter in code_words(&row.parameter) {
            assert!(
                template.section("Parameters").contains_key(&parameter),
                "{}: no parameter {parameter}",
                row.name
            );
        }
    }
}

#[test]
fn the_example_environment_lists_every_variable_once_with_its_default() {
    let text = file(".env.example");
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")))
        .collect();
    let example: BTreeMap<_, _> = lines.iter().copied().collect();

    assert_eq!(
        lines.len(),
        example.len(),
        "a variable stands twice in .env.example"
    );
    assert_eq!(
        example.keys().copied().collect::<BTreeSet<_>>(),
        VARIABLES.iter().map(|v| v.name).collect()
    );
    for variable in VARIABLES {
        match variable.default {
            Some(default) => assert_eq!(example[variable.name], default, "{}", variable.name),
            None => assert!(
                !example[variable.name].is_empty(),
                "{} is required: show what one looks like",
                variable.name
            ),
        }
    }
}

/// What a function sees when every parameter that has a default has it: absent counts as empty.
fn deployed(template: &Template, value: &Value) -> String {
    let deployment = Deployment::new(template, &[("SearchKind", "none")]);
    match deployment.resolved(value) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A line of the table in `docs/configuration.md`.
struct Row {
    name: String,
    functions: BTreeSet<&'static str>,
    default: Option<String>,
    parameter: String,
}

fn documented() -> Vec<Row> {
    let text = file("docs/configuration.md");
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| Name | Functions | Default |"))
        .skip(2);
    let rows: Vec<_> = rows
        .take_while(|line| line.starts_with('|'))
        .map(row)
        .collect();
    assert_eq!(rows.len(), VARIABLES.len(), "one line for each variable");
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [name, functions, default, _unit, meaning, parameter] = cells.as_slice() else {
        panic!("six cells: {line}")
    };
    assert!(meaning.len() > 10, "{line}");
    Row {
        name: name.trim_matches('`').to_owned(),
        functions: ["api", "consumer", "sweeper"]
            .into_iter()
            .filter(|function| {
                *functions == "all" || functions.split(", ").any(|named| named == *function)
            })
            .collect(),
        default: match *default {
            "required" => None,
            "empty" => Some(String::new()),
            value => Some(value.trim_matches('`').to_owned()),
        },
        parameter: (*parameter).to_owned(),
    }
}

fn functions(variable: &Variable) -> BTreeSet<&'static str> {
    let name = |function: &Function| match function {
        Function::Api => "api",
        Function::Consumer => "consumer",
        Function::Sweeper => "sweeper",
    };
    variable.functions.iter().map(name).collect()
}

/// What stands between single backticks.
fn code_words(markdown: &str) -> BTreeSet<String> {
    markdown
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}
