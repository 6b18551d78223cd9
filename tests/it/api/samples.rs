//! The events under `events/`, each decoded as the runtime does and run.

use std::collections::BTreeSet;
use std::path::Path;

use testing::samples::key;

use super::world::World;

const RECORD: &str = "acme~thread-42";

/// File, status, code of the answer, and whether the record is marked afterwards.
const EXPECTED: [(&str, i64, &str, bool); 5] = [
    ("api-delete-discussion.json", 202, "PENDING_DELETE", true),
    (
        "api-delete-foreign-tenant.json",
        202,
        "ALREADY_DELETED",
        false,
    ),
    ("api-get-deletion.json", 404, "DELETION_NOT_FOUND", false),
    ("api-missing-authorizer.json", 401, "UNAUTHENTICATED", false),
    ("api-search.json", 200, "", false),
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

#[tokio::test]
async fn each_sample_event_is_answered_as_its_name_says() {
    for (file, status, code, marked) in EXPECTED {
        let world = World::new();
        world.put("discussions", &key(RECORD));
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        // The world's check knows one request id.
        let text = text.replace("JKJaXmPLvHcESHA=", "request-1");

        let answer = world.answer(serde_json::from_str(&text).unwrap()).await;

        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{file}: {}",
            answer.text
        );
        assert_eq!(!world.marked("discussions").is_empty(), marked, "{file}");
    }
}

#[test]
fn every_sample_event_of_the_api_is_run() {
    let files = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.filter(|name| name.starts_with("api-")).collect();

    assert_eq!(files, EXPECTED.map(|(file, ..)| file.to_owned()).into());
}
