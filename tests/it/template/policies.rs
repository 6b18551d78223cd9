//! What each function may do: exactly the calls it makes, on exactly the things it makes them on.
//!
//! No table stands in the template, so the policies are read as CloudFormation makes them for tables that were given.
//! That it is the right list is shown by `cargo xtask test`, which refuses what is missing and names what nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cloudformation::Template;
use super::evaluate::Deployment;

/// Actions by the thing they are allowed on.
type Grants = BTreeMap<String, BTreeSet<String>>;

const TABLES: &str =
    "arn:aws:dynamodb:here:1:table/orders, arn:aws:dynamodb:here:1:table/order-lines";
const DOMAIN: [(&str, &str); 5] = [
    ("SearchKind", "domain"),
    ("SearchEndpoint", "https://search.example"),
    ("SearchDomainName", "shop"),
    ("DataTableArns", TABLES),
    ("WrittenTableArns", "arn:aws:dynamodb:here:1:table/orders"),
];
const LOG: &str = "logs:CreateLogStream PutLogEvents";

#[test]
fn api_may_accept_read_search_and_write() {
    let template = Template::read();

    assert_eq!(
        granted(&template, &DOMAIN, "ApiRole"),
        grants(&[
            (
                &["table/ControlTable"],
                "dynamodb:GetItem BatchGetItem Query PutItem DeleteItem"
            ),
            (&["table/ControlTable/index/by_tenant"], "dynamodb:Query"),
            (
                &["table/orders"],
                "dynamodb:BatchGetItem Query UpdateItem PutItem DeleteItem"
            ),
            (
                &["table/order-lines"],
                "dynamodb:BatchGetItem Query UpdateItem"
            ),
            (
                &["table/orders/index/*", "table/order-lines/index/*"],
                "dynamodb:Query"
            ),
            (&["DeletionQueue.Arn"], "sqs:SendMessage"),
            (
                &[
                    "domain/shop/tombstone-*/_search",
                    "domain/shop/tombstone-*/_bulk",
                    "domain/shop/tombstone-*/_mget",
                ],
                "es:ESHttpPost"
            ),
            (&["ApiLogGroup.Arn"], LOG),
        ])
    );
}

#[test]
fn consumer_may_mark_remove_end_a_restore_and_tell() {
    let template = Template::read();
    let mut expected = engine();
    for table in ["table/orders", "table/order-lines"] {
        let actions = ["PartiQLInsert", "UpdateItem", "ConditionCheckItem"];
        let actions = actions.map(|action| format!("dynamodb:{action}"));
        expected.get_mut(table).unwrap().extend(actions);
    }
    expected.extend(grants(&[(
        &["domain/shop/tombstone-*/_search"],
        "es:ESHttpPost",
    )]));
    let archive = ["PartiQLInsert", "PartiQLUpdate"].map(|action| format!("dynamodb:{action}"));
    expected
        .get_mut("table/ArchiveTable")
        .unwrap()
        .extend(archive);
    expected.extend(grants(&[
        (
            &["DeletionQueue.Arn"],
            "sqs:ReceiveMessage DeleteMessage GetQueueAttributes SendMessage",
        ),
        (&["schedule/RecordSchedules/*"], "scheduler:DeleteSchedule"),
        (&["ConsumerLogGroup.Arn"], LOG),
    ]));

    assert_eq!(granted(&template, &DOMAIN, "ConsumerRole"), expected);
}

#[test]
fn sweeper_may_find_what_is_due_and_do_it() {
    let template = Template::read();
    let mut expected = engine();
    expected.extend(grants(&[
        (&["table/ControlTable/index/due"], "dynamodb:Query"),
        (&["domain/shop"], "es:DescribeDomain"),
        (&["DeletionQueue.Arn"], "sqs:SendMessage"),
        (&["SweeperLogGroup.Arn"], LOG),
    ]));
    for table in ["table/orders", "table/order-lines"] {
        let actions = expected.entry(table.to_owned()).or_default();
        actions.insert("dynamodb:Scan".to_owned());
    }

    assert_eq!(granted(&template, &DOMAIN, "SweeperRole"), expected);
}

#[test]
fn schedule_may_start_the_sweeper_and_nothing_else() {
    let template = Template::read();

    assert_eq!(
        granted(&template, &DOMAIN, "SweepScheduleRole"),
        grants(&[
            (&["SweeperFunction.Arn"], "lambda:InvokeFunction"),
            (&["SweepDlq.Arn"], "sqs:SendMessage"),
        ])
    );
}

#[test]
fn without_tables_and_without_a_search_nothing_of_them_is_granted() {
    let template = Template::read();
    let deployment = [("SearchKind", "none")];
    let own = ["table/ControlTable", "table/ArchiveTable"];

    for role in ["ApiRole", "ConsumerRole", "SweeperRole"] {
        for (place, actions) in granted(&template, &deployment, role) {
            assert_ne!(place, "", "{role}: {actions:?}");
            assert!(!place.starts_with("domain/"), "{role}: {place}");
            let of_own = own.iter().any(|table| place.starts_with(table));
            assert!(of_own || !place.starts_with("table/"), "{role}: {place}");
        }
    }
}

