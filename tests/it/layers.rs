//! The arrows between the layers go one way (ARCHITECTURE.md): this names the file that breaks the table.

mod circles;

use std::fs;
use std::path::{Path, PathBuf};

/// What the sources of a layer must not name. Which crate may name which, their manifests say, and Cargo keeps to them.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "shared/domain/src",
        &[
            "tracing",
            "tokio",
            "async fn",
            "aws_",
            "opensearch::",
            "lambda_",
            "std::env",
        ],
    ),
    (
        "shared/ports/src",
        &[
            "tracing",
            "tokio",
            "aws_",
            "opensearch::",
            "lambda_",
            "std::env",
        ],
    ),
    (
        "shared/engine/src",
        &["tokio", "aws_", "opensearch::", "lambda_", "std::env"],
    ),
    (
        "shared/requests/src",
        &["tokio", "aws_", "opensearch::", "lambda_", "std::env"],
    ),
    ("shared/aws/src", &["lambda_", "std::env"]),
    ("shared/testing/src", &["aws_", "opensearch::", "lambda_"]),
    (
        "functions/api/src",
        &["consumer::", "sweeper::", "testing::"],
    ),
    (
        "functions/consumer/src",
        &["api::", "sweeper::", "testing::"],
    ),
    (
        "functions/sweeper/src",
        &["api::", "consumer::", "testing::"],
    ),
    // What a user runs knows nothing of this project's own stack, and each tool only those below it.
    (
        "cli",
        &[
            "local::",
            "demo::",
            "xtask::",
            "dynoxide",
            "axum",
            "lambda_",
            "testing::",
        ],
    ),
    ("local", &["demo::", "xtask::", "testing::"]),
    ("demo", &["xtask::", "testing::"]),
];

/// The folders of crates outside the layers, with the layers that each may depend on.
const USERS: &[(&str, &[&str])] = &[
    (
        "functions/api",
        &["domain", "ports", "requests", "telemetry", "wiring"],
    ),
    (
        "functions/consumer",
        &["aws", "domain", "engine", "ports", "telemetry", "wiring"],
    ),
    (
        "functions/sweeper",
        &["aws", "domain", "engine", "ports", "telemetry", "wiring"],
    ),
    ("cli", &["aws", "domain", "ports"]),
    ("local", &["aws", "domain"]),
    ("demo", &["aws", "domain"]),
    ("xtask", &[]),
];

/// The crates of the layers, with those that each may depend on. Tests may ask for more.
const CRATES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("telemetry", &[]),
    ("ports", &["domain"]),
    ("engine", &["domain", "ports", "telemetry"]),
    ("requests", &["domain", "ports", "telemetry"]),
    ("aws", &["domain", "ports", "telemetry"]),
    ("testing", &["domain", "ports"]),
    ("wiring", &["aws", "domain", "ports", "telemetry"]),
];

/// SDK clients are named in the mains only; the libraries of the functions know ports.
const SDKS: &[&str] = &["aws::", "aws_config", "aws_sdk", "opensearch::"];

