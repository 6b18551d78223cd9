//! What the OpenAPI document says, tried by somebody who has nothing else: schemathesis makes up requests of it.
//!
//! `SCHEMATHESIS_EXAMPLES` says for how long: so many requests for each operation. What it asks is the same every time, but
//! for what the stack adds: the ids and the moments of its answers.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use local::stack::StackFile;
use reqwest::Method;
use serde_json::{Value, json};
use tests::caller::Caller;
use tests::mail::Tenant;
use tests::stacks::{say, stack};

/// What it asks of us.
const HOOKS: &str = include_str!("schemathesis_hooks.py");

/// So many requests for each operation, good ones and bad ones; and so many chains of linked ones.
const EXAMPLES: u32 = 12;

/// How many records there are of each collection, and below each of them.
const KEYS: usize = 12;
const SORTS: usize = 3;

/// One way of trying.
struct Run {
    name: &'static str,
    /// The phases of schemathesis.
    phases: &'static str,
    /// How many times the examples of the others.
    times: u32,
    /// Only these operations; all, if there is none.
    operations: &'static [&'static str],
    /// The collections that it is told of.
    collections: &'static [&'static str],
}

const RUNS: [Run; 3] = [
    Run {
        name: "one by one",
        phases: "examples,coverage,fuzzing",
        times: 1,
        operations: &[],
        // Those that clients can read and write, one that they can only delete of, and none.
        collections: &[
            "tasks",
            "targets",
            "notifications",
            "streams",
            "stream_messages",
            "attachments",
            "nothing",
        ],
    },
    Run {
        name: "linked",
        phases: "stateful",
        times: 2,
        operations: &[],
        collections: &["notifications", "stream_messages"],
    },
    // Where a chain can begin with a POST, schemathesis begins none with a DELETE.
    Run {
        name: "from a delete to its restore",
        phases: "stateful",
        times: 2,
        operations: &[
            "deleteRecord",
            "showDeletion",
            "listRecordsOfDeletion",
            "actOnDeletion",
        ],
        collections: &["targets", "streams"],
    },
];

#[tokio::test]
async fn whatever_the_document_lets_a_client_ask_is_answered_as_it_says() {
    let Some(stack) = stack() else { return };
    let folder = stack_folder();
    let venv = local::tools::schemathesis(&folder.join("tools.log")).await;
    let program = venv.unwrap().program("schemathesis");
    std::fs::write(folder.join("hooks.py"), HOOKS).unwrap();
    let tenant = Tenant::new(&stack, "schemathesis");
    let admin = tenant.admin().await;

    for (place, run) in RUNS.iter().enumerate() {
        let begun = Instant::now();
        // Others than before: what was deleted is no longer there.
        let keys: Vec<String> = (0..KEYS)
            .map(|n| tenant.id(&format!("{place}-{n}")))
            .collect();
        put_records(&admin, run.collections, &keys).await;
        let configuration = configuration(&stack, &admin, run.collections, &keys);
        std::fs::write(folder.join("schemathesis.toml"), configuration).unwrap();

        let text = run.tried(&program, &stack, &folder).await;

        let cases = cases(&text);
        say(&format!(
            "schemathesis, {}: {cases}, {} s",
            run.name,
            begun.elapsed().as_secs()
        ));
        assert!(cases.contains("passed"), "{text}");
    }
    let restored = restored(&admin).await;
    say(&format!(
        "schemathesis: {restored} deletions were restored by a link"
    ));
    assert!(
        restored > 0,
        "no link from a deletion to its restore was followed"
    );
}

impl Run {
    /// What schemathesis has told.
    async fn tried(&self, program: &Path, stack: &StackFile, folder: &Path) -> String {
        let examples = std::env::var_os("SCHEMATHESIS_EXAMPLES");
        let examples = examples.map(|examples| examples.into_string().unwrap());
        let examples = examples.map_or(EXAMPLES, |examples| examples.parse().unwrap());
        let mut command = tokio::process::Command::new(program);
        command
            .args(["--config-file", "schemathesis.toml", "run"])
            .arg(format!("{}/v1/openapi.json", stack.api_url))
            .args(["--no-color", "--continue-on-failure"])
            .args(["--phases", self.phases])
            .args(["--max-examples", &(examples * self.times).to_string()])
            .args(
                self.operations
                    .iter()
                    .map(|id| format!("--include-operation-id={id}")),
            )
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NO_PROXY", "*")
            .current_dir(folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if self.phases == "stateful" {
            command.env("PATIENT", "1").args(["--mode", "positive"]);
        }
        let output = command.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let file = folder.join(format!("{}.txt", self.name.replace(' ', "-")));
        std::fs::write(&file, &text).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: {text}\n{errors}",
            file.display()
        );
        text
    }
}

