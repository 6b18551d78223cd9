//! The bootstraps with exactly what `sam local invoke` gives them, on the local stack: the variables of `cargo xtask env
//! --sam`, keys of some account, and the Runtime API. Docker, in which `sam local` runs them, is not needed for that.

mod runtime;

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use local::stack::StackFile;
use serde_json::{Value, json};
use tests::stacks::stack;

use runtime::Runtime;

#[tokio::test]
async fn all_functions_work_on_the_local_stack_and_with_nothing_of_an_account() {
    let Some(stack) = stack() else { return };

    let deleted = invoke(&stack, "ApiFunction", "api", "api-delete-discussion").await;
    let failures = invoke(&stack, "ConsumerFunction", "consumer", "consumer-batch").await;
    let report = invoke(&stack, "SweeperFunction", "sweeper", "sweeper-schedule").await;

    assert_eq!(deleted["statusCode"], 202, "{deleted}");
    let batch = event("consumer-batch");
    assert_eq!(
        failures,
        json!({ "batchItemFailures": [{ "itemIdentifier": batch["Records"][2]["messageId"] }] })
    );
    assert_eq!(report["errors"], 0, "{report}");
}

#[tokio::test]
async fn a_function_that_sam_local_does_not_run_refuses_to_start_with_the_endpoint() {
    let Some(stack) = stack() else { return };
    let variables = variables(&stack, "ApiFunction").await;
    let runtime = Runtime::with(&event("api-search"));
    let mut command = bootstrap("api", &variables, &runtime.address);
    command.env_remove("AWS_SAM_LOCAL").stdout(Stdio::piped());

    let output = command.output().unwrap();

    assert!(!output.status.success());
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(
        log.contains("LOCAL_ENDPOINT") && log.contains("sam local"),
        "{log}"
    );
}

async fn invoke(stack: &StackFile, id: &str, binary: &str, name: &str) -> Value {
    let variables = variables(stack, id).await;
    let runtime = Runtime::with(&event(name));
    let _running = Running(
        bootstrap(binary, &variables, &runtime.address)
            .spawn()
            .unwrap(),
    );
    tokio::task::spawn_blocking(move || runtime.answer())
        .await
        .unwrap()
}

async fn variables(stack: &StackFile, id: &str) -> BTreeMap<String, String> {
    let all = local::env::sam(stack).await.unwrap();
    serde_json::from_value(all[id].clone()).unwrap()
}

/// The function as `samcli/local/lambdafn/env_vars.py` sets it up, in a shell with keys of an account.
fn bootstrap(binary: &str, variables: &BTreeMap<String, String>, runtime: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap();
    let mut command = Command::new(folder.join(binary));
    command
        .env_clear()
        .envs([
            ("AWS_SAM_LOCAL", "true"),
            ("AWS_LAMBDA_FUNCTION_NAME", binary),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", "30"),
            ("AWS_LAMBDA_FUNCTION_HANDLER", "bootstrap"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "aws/lambda/function"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "$LATEST"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            (
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ),
            ("AWS_SESSION_TOKEN", "a token"),
            ("AWS_LAMBDA_RUNTIME_API", runtime),
            // Nobody answers there: what is left of an endpoint in the environment does not count either.
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"),
        ])
        .envs(variables);
    command
}

/// Ends the function when the test does, however it does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn event(name: &str) -> Value {
    let file = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}