#[test]
fn no_layer_names_what_it_must_not_know() {
    let mut breaches = Vec::new();
    for (layer, forbidden) in FORBIDDEN {
        let sources = sources(&root().join(layer));
        assert!(!sources.is_empty(), "{layer} has no sources: was it moved?");
        for (file, text) in sources {
            for name in *forbidden {
                if named(&text, name) {
                    breaches.push(format!("{} names `{name}`", file.display()));
                }
            }
        }
    }

    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_crates_of_the_layers_depend_one_way() {
    let mut breaches = Vec::new();
    let layers = CRATES
        .iter()
        .map(|(name, below)| (format!("shared/{name}"), *below));
    let users = USERS
        .iter()
        .map(|(folder, below)| ((*folder).to_owned(), *below));
    for (name, below) in layers.chain(users) {
        let manifest = root().join(&name).join("Cargo.toml");
        for dependency in dependencies(&manifest, "dependencies") {
            let is_layer = CRATES.iter().any(|(layer, _)| *layer == dependency);
            if is_layer && !below.contains(&dependency.as_str()) {
                breaches.push(format!("{name} depends on {dependency}"));
            }
        }
    }

    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn only_the_mains_of_the_functions_name_sdk_clients() {
    let mut breaches = Vec::new();
    for function in ["api", "consumer", "sweeper"] {
        for (file, text) in sources(&root().join("functions").join(function).join("src")) {
            if file.file_name().is_some_and(|name| name == "main.rs") {
                continue;
            }
            breaches.extend(
                SDKS.iter()
                    .filter(|name| named(&text, name))
                    .map(|name| format!("{} names `{name}`", file.display())),
            );
        }
    }

    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn nobody_compares_strategies() {
    let mut breaches = Vec::new();
    for folder in ["shared", "functions", "cli", "local", "demo", "xtask"] {
        for (file, text) in sources(&root().join(folder)) {
            let file = file.strip_prefix(root()).unwrap().display().to_string();
            // What a test expects of one strategy, it may say.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let is_test = file.contains("/tests/") || file.ends_with("/tests.rs");
            if is_test {
                continue;
            }
            for comparison in [
                "== Strategy::",
                "!= Strategy::",
                "(Strategy::",
                ", Strategy::",
                "let Strategy::",
            ] {
                breaches.extend(
                    code.contains(comparison)
                        .then(|| format!("{file} has `{comparison}…`")),
                );
            }
        }
    }

    assert!(
        breaches.is_empty(),
        "ask the strategy, so that a further one has to answer:\n{}",
        breaches.join("\n")
    );
}

#[test]
fn an_index_is_asked_in_one_file_of_the_engine_and_one_of_the_requests() {
    let mut breaches = Vec::new();
    for (folder, asks) in [("engine", "kit/related.rs"), ("requests", "related.rs")] {
        let folder = root().join("shared").join(folder).join("src");
        for (file, text) in sources(&folder) {
            if file == folder.join(asks) {
                continue;
            }
            let file = file.strip_prefix(root()).unwrap().display().to_string();
            for call in ["RowQuery", ".query(", ".in_order("] {
                breaches.extend(text.contains(call).then(|| format!("{file} has `{call}`")));
            }
        }
    }

    assert!(
        breaches.is_empty(),
        "what an index finds is read again on the table: go through `related`:\n{}",
        breaches.join("\n")
    );
}

/// Beside this, `cli/tests/doctor` lists the calls that it makes.
#[test]
fn the_doctor_names_no_call_that_writes() {
    let folder = root().join("cli/src/doctor");
    let mut breaches = Vec::new();
    for (file, text) in sources(&folder) {
        for call in [
            "put_item",
            "update_item",
            "delete_item",
            "batch_write",
            "transact_write",
            "execute_statement",
            "execute_transaction",
            "create_table",
            "update_table",
            "delete_table",
            "update_time_to_live",
            "Method::Put",
            "Method::Post",
            "Method::Delete",
            "_bulk",
            "IndexParts",
            ".update(",
            ".delete(",
        ] {
            let breach = format!("{} has `{call}`", file.display());
            breaches.extend(text.contains(call).then_some(breach));
        }
    }

    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn adapters_of_one_technology_do_not_name_another() {
    let adapters = root().join("shared/aws/src");
    let pairs = [
        ("dynamo", "opensearch::"),
        ("dynamo", "aws_sdk_sqs"),
        ("opensearch_documents", "aws_sdk_dynamodb"),
    ];
    for (folder, name) in pairs {
        for (file, text) in sources(&adapters.join(folder)) {
            assert!(!named(&text, name), "{} names `{name}`", file.display());
        }
    }
}

#[test]
fn every_source_says_why_it_exists_and_stays_readable() {
    let mut breaches = Vec::new();
    for folder in [
        "shared",
        "functions",
        "cli",
        "local",
        "demo",
        "xtask",
        "tests",
    ] {
        for (file, text) in sources(&root().join(folder)) {
            if !text.starts_with("//!") {
                breaches.push(format!("{} does not say why it exists", file.display()));
            }
            if text.lines().count() > 500 {
                breaches.push(format!("{} has more than 500 lines", file.display()));
            }
        }
    }

    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_dependency_is_used() {
    // Named by the local stack, and that by the sweeper, for their features only; the manifests say why.
    let exempt = [
        "lambda_http",
        "aws_lambda_events",
        "jsonschema",
        "saphyr",
        "getrandom",
        "aws",
    ];
    let mut unused = Vec::new();
    let layers: Vec<_> = CRATES
        .iter()
        .map(|(name, _)| format!("shared/{name}"))
        .collect();
    let others = [
        "functions/api",
        "functions/consumer",
        "functions/sweeper",
        "tests",
        "cli",
        "local",
        "demo",
        "xtask",
    ];
    for package in layers.iter().map(String::as_str).chain(others) {
        let manifest = root().join(package).join("Cargo.toml");
        let code: String = sources(&root().join(package))
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        for table in ["dependencies", "dev-dependencies"] {
            for name in dependencies(&manifest, table) {
                let name = name.replace('-', "_");
                let is_exempt = (package == "local" && exempt.contains(&name.as_str()))
                    || (package == "functions/sweeper" && name == "local");
                let is_used =
                    named(&code, &format!("{name}::")) || code.contains(&format!(" ::{name}::"));
                if !is_exempt && !is_used {
                    unused.push(format!("{package} does not use {name}"));
                }
            }
        }
    }

    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

/// The dependencies in one table of a manifest.
fn dependencies(manifest: &Path, table: &str) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    let manifest = toml::de::DeTable::parse(&text).unwrap();
    let names = manifest
        .get_ref()
        .get(table)
        .and_then(|names| names.get_ref().as_table());
    let names = names.into_iter().flat_map(toml::de::DeTable::keys);
    names.map(|name| name.get_ref().to_string()).collect()
}

/// Whether a line of code (not of comment) names it, as a word of its own.
fn named(text: &str, name: &str) -> bool {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .any(|line| {
            line.match_indices(name).any(|(at, _)| {
                !line[..at].ends_with(|before: char| {
                    before.is_alphanumeric() || before == '_' || before == ':'
                })
            })
        })
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}
