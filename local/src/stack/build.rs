//! The three bootstraps, and the template that points to them: what `sam build` would make.
//!
//! Plain cargo in the dev profile, into the target folder that tests and lints use anyway. `cargo lambda build` links
//! by zig into a target folder of its own, which compiles everything a second time; a function that runs on this
//! machine needs no older glibc. Deployments to AWS go through `sam build`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use crate::environment;
use crate::layout::{self, StateDir};
use crate::process;
use crate::terminal::Step;

/// Logical id in the template, and the binary behind it.
const FUNCTIONS: [(&str, &str); 3] = [
    ("ApiFunction", "api"),
    ("ConsumerFunction", "consumer"),
    ("SweeperFunction", "sweeper"),
];

/// The template that `template.yaml` nests.
pub const DEMO_TABLES: &str = "demo-tables.yaml";

/// Compiles all binaries of the workspace.
///
/// The whole workspace and not only the three: another selection of packages is another set of features, and compiles
/// the dependencies again.
///
/// # Errors
///
/// When it does not compile; the error quotes the log.
pub(crate) async fn compile(log: &Path, step: &Step) -> Result<()> {
    let mut command = Command::new(environment::cargo());
    command
        .args(["build", "--workspace", "--bins", "--color", "never"])
        .current_dir(layout::workspace());
    process::watch(command, log, |lines| step.doing(&how_far(lines))).await
}

/// What cargo has done, from its own lines: `   Compiling api v0.1.0 (…)`.
fn how_far(lines: &str) -> String {
    let crates = lines.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("Compiling ")?;
        rest.split(' ').next()
    });
    let (count, last) = crates.fold((0, ""), |(count, _), name| (count + 1, name));
    match count {
        0 => "looking what has changed".to_owned(),
        _ => format!("compiling crate {count}: {last}"),
    }
}

/// Copies the bootstraps and writes the template; answers the template's path.
///
/// # Errors
///
/// When a binary is missing, or the template is not as expected.
pub(crate) async fn assemble(state: &StateDir) -> Result<PathBuf> {
    let binaries = layout::binaries()?;
    for (function, binary) in FUNCTIONS {
        let folder = state.join("build").join(function);
        fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
        let bootstrap = folder.join("bootstrap");
        fs::copy(binaries.join(binary), &bootstrap)
            .context(format!("copy the binary of {function}"))?;
        if let Some(strip) = environment::find_program("strip") {
            let mut command = Command::new(strip);
            command.arg(&bootstrap);
            process::run(command, &state.log("build")).await?;
        }
    }
    let source = fs::read_to_string(layout::workspace().join("template.yaml"))
        .context("read template.yaml")?;
    let built = state.join("build").join("template.yaml");
    fs::write(&built, with_built_code(&source)?).context("write the built template")?;
    // Nested templates are looked for beside it.
    fs::copy(
        layout::workspace().join(DEMO_TABLES),
        state.join("build").join(DEMO_TABLES),
    )
    .context(format!("copy {DEMO_TABLES}"))?;
    Ok(built)
}

/// The template with `CodeUri: .` of the three functions replaced by the folder of each; nothing else changes.
fn with_built_code(template: &str) -> Result<String> {
    let mut resource = "";
    let mut replaced: Vec<&str> = Vec::new();
    let mut built = String::with_capacity(template.len() + 100);
    for line in template.lines() {
        if let Some(id) = logical_id(line) {
            resource = id;
        }
        if line.trim() == "CodeUri: ." {
            let indent = line.len() - line.trim_start().len();
            built.push_str(&line[..indent]);
            built.push_str("CodeUri: ");
            built.push_str(resource);
            replaced.push(resource);
        } else {
            built.push_str(line);
        }
        built.push('\n');
    }
    let mut expected = FUNCTIONS.map(|(function, _binary)| function);
    expected.sort_unstable();
    replaced.sort_unstable();
    if replaced == expected {
        return Ok(built);
    }
    Err(anyhow!(
        "template.yaml: `CodeUri: .` must stand exactly once in each of {}, and was found in [{}]",
        expected.join(", "),
        replaced.join(", ")
    ))
}

/// A key at the second level: two spaces, a name, a colon.
fn logical_id(line: &str) -> Option<&str> {
    let name = line.strip_prefix("  ")?.trim_end().strip_suffix(':')?;
    name.chars()
        .all(|letter| letter.is_ascii_alphanumeric())
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{how_far, with_built_code};

    const TEMPLATE: &str = "Resources:\n  ApiFunction:\n    Properties:\n      CodeUri: .\n  ConsumerFunction:\n    Properties:\n      CodeUri: .\n  SweeperFunction:\n    Properties:\n      CodeUri: .\n";

    #[test]
    fn only_the_code_of_the_three_functions_is_replaced() {
        let built = with_built_code(TEMPLATE).unwrap();

        let changed: Vec<(&str, &str)> = TEMPLATE
            .lines()
            .zip(built.lines())
            .filter(|(old, new)| old != new)
            .collect();
        assert_eq!(
            changed,
            [
                ("      CodeUri: .", "      CodeUri: ApiFunction"),
                ("      CodeUri: .", "      CodeUri: ConsumerFunction"),
                ("      CodeUri: .", "      CodeUri: SweeperFunction"),
            ]
        );
    }

    #[test]
    fn a_template_with_other_functions_is_refused() {
        let two = TEMPLATE.replace(
            "  SweeperFunction:\n    Properties:\n      CodeUri: .\n",
            "",
        );
        let renamed = TEMPLATE.replace("SweeperFunction", "Cleaner");

        assert!(with_built_code(&two).is_err());
        assert!(with_built_code(&renamed).is_err());
    }
    #[test]
    fn a_build_is_told_as_the_crate_that_it_is_at() {
        assert_eq!(how_far(""), "looking what has changed");
        assert_eq!(
            how_far(
                "   Compiling a v1.0.0\nwarning: x\n   Compiling api v0.1.0 (/w/functions/api)\n"
            ),
            "compiling crate 2: api"
        );
    }
}
