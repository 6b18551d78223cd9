//! The shipped collections on the data of the demo, in tables of this test's own: other tests put odd rows into the stack's.

use domain::collection::Collections;
use local::load::{self, Archive, Area, Kind, Mail, Shape};
use local::stack::StackFile;
use serde_json::{Value, json};
use tests::stacks::{stack, unique};
use tombstone::collections;
use tombstone::index::{self, SearchKind, Target};

use super::doctor;
use super::schema::Dynamo;

#[tokio::test]
async fn the_shipped_collections_fit_the_data_of_the_demo() {
    let Some(stack) = stack() else { return };
    let prefix = format!("{}-", unique("demo"));
    let collections = collections::read(None).unwrap();
    copy_tables(&stack, &prefix, &collections).await;
    let mut own = stack.clone();
    own.table_prefix.clone_from(&prefix);
    own.index_prefix.clone_from(&prefix);
    make_indexes(&own, &collections).await;
    fill(&own, &collections).await;

    let told = doctor(&stack, &prefix, None, &[]);
    let planned = doctor(&stack, &prefix, None, &["--plan"]);

    let dynamodb = Dynamo {
        stack: &stack,
        prefix: &prefix,
    };
    for collection in collections.iter() {
        dynamodb.remove(&collection.table).await;
    }
    assert_eq!(told.exit, Some(0), "{:#}", told.report);
    assert_eq!(
        (&told.report["verdict"], &told.report["warnings"]),
        (&json!("FITS"), &json!(0)),
        "{:#}",
        told.report["findings"]
    );
    let all = collections.iter().count();
    assert_eq!(told.report["collections"].as_array().unwrap().len(), all);
    for collection in told.report["collections"].as_array().unwrap() {
        assert_ne!(collection["sampled"], 0, "{collection:#}");
    }
    let arns = &planned.report["parameters"]["DataTableArns"];
    assert_eq!(arns.as_str().unwrap().split(',').count(), all);
}

async fn copy_tables(stack: &StackFile, prefix: &str, collections: &Collections) {
    let dynamodb = Dynamo { stack, prefix };
    for collection in collections.iter() {
        let body = json!({"TableName": load::table(stack, collection)});
        let described = dynamodb.call("DescribeTable", &body).await;
        let described = &described["Table"];
        let mut copy = json!({
            "TableName": format!("{prefix}{}", collection.table),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": described["KeySchema"],
            "AttributeDefinitions": described["AttributeDefinitions"],
        });
        if let Some(indexes) = described["GlobalSecondaryIndexes"].as_array() {
            copy["GlobalSecondaryIndexes"] = indexes
                .iter()
                .map(|index| {
                    json!({
                        "IndexName": index["IndexName"], "KeySchema": index["KeySchema"],
                        "Projection": index["Projection"],
                    })
                })
                .collect::<Value>();
        }
        dynamodb.call("CreateTable", &copy).await;
    }
}

async fn make_indexes(stack: &StackFile, collections: &Collections) {
    let target = Target {
        endpoint: stack.endpoints.opensearch.parse().unwrap(),
        kind: SearchKind::Domain,
        prefix: stack.index_prefix.clone(),
        signed: None,
        shards: 1,
        replicas: 0,
    };
    index::create(&target, collections).await.unwrap();
}

async fn fill(stack: &StackFile, collections: &Collections) {
    let list = unique("demo");
    let mail = Mail::of(collections).unwrap();
    let shape = Shape {
        list: list.clone(),
        discussions: 40,
        messages: 5,
        seed: 1,
    };
    let lines = load::generate(&shape).map(Ok);
    let archive = Archive::from_lines("generated", lines, &mail).unwrap();
    load::write(stack, &mail, &archive).await.unwrap();
    for kind in [Kind::Tasks, Kind::Learners, Kind::Chat, Kind::Notifications] {
        let area = Area::generated(kind, &list, 30, 1).unwrap();
        area.write(stack, collections).await.unwrap();
    }
}