/// Of how many requests it has made, in its words.
fn cases(text: &str) -> String {
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with("Test cases:"));
    lines.nth(1).unwrap_or("unknown").trim().to_owned()
}

async fn put_records(admin: &Caller, collections: &[&str], keys: &[String]) {
    let is_asked = |name: &str| collections.contains(&name);
    let sent_at = "2026-11-01T07:00:00Z";
    for key in keys {
        for (collection, body) in [
            ("tasks", json!({ "status": "ACTIVE" })),
            ("targets", json!({ "name": "a target" })),
            ("streams", json!({ "name": "a stream" })),
        ] {
            if is_asked(collection) || (collection != "tasks" && is_asked("notifications")) {
                put(admin, &format!("{collection}/{key}"), &body).await;
            }
        }
        for sort in keys
            .iter()
            .take(SORTS)
            .filter(|_| is_asked("notifications"))
        {
            let message = json!({ "topic": "t", "content": "a stone", "sent_at": sent_at });
            put(admin, &format!("stream_messages/{key}/{sort}"), &message).await;
            let note = json!({ "text": "a stone", "kind": "comment", "sent_at": sent_at });
            put(admin, &format!("notifications/{key}/{sort}"), &note).await;
        }
    }
}

async fn put(admin: &Caller, path: &str, body: &Value) {
    let (path, body) = (format!("/v1/{path}"), body.to_string());
    let answer = admin.call(Method::PUT, &path, &[], Some(&body)).await;
    assert_eq!(answer.status, 201, "{path}: {answer:?}");
}

/// How many deletions of the tenant were restored.
async fn restored(admin: &Caller) -> usize {
    let (deletions, _) = admin.all("/v1/deletions?limit=100").await;
    let restored = deletions.iter();
    let restored = restored.filter(|deletion| deletion["last_action"]["action"] == "restore");
    restored.count()
}

/// Beside the stack's own files.
fn stack_folder() -> PathBuf {
    let file = std::env::var_os("TOMBSTONE_STACK").unwrap();
    let folder = Path::new(&file).parent().unwrap().join("schemathesis");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What is not the document's: where the API is, who asks, which records there are, and what counts as a failure.
///
/// What the document allows may still be refused with a 4xx that it describes, because which collections there are and
/// what is in them decides too: only 5xx and undescribed answers are failures of what is allowed.
fn configuration(
    stack: &StackFile,
    admin: &Caller,
    collections: &[&str],
    keys: &[String],
) -> String {
    let bound: Vec<String> = [
        ("path.collection", "collections", 0.95),
        ("query.collection", "collections", 0.9),
        ("path.id", "keys", 0.8),
        ("path.sort", "keys", 0.8),
        ("query.id", "keys", 0.7),
        ("query.sort", "keys", 0.7),
        ("query.parent", "keys", 0.7),
    ]
    .iter()
    .map(|(parameter, dictionary, probability)| {
        format!(
            "\"{parameter}\" = {{ dictionary = \"{dictionary}\", probability = {probability} }}\n"
        )
    })
    .collect();
    format!(
        r#"base-url = "{url}"
request-timeout = 60
headers = {{ Authorization = "Bearer {token}" }}

[dictionaries]
collections = {{ values = {collections} }}
keys = {{ values = {keys} }}

[parameters]
{bound}
[cache]
enabled = false

[phases.stateful]
inference = {{ algorithms = [] }}

[generation]
deterministic = true
database = "none"

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "4xx"]
"#,
        url = stack.api_url,
        token = admin.token(),
        collections = json!(collections),
        keys = json!(keys),
        bound = bound.concat(),
    )
}
