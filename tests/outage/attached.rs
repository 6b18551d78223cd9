//! Tables that neither the template nor the code knows: attached by the values of parameters, and nothing else.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use local::http;
use local::layout::StateDir;
use local::stack::{Options, Stack, StackFile};
use reqwest::Method;
use serde_json::{Value, json};
use tests::areas;
use tests::caller::{Answer, Caller};
use tests::functions::{FUNCTIONS, logged, sweep};
use tests::mail::Tenant;
use tests::stacks::{short_stack, stack};
use tests::wait;
use xtask::attached::{self, TABLES};

use crate::alone;

pub(crate) const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn tables_that_the_template_does_not_know_are_attached_by_parameters_alone() {
    let Some(stack) = short_stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "attached");
    let admin = tenant.admin().await.patient();

    live(&stack, &tenant, &admin).await;

    let found = wait::until("the document", SOON, async || {
        let found = admin.all("/v1/search/items?q=bolts").await.0;
        (found.len() == 1).then_some(found)
    });
    assert_eq!(found.await[0]["id"], tenant.id("kept"));
    // What the index refuses is taken back from the table.
    let path = format!("/v1/items/{}", tenant.id("odd"));
    let odd = put(&admin, &path, &json!({ "name": { "a": "bolt" } })).await;
    assert_eq!(
        (odd.status, admin.get(&path).await.status),
        (400, 404),
        "{odd:?}"
    );
    nothing_was_denied(&stack).await;
}

/// What hangs below a record of an attached table is found over its index, also when it comes late, and goes with its
/// schedule; what was archived goes from the archive.
#[tokio::test]
async fn records_below_and_copies_in_the_archive_go_at_their_time() {
    let Some(stack) = short_stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "late");
    let admin = tenant.admin().await.patient();
    let (item, receipt) = (tenant.id("item"), tenant.id("receipt"));
    put_row(&tenant, 0, json!({ "item_id": item, "name": "bolts" })).await;
    put_row(&tenant, 2, json!({ "receipt_id": receipt })).await;
    let early = movement(&stack, &tenant, &item, "early").await;

    let deleted = admin.begin(&format!("/v1/items/{item}")).await;
    let archived = admin.begin(&format!("/v1/receipts/{receipt}")).await;
    for id in [&deleted, &archived] {
        assert_eq!(admin.done(id, SOON).await["state"], "DELETED");
    }
    let late = movement(&stack, &tenant, &item, "late").await;
    assert_eq!(areas::archived(&stack, &archived).await.len(), 1);
    for id in [&deleted, &archived] {
        wait::until("the purge", Duration::from_mins(1), async || {
            sweep(&stack).await;
            let deletion = admin.deletion(id).await;
            assert_ne!(deletion["state"], "PURGE_FAILED", "{deletion:#}");
            (deletion["state"] == "PURGED").then_some(())
        })
        .await;
    }

    for (place, key, id) in [
        (0, "item_id", &item),
        (1, "movement_id", &early),
        (1, "movement_id", &late),
        (2, "receipt_id", &receipt),
    ] {
        let left = tenant.stores.items(TABLES[place].name, (key, id)).await;
        assert!(left.is_empty(), "{left:?}");
    }
    for movement in [&early, &late] {
        let name = format!("movement-{movement}");
        assert!(!areas::is_scheduled(&stack, &name).await, "{name}");
    }
    assert!(areas::archived(&stack, &archived).await.is_empty());
    nothing_was_denied(&stack).await;
}

/// A movement of an item with its schedule; answers its id.
async fn movement(stack: &StackFile, tenant: &Tenant, item: &str, name: &str) -> String {
    let id = tenant.id(name).replace('~', "-");
    let group = &stack.schedule_group;
    areas::schedule_in(stack, group, &format!("movement-{id}")).await;
    put_row(tenant, 1, json!({ "movement_id": id, "item_id": item })).await;
    id
}

/// Puts a row as the team does: past the API.
async fn put_row(tenant: &Tenant, table: usize, mut row: Value) {
    row["company_id"] = tenant.name.clone().into();
    let row = row.as_object().unwrap().iter();
    let item = row.map(|(name, value)| {
        let text = value.as_str().unwrap().to_owned();
        (name.clone(), AttributeValue::S(text))
    });
    let put = tenant.stores.dynamodb.put_item();
    let put = put.table_name(TABLES[table].name);
    put.set_item(Some(item.collect())).send().await.unwrap();
}

#[tokio::test]
async fn a_stack_without_a_search_accepts_deletes_restores_and_purges() {
    if stack().is_none() {
        return;
    }
    let _alone = alone().await;
    let options = own(
        "searchless",
        &[
            ("SearchKind", "none"),
            ("IndexPrefix", ""),
            ("OnPublishFailure", "rollback"),
        ],
    );
    let running = Box::pin(Stack::start(&options)).await.unwrap();
    let stack = running.file.clone();
    let tenant = Tenant::new(&stack, "searchless");
    let admin = tenant.admin().await;

    live(&stack, &tenant, &admin).await;

    assert_eq!(stack.endpoints.opensearch, "", "no OpenSearch runs");
    let search = admin.get("/v1/search/items?q=bolts").await;
    assert_eq!(search.status, 404, "{search:?}");
    // Without its queue an acceptance is undone.
    let kept = format!("/v1/items/{}", tenant.id("kept"));
    let gone = stack
        .sqs()
        .delete_queue()
        .queue_url(&stack.queues.deletions);
    gone.send().await.unwrap();
    let undone = admin.delete(&kept).await;
    assert_eq!(
        (undone.status, admin.get(&kept).await.status),
        (503, 200),
        "{undone:?}"
    );
    nothing_was_denied(&stack).await;
    running.stop().await.unwrap();
}

