//! The files of `events/`: each, sent to its deployed function as it is, has a sensible answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use local::stack::StackFile;
use serde_json::{Value, json};
use tests::stacks::stack;

#[tokio::test]
async fn every_file_of_events_is_answered_by_its_function() {
    let Some(stack) = stack() else { return };
    let mut files = files();

    // Nobody has put `acme~thread-42` here, so it is absent for its own tenant as for the other.
    for name in ["api-delete-discussion", "api-delete-foreign-tenant"] {
        let (status, body) = ask_api(&stack, &files.remove(name).unwrap()).await;
        assert_eq!(status, 202, "{name}: {body}");
        assert_eq!(body["status"], "ALREADY_DELETED", "{name}");
        assert_eq!(
            (&body["id"], &body["deletion"]),
            (&json!("acme~thread-42"), &Value::Null)
        );
    }
    let (status, body) = ask_api(&stack, &files.remove("api-get-deletion").unwrap()).await;
    assert_eq!((status, &body["code"]), (404, &json!("DELETION_NOT_FOUND")));
    let (status, body) = ask_api(&stack, &files.remove("api-missing-authorizer").unwrap()).await;
    assert_eq!((status, &body["code"]), (401, &json!("UNAUTHENTICATED")));
    let (status, body) = ask_api(&stack, &files.remove("api-search").unwrap()).await;
    assert_eq!(
        (status, &body),
        (200, &json!({ "items": [], "next_cursor": null }))
    );

    let batch = files.remove("consumer-batch").unwrap();
    let unparsable = batch["Records"][2]["messageId"].clone();
    let answer = local::lambda::invoke(&stack, &stack.functions.consumer, &batch)
        .await
        .unwrap();
    assert_eq!(
        answer,
        json!({ "batchItemFailures": [{ "itemIdentifier": unparsable }] })
    );

    let tick = files.remove("sweeper-schedule").unwrap();
    let report = local::lambda::invoke(&stack, &stack.functions.sweeper, &tick)
        .await
        .unwrap();
    for count in [
        "due", "resent", "parked", "told", "purging", "put_off", "errors", "left",
    ] {
        assert!(report[count].is_u64(), "{count} in {report}");
    }

    let untested: Vec<&String> = files.keys().collect();
    assert!(untested.is_empty(), "{untested:?}");
}

async fn ask_api(stack: &StackFile, event: &Value) -> (u64, Value) {
    let answer = local::lambda::invoke(stack, &stack.functions.api, event)
        .await
        .unwrap();
    let body = answer["body"].as_str().unwrap_or("null");
    (
        answer["statusCode"].as_u64().unwrap(),
        serde_json::from_str(body).unwrap(),
    )
}

/// By name, without the extension.
fn files() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files
        .map(|path| {
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                read(&path),
            )
        })
        .collect()
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