#[test]
fn the_demos_tables_are_touched_like_attached_ones_and_beside_them() {
    let template = Template::read();
    let mut deployment = DOMAIN.to_vec();
    deployment.push(("CreateDemoTables", "true"));

    let api = granted(&template, &deployment, "ApiRole");

    let rows = &api["DemoTables.Outputs.AllTableArns"];
    assert!(rows.contains("dynamodb:BatchGetItem"), "{rows:?}");
    let written = &api["DemoTables.Outputs.AllWrittenTableArns"];
    assert!(written.contains("dynamodb:PutItem"), "{written:?}");
    let demo = Template::of("demo-tables.yaml");
    let nested = Deployment::new(&template, &deployment).resources()["DemoTables"].clone();
    let parameters = &nested["Parameters"];
    let (data, written) = (
        parameters["DataTableArns"].as_str().unwrap(),
        parameters["WrittenTableArns"].as_str().unwrap(),
    );
    let tables = tables_of(&demo, data, written);
    assert!(tables.0.starts_with("arn:aws:dynamodb:here:1:table/orders,arn:aws:dynamodb:here:1:table/order-lines,Discussions.Arn,"), "{}", tables.0);
    assert!(
        tables
            .1
            .starts_with("arn:aws:dynamodb:here:1:table/orders,Streams.Arn,"),
        "{}",
        tables.1
    );
    let alone = tables_of(&demo, "", "");
    assert!(alone.0.starts_with("Discussions.Arn,"), "{}", alone.0);
    assert!(alone.1.starts_with("Streams.Arn,"), "{}", alone.1);
}

#[test]
fn a_created_domain_a_serverless_collection_and_an_empty_prefix_are_reached() {
    let template = Template::read();
    let created = [("SearchKind", "created"), ("IndexPrefix", "")];
    let collection = "arn:aws:aoss:here:1:collection/shop";
    let serverless = [
        ("SearchKind", "serverless"),
        ("SearchEndpoint", "https://shop.example"),
        ("SearchCollectionArn", collection),
    ];

    let of_created = granted(&template, &created, "SweeperRole");
    let of_serverless = granted(&template, &serverless, "SweeperRole");

    assert!(of_created.contains_key("domain/SearchDomain/*/_bulk"));
    assert!(of_created.contains_key("domain/SearchDomain"));
    let actions = BTreeSet::from(["aoss:APIAccessAll".to_owned()]);
    assert_eq!(of_serverless[collection], actions);
    assert!(
        !of_serverless
            .keys()
            .any(|place| place.starts_with("domain/"))
    );
}

#[test]
fn keys_of_the_tables_are_used_by_way_of_dynamodb_only() {
    let template = Template::read();
    let mut deployment = DOMAIN.to_vec();
    let key = "arn:aws:kms:here:1:key/k";
    deployment.push(("DataKeyArns", key));

    for role in ["ApiRole", "ConsumerRole", "SweeperRole"] {
        let statements = statements(&template, &deployment, role);
        let of_key: Vec<_> = statements
            .iter()
            .filter(|statement| statement["Resource"] == json!([key]))
            .collect();
        assert_eq!(of_key.len(), 1, "{role}");
        assert_eq!(
            of_key[0]["Condition"],
            json!({ "StringEquals": { "kms:ViaService": "dynamodb.here.amazonaws.com" } })
        );
    }
    let without = granted(&template, &DOMAIN, "ApiRole");
    assert!(
        without
            .values()
            .flatten()
            .all(|action| !action.starts_with("kms:"))
    );
}

#[test]
fn attached_control_and_archive_tables_take_the_place_of_created_ones() {
    let template = Template::read();
    let mut deployment = DOMAIN.to_vec();
    deployment.extend([
        ("ControlTableName", "kept"),
        ("ArchiveTableName", "kept-rows"),
    ]);

    let made = Deployment::new(&template, &deployment).resources();
    let granted = granted(&template, &deployment, "SweeperRole");

    assert!(!made.contains_key("ControlTable") && !made.contains_key("ArchiveTable"));
    for place in ["table/kept", "table/kept/index/due", "table/kept-rows"] {
        assert!(granted.contains_key(place), "{place}");
    }
    assert!(!granted.keys().any(|place| place.contains("ControlTable")));
}

