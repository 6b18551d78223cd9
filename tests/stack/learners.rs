//! Learners: the live tables forget them, the archive keeps them whole, and their key is free.

use std::time::Duration;

use local::load::Kind;
use reqwest::Method;
use serde_json::json;
use tests::areas::{archived, loaded};
use tests::mail::Tenant;
use tests::stacks::stack;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_deleted_learner_is_in_the_archive_whole_and_in_no_live_table() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "learners");
    let admin = tenant.admin().await;
    let area = loaded(&stack, Kind::Learners, &tenant.name, 2).await;
    let [learner, beside] =
        [0, 1].map(|n| area.records["learners"][n]["learner_id"].as_str().unwrap());

    let id = admin.begin(&format!("/v1/learners/{learner}")).await;
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    assert_eq!(deletion["counts"]["delete"]["participations"]["deleted"], 3);
    let key = ("learner_id", learner);
    assert_eq!(tenant.stores.row("learners", &[key]).await, None);
    let left = tenant.stores.partition("participations", key).await;
    assert!(left.is_empty(), "{left:?}");
    let copies = archived(&stack, &id).await;
    assert_eq!(copies.len(), 4, "{copies:#?}");
    let was = area.records["learners"]
        .iter()
        .chain(&area.records["participations"]);
    for row in was.filter(|row| row["learner_id"] == learner) {
        let collection = if row.contains_key("participation_id") {
            "participations"
        } else {
            "learners"
        };
        let copy = copies.iter().find(|copy| {
            copy["collection"] == collection
                && copy["item"].get("participation_id") == row.get("participation_id")
        });
        let copy = copy.unwrap_or_else(|| panic!("no copy of {row:?} in {copies:#?}"));
        for (name, value) in row {
            assert_eq!(&copy["item"][name], value, "{name}");
        }
        for (name, value) in [
            ("tenant", json!(tenant.name)),
            ("deleted_by", deletion["requested_by"].clone()),
            ("deleted_at", deletion["deleted_at"].clone()),
        ] {
            assert_eq!(copy[name], value, "{name}");
        }
    }
    let key = ("learner_id", beside);
    assert!(tenant.stores.row("learners", &[key]).await.is_some());
    let read = admin.get(&format!("/v1/learners/{beside}")).await;
    assert_eq!(read.status, 200, "{read:?}");
}

#[tokio::test]
async fn a_learner_is_never_restored_and_the_refusal_says_the_state() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "forgotten");
    let admin = tenant.admin().await;
    let area = loaded(&stack, Kind::Learners, &tenant.name, 1).await;
    let learner = area.records["learners"][0]["learner_id"].as_str().unwrap();
    let id = admin.begin(&format!("/v1/learners/{learner}")).await;
    let deletion = admin.done(&id, SOON).await;
    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    assert_eq!(deletion["allowed_actions"], json!([]));

    let path = format!("/v1/deletions/{id}/restore");
    let answer = admin.call(Method::POST, &path, &[], None).await;

    // The right to restore is granted to nobody, which is decided before the state is told.
    assert!(matches!(answer.status, 403 | 409), "{answer:?}");
    assert_eq!(admin.deletion(&id).await["state"], "DELETED");
}
