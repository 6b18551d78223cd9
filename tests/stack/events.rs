//! What the bus is told: every event follows its schema, the ids are exact, and nothing of the records is in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tests::bus::{Bus, Heard};
use tests::mail::{Tenant, message_id};
use tests::stacks::stack;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_delete_tells_that_it_was_accepted_which_records_it_marked_and_how_it_ended() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "told");
    let admin = tenant.admin().await;
    let mut bus = Bus::listen(&stack, &tenant.name).await;
    // Three pages with the root's.
    let discussion = tenant.thread("d", 300).await;

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, SOON).await;
    let heard = bus.finished(1, SOON).await;

    assert_valid(heard);
    let common = [
        ("deletion_id", json!(id)),
        ("tenant", json!(tenant.name)),
        ("origin", json!("user")),
        ("actor", json!(admin.subject)),
        ("deleted_at", deletion["deleted_at"].clone()),
    ];
    for event in heard {
        assert_eq!(event.source, "tombstone");
        for (name, value) in &common {
            assert_eq!(&event.detail[*name], value, "{name} of {}", event.kind);
        }
    }
    let of = |kind: &str| {
        heard
            .iter()
            .filter(move |event| event.kind == kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("DeletionAccepted").len(), 1);
    assert_eq!(
        of("DeletionAccepted")[0].detail["root"],
        json!({ "id": discussion })
    );
    assert_eq!(of("DeletionFinished").len(), 1);
    assert_eq!(of("DeletionFinished")[0].detail["state"], "DELETED");
    assert_eq!(of("DeletionFinished")[0].detail["counts"]["deleted"], 301);
    assert!(of("RecordsDeleted").len() >= 3, "the root and two pages");
    let roots = json!([{ "id": discussion }]);
    let messages: Vec<Value> = (0..300)
        .map(|number| json!({ "id": discussion, "sort": message_id(number) }))
        .collect();
    assert_eq!(
        ids(heard, "discussions"),
        exactly(roots.as_array().unwrap())
    );
    assert_eq!(ids(heard, "messages"), exactly(&messages));
    let named: usize = of("RecordsDeleted")
        .iter()
        .map(|event| event.detail["ids"].as_array().unwrap().len())
        .sum();
    assert_eq!(named, 301, "each record once");
    let event_ids: BTreeSet<&str> = heard
        .iter()
        .map(|event| event.detail["event_id"].as_str().unwrap())
        .collect();
    assert_eq!(event_ids.len(), heard.len(), "no event twice");
}

#[tokio::test]
async fn records_that_were_deleted_before_are_not_told_again() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "untold");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 2).await;
    let first = admin
        .begin(&format!("/v1/messages/{discussion}/{}", message_id(0)))
        .await;
    admin.done(&first, SOON).await;
    let mut bus = Bus::listen(&stack, &tenant.name).await;

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let heard: Vec<Heard> = bus.finished(1, SOON).await.to_vec();

    let heard: Vec<Heard> = heard
        .into_iter()
        .filter(|event| event.detail["deletion_id"] == id.as_str())
        .collect();
    assert_valid(&heard);
    assert_eq!(
        ids(&heard, "messages"),
        exactly(&[json!({ "id": discussion, "sort": message_id(1) })])
    );
}

/// All ids that were told of a collection.
fn ids(heard: &[Heard], collection: &str) -> BTreeSet<String> {
    let told = heard
        .iter()
        .filter(|event| event.kind == "RecordsDeleted" && event.detail["collection"] == collection);
    told.flat_map(|event| event.detail["ids"].as_array().unwrap())
        .map(Value::to_string)
        .collect()
}

fn exactly(keys: &[Value]) -> BTreeSet<String> {
    keys.iter().map(Value::to_string).collect()
}

fn assert_valid(heard: &[Heard]) {
    for event in heard {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../docs/events/{}.schema.json", event.kind));
        let schema = std::fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{} has no schema", event.kind));
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&event.detail)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", event.kind);
    }
}