#[test]
fn roles_carry_the_boundary_and_the_path_and_reach_a_vpc() {
    let template = Template::read();
    let mut deployment = DOMAIN.to_vec();
    deployment.extend([
        ("PermissionsBoundaryArn", "arn:aws:iam::1:policy/limit"),
        ("RolePath", "/team/"),
        ("SubnetIds", "subnet-1, subnet-2"),
        ("SecurityGroupIds", "sg-1"),
    ]);

    let made = Deployment::new(&template, &deployment).resources();
    let plain = Deployment::new(&template, &DOMAIN).resources();

    for (id, _) in template.of_type("AWS::IAM::Role") {
        assert_eq!(
            made[id]["PermissionsBoundary"], "arn:aws:iam::1:policy/limit",
            "{id}"
        );
        assert_eq!(made[id]["Path"], "/team/", "{id}");
        assert!(plain[id]["PermissionsBoundary"].is_null(), "{id}");
        assert!(plain[id]["ManagedPolicyArns"].is_null(), "{id}");
    }
    for (id, _) in template.of_type("AWS::IAM::ManagedPolicy") {
        assert_eq!(made[id]["Path"], "/team/", "{id}");
    }
    let network = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole";
    for role in ["ApiRole", "ConsumerRole", "SweeperRole"] {
        assert_eq!(made[role]["ManagedPolicyArns"], json!([network]), "{role}");
    }
    let vpc = &template.section("Globals")["Function"]["VpcConfig"];
    assert_eq!(
        Deployment::new(&template, &deployment).resolved(vpc),
        json!({ "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"] })
    );
    assert!(Deployment::new(&template, &DOMAIN).resolved(vpc).is_null());
}

/// What consumer and sweeper do alike.
fn engine() -> Grants {
    grants(&[
        (
            &["table/ControlTable"],
            "dynamodb:GetItem PutItem DeleteItem",
        ),
        (
            &["table/orders", "table/order-lines"],
            "dynamodb:BatchGetItem Query PartiQLUpdate PartiQLDelete",
        ),
        (
            &["table/orders/index/*", "table/order-lines/index/*"],
            "dynamodb:Query",
        ),
        (
            &["table/ArchiveTable"],
            "dynamodb:BatchGetItem PartiQLDelete",
        ),
        (&["EventBus.Arn"], "events:PutEvents"),
        (
            &[
                "domain/shop/tombstone-*/_bulk",
                "domain/shop/tombstone-*/_mget",
            ],
            "es:ESHttpPost",
        ),
    ])
}

/// The two lists that the demo's template answers with.
fn tables_of(demo: &Template, data: &str, written: &str) -> (String, String) {
    let given = [
        ("TablePrefix", "t-"),
        ("DataTableArns", data),
        ("WrittenTableArns", written),
    ];
    let outputs = Deployment::new(demo, &given).outputs();
    let list = |name: &str| outputs[name].as_str().unwrap().to_owned();
    (list("AllTableArns"), list("AllWrittenTableArns"))
}

/// `service:Action Action …` on each of some things.
fn grants(lines: &[(&[&str], &str)]) -> Grants {
    let mut grants = Grants::new();
    for (places, line) in lines {
        let (service, actions) = line.split_once(':').unwrap();
        let actions: BTreeSet<String> = actions
            .split(' ')
            .map(|action| format!("{service}:{action}"))
            .collect();
        let places = places.iter().map(|place| (*place).to_owned());
        grants.extend(places.map(|place| (place, actions.clone())));
    }
    grants
}

fn granted(template: &Template, given: &[(&str, &str)], role: &str) -> Grants {
    let mut grants = Grants::new();
    for statement in statements(template, given, role) {
        assert_eq!(statement["Effect"], "Allow", "{role}");
        let resources = one_or_many(&statement["Resource"]);
        assert!(!resources.is_empty(), "{role}: {statement}");
        for resource in resources {
            let actions = one_or_many(&statement["Action"])
                .iter()
                .map(|action| action.as_str().unwrap().to_owned());
            grants.entry(place(resource)).or_default().extend(actions);
        }
    }
    grants
}

/// All statements of a role: its own, and those of the managed policies that name it.
fn statements(template: &Template, given: &[(&str, &str)], role: &str) -> Vec<Value> {
    let made = Deployment::new(template, given).resources();
    let own = made[role]["Policies"].as_array().unwrap();
    assert_eq!(
        own.len(),
        1,
        "{role}: one policy, so that it is read as a whole"
    );
    let shared = template
        .of_type("AWS::IAM::ManagedPolicy")
        .filter_map(|(id, _)| made.get(id))
        .filter(|policy| policy["Roles"].as_array().unwrap().contains(&json!(role)));
    own.iter()
        .chain(shared)
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap())
        .cloned()
        .collect()
}

fn one_or_many(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// An ARN without what says "in this account and region".
fn place(resource: &Value) -> String {
    let arn = resource.as_str().unwrap_or_else(|| panic!("{resource}"));
    ["dynamodb", "es", "scheduler"]
        .iter()
        .find_map(|service| arn.strip_prefix(&format!("arn:aws:{service}:here:1:")))
        .unwrap_or(arn)
        .to_owned()
}
