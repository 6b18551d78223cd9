//! `tombstone doctor` on a running stack: tables of others, drawn after public schemas, each with a file as far as one can
//! be written today; and the shipped collections on the data of the demo.

mod demo;
mod schema;
mod traps;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use local::http::{KEY, REGION};
use local::layout;
use local::stack::StackFile;
use serde_json::Value;

/// What the program answered.
struct Told {
    exit: Option<i32>,
    report: Value,
}

impl Told {
    /// The codes of a collection's findings.
    fn codes(&self, collection: &str) -> BTreeSet<&str> {
        let findings = self.report["findings"].as_array().unwrap().iter();
        findings
            .filter(|one| one["collection"] == collection)
            .map(|one| one["code"].as_str().unwrap())
            .collect()
    }

    /// One finding of a collection.
    fn finding(&self, collection: &str, code: &str) -> &Value {
        let mut findings = self.report["findings"].as_array().unwrap().iter();
        findings
            .find(|one| one["collection"] == collection && one["code"] == code)
            .unwrap_or_else(|| panic!("{collection} {code}: {:#}", self.report))
    }
}

/// Asks the program, as a person on the machine of the stack does.
fn doctor(stack: &StackFile, prefix: &str, collections: Option<&PathBuf>, more: &[&str]) -> Told {
    let mut command = Command::new(layout::binaries().unwrap().join("tombstone"));
    command
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", KEY)
        .env("AWS_REGION", REGION)
        .env("AWS_ENDPOINT_URL_DYNAMODB", &stack.endpoints.dynamodb)
        .args(["doctor", "--json", "--no-sign", "--table-prefix", prefix])
        .args(["--endpoint", &stack.endpoints.opensearch])
        .args(["--index-prefix", prefix])
        .args(more);
    if let Some(folder) = collections {
        command.arg("--collections").arg(folder);
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    Told {
        exit: output.status.code(),
        report: serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}")),
    }
}