/// A stack of a test's own with the attached tables and no others; without a search they have no documents.
///
/// Its folder is fixed: what the roles were refused there is judged with the other stacks.
pub(crate) fn own(name: &str, given: &[(&str, &str)]) -> Options {
    let folder = PathBuf::from(".local").join(name);
    let mut parameters = attached::parameters();
    parameters.insert("CreateDemoTables".into(), "false".into());
    for (name, value) in given {
        parameters.insert((*name).into(), (*value).into());
    }
    let collections = StateDir::new(&folder).join("collections");
    let options = Options {
        state: folder,
        collections_dir: Some(collections.clone()),
        parameters,
        tables: attached::definitions(),
        build: false,
        ..Options::default()
    };
    attached::write_collection(&collections, options.has_search()).unwrap();
    options
}

/// The condition over an empty list, which the stand-in has to be helped with, and over a full one.
#[tokio::test]
async fn no_list_of_tables_has_an_empty_member_whether_tables_are_attached_or_not() {
    let (Some(demo), Some(beside)) = (stack(), short_stack()) else {
        return;
    };

    let (alone, with_three) = (tables(&demo).await, tables(&beside).await);

    let arn = |name: &str| format!("arn:aws:dynamodb:us-east-1:000000000000:table/{name}");
    assert_eq!(alone.len(), 16, "{alone:?}");
    assert_eq!(with_three[..3], TABLES.map(|table| arn(table.name)));
    assert_eq!(with_three[3..], alone, "the stacks have the same name");
    for name in &alone {
        assert!(name.starts_with(&arn("tombstone-")), "{name}");
    }
}

/// The tables that the functions may touch, as the stack tells.
async fn tables(stack: &StackFile) -> Vec<String> {
    let client = http::client(SOON).unwrap();
    let request = http::signed(
        &client,
        Method::POST,
        &stack.endpoints.aws,
        "cloudformation",
    )
    .header("content-type", "application/x-www-form-urlencoded")
    .body("Action=DescribeStacks&Version=2010-05-15&StackName=tombstone");
    let described = request.send().await.unwrap().text().await.unwrap();
    let (_, rest) = described
        .split_once("<OutputKey>AttachedTableArns<")
        .unwrap();
    let (_, rest) = rest.split_once("<OutputValue>").unwrap();
    let (list, _) = rest.split_once("</OutputValue>").unwrap();
    list.split(',').map(str::to_owned).collect()
}

/// Put, read, listed, deleted, restored, deleted again and purged; and one beside it that stays.
pub(crate) async fn live(stack: &StackFile, tenant: &Tenant, admin: &Caller) {
    let path = format!("/v1/items/{}", tenant.id("one"));
    let kept = format!("/v1/items/{}", tenant.id("kept"));
    for path in [&path, &kept] {
        let made = put(admin, path, &json!({ "name": "bolts" })).await;
        assert!(matches!(made.status, 200 | 201), "{made:?}");
    }
    assert_eq!(
        put(admin, &path, &json!({ "name": "nuts" })).await.status,
        200
    );
    assert_eq!(admin.get(&path).await.json()["attributes"]["name"], "nuts");
    assert_eq!(admin.all("/v1/items").await.0.len(), 2);

    let id = admin.begin(&path).await;
    let deletion = admin.done(&id, SOON).await;
    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    assert_eq!(admin.get(&path).await.status, 410);
    assert_eq!(
        row(stack, tenant).await.unwrap()["deletion_id"],
        id.as_str()
    );

    act(admin, &id, "restore").await;
    let deletion = admin.done(&id, SOON).await;
    assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    assert_eq!(admin.get(&path).await.json()["attributes"]["name"], "nuts");
    assert!(
        !row(stack, tenant)
            .await
            .unwrap()
            .contains_key("deletion_id")
    );

    let id = admin.begin(&path).await;
    admin.done(&id, SOON).await;
    act(admin, &id, "purge").await;
    let deletion = admin.done(&id, SOON).await;
    assert_eq!(deletion["state"], "PURGED", "{deletion:#}");
    assert_eq!(row(stack, tenant).await, None);
    assert_eq!(admin.all("/v1/items").await.0.len(), 1);
}

/// The row of the record that is deleted, as the team's own table holds it.
async fn row(stack: &StackFile, tenant: &Tenant) -> Option<serde_json::Map<String, Value>> {
    let id = tenant.id("one");
    let mut items = tenant.stores.items(TABLES[0].name, ("item_id", &id)).await;
    assert!(items.len() <= 1, "{}: {items:?}", stack.endpoints.dynamodb);
    items.pop()
}

pub(crate) async fn put(caller: &Caller, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    caller.call(Method::PUT, path, &[], Some(&body)).await
}

pub(crate) async fn act(caller: &Caller, id: &str, action: &str) {
    let path = format!("/v1/deletions/{id}/{action}");
    let answer = caller.call(Method::POST, &path, &[], None).await;
    assert_eq!(answer.status, 202, "{action}: {answer:?}");
}

/// No function asked for anything that its role does not give.
pub(crate) async fn nothing_was_denied(stack: &StackFile) {
    for function in FUNCTIONS {
        let denied = logged(stack, function, "AccessDenied").await;
        assert!(denied.is_empty(), "{function}: {denied:#?}");
    }
}
