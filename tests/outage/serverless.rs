//! Documents in a serverless collection: other requests, another signature and another right than a domain's.

use local::authorization;
use local::stack::Stack;
use local::stack::authorizer::record::Record;
use local::stack::authorizer::record_file;
use serde_json::json;
use tests::functions::sweep;
use tests::mail::Tenant;
use tests::stacks::stack;
use tests::wait;

use crate::alone;
use crate::attached::{SOON, act, live, nothing_was_denied, own, put};

/// A key that encrypts the tables, so that the statement about keys is deployed.
const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/of-the-tables";

#[tokio::test]
async fn a_stack_over_a_serverless_collection_marks_restores_and_purges_its_documents() {
    if stack().is_none() {
        return;
    }
    let _alone = alone().await;
    let options = own(
        "serverless",
        &[("SearchKind", "serverless"), ("DataKeyArns", KEY)],
    );
    let collection = options.collection_arn();
    let running = Box::pin(Stack::start(&options)).await.unwrap();
    let stack = running.file.clone();
    let tenant = Tenant::new(&stack, "serverless");
    let admin = tenant.admin().await.patient();
    let document = async |name: &str| {
        let id = tenant.id(name);
        let mut found = tenant.stores.documents("items", ("item_id", &id)).await;
        assert!(found.len() <= 1, "{found:?}");
        found.pop_first().map(|(_, document)| document)
    };

    live(&stack, &tenant, &admin).await;

    assert_eq!(document("one").await, None, "purged");
    let kept = format!("/v1/items/{}", tenant.id("kept"));
    wait::until("the document", SOON, async || {
        let found = admin.all("/v1/search/items?q=bolts").await.0;
        (found.len() == 1).then_some(())
    })
    .await;
    let id = admin.begin(&kept).await;
    assert_eq!(admin.done(&id, SOON).await["state"], "DELETED");
    assert_eq!(document("kept").await.unwrap()["deletion_id"], id.as_str());
    assert!(admin.all("/v1/search/items?q=bolts").await.0.is_empty());
    act(&admin, &id, "restore").await;
    assert_eq!(admin.done(&id, SOON).await["state"], "RESTORED");
    // The document of a root follows its row and the state.
    wait::until("the restored document", SOON, async || {
        let restored = document("kept").await?;
        (!restored.contains_key("deletion_id")).then_some(())
    })
    .await;
    assert_eq!(
        put(&admin, &kept, &json!({"name": "nuts"})).await.status,
        200
    );
    // The sweeper asks the collection how it is before it purges.
    let id = admin.begin(&kept).await;
    assert_eq!(admin.done(&id, SOON).await["state"], "DELETED");
    wait::until("the purge", SOON, async || {
        sweep(&stack).await;
        let deletion = admin.deletion(&id).await;
        assert_ne!(deletion["state"], "PURGE_FAILED", "{deletion:#}");
        (deletion["state"] == "PURGED").then_some(())
    })
    .await;
    assert_eq!(document("kept").await, None);

    nothing_was_denied(&stack).await;
    let state = stack.state();
    running.stop().await.unwrap();
    let refused = authorization::refused(&state).unwrap();
    assert!(refused.is_empty(), "{refused:#?}");
    let record = Record::read(&record_file(&state)).unwrap();
    for role in ["ApiRole", "ConsumerRole", "SweeperRole"] {
        let statements = &record.roles[role];
        let used = &statements["Collection"];
        assert!(used.actions["aoss:APIAccessAll"] > 0, "{role}: {used:?}");
        assert!(used.resources[&collection] > 0, "{role}: {used:?}");
        let keys = statements["KeysOfTables"].resources.keys();
        assert!(keys.eq([KEY]), "{role}: {statements:#?}");
    }
}
