//! The rules of `template.yaml` that no linter knows: how functions are built, what is kept, who is told.
//!
//! The queue's, the gateway's and the policies' rules have a file each.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::service::sweep::SweepReport;
use shared::telemetry::NAMESPACE;

use cloudformation::Template;

pub(crate) mod cloudformation;
mod gateway;
mod policies;
mod queues;

const FUNCTIONS: [(&str, &str); 3] = [
    ("ApiFunction", "api"),
    ("ConsumerFunction", "consumer"),
    ("SweeperFunction", "sweeper"),
];

#[test]
fn control_table_outlives_the_stack_and_can_be_turned_back() {
    let template = Template::read();
    let resource = template.resource("ControlTable");
    let table = &resource["Properties"];

    assert_eq!(resource["DeletionPolicy"], "Retain");
    assert_eq!(resource["UpdateReplacePolicy"], "Retain");
    assert_eq!(
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
    assert_eq!(
        table["TimeToLiveSpecification"],
        json!({ "AttributeName": "expires_at", "Enabled": true })
    );
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
}

#[test]
fn archive_outlives_the_stack_and_can_be_turned_back() {
    let template = Template::read();
    let resource = template.resource("ArchiveTable");
    let table = &resource["Properties"];

    assert_eq!(resource["DeletionPolicy"], "Retain");
    assert_eq!(resource["UpdateReplacePolicy"], "Retain");
    assert_eq!(
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
    // What is kept for ever must not expire.
    assert!(table["TimeToLiveSpecification"].is_null());
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        table["KeySchema"],
        json!([{ "AttributeName": "pk", "KeyType": "HASH" }])
    );
}

#[test]
fn control_table_has_the_key_and_indexes_that_the_adapter_asks_for() {
    let template = Template::read();
    let table = template.properties("ControlTable");
    let attributes = table["AttributeDefinitions"].as_array().unwrap();
    let key = |schema: &Value| -> Vec<String> {
        let parts = schema
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["AttributeName"].as_str().unwrap());
        let typed = |name| {
            &attributes
                .iter()
                .find(|a| a["AttributeName"] == name)
                .unwrap()["AttributeType"]
        };
        parts
            .map(|name| format!("{name} {}", typed(name).as_str().unwrap()))
            .collect()
    };
    let index = |name: &str| {
        let indexes = table["GlobalSecondaryIndexes"].as_array().unwrap();
        indexes
            .iter()
            .find(|index| index["IndexName"] == name)
            .unwrap()
    };

    assert_eq!(key(&table["KeySchema"]), ["pk S", "sk S"]);
    assert_eq!(
        key(&index("by_tenant")["KeySchema"]),
        ["tenant S", "deletion_id S"]
    );
    assert_eq!(
        index("by_tenant")["Projection"]["NonKeyAttributes"],
        json!(["collection", "requested_by"])
    );
    assert_eq!(key(&index("due")["KeySchema"]), ["due_shard S", "due_at N"]);
    assert_eq!(index("due")["Projection"]["ProjectionType"], "KEYS_ONLY");
}

#[test]
fn every_function_is_built_from_this_workspace_for_the_chosen_processor() {
    let template = Template::read();
    for (function, binary) in FUNCTIONS {
        let metadata = &template.resource(function)["Metadata"];
        assert_eq!(metadata["BuildMethod"], "rust-cargolambda", "{function}");
        assert_eq!(metadata["BuildProperties"]["Binary"], binary, "{function}");
        assert_eq!(template.of_function(function, "CodeUri"), ".", "{function}");
        assert_eq!(
            template.of_function(function, "Handler"),
            "bootstrap",
            "{function}"
        );
        assert_eq!(
            template.of_function(function, "Runtime"),
            "provided.al2023",
            "{function}"
        );
        assert_eq!(
            template.of_function(function, "Architectures"),
            &json!([{ "Ref": "Architecture" }]),
            "{function}"
        );
    }
}

#[test]
fn every_log_group_has_an_end_and_every_function_its_own() {
    let template = Template::read();
    for (id, group) in template.of_type("AWS::Logs::LogGroup") {
        assert_eq!(
            group["Properties"]["RetentionInDays"],
            json!({ "Ref": "LogRetentionDays" }),
            "{id}"
        );
    }
    let groups: BTreeSet<_> = FUNCTIONS
        .map(|(function, _)| {
            let logging = template.of_function(function, "LoggingConfig");
            assert_eq!(logging["LogFormat"], "JSON", "{function}");
            let group = logging["LogGroup"]["Ref"].as_str().unwrap();
            assert_eq!(template.resource(group)["Type"], "AWS::Logs::LogGroup");
            group
        })
        .into();
    assert_eq!(groups.len(), FUNCTIONS.len());
}

#[test]
fn somebody_is_told_of_dead_and_old_messages_of_failing_functions_and_of_drift() {
    let template = Template::read();
    let alarms: BTreeSet<String> = template
        .of_type("AWS::CloudWatch::Alarm")
        .map(|(id, alarm)| {
            let told = json!({ "Fn::If": ["HasAlarmTopic", [{ "Ref": "AlarmTopicArn" }], { "Ref": "AWS::NoValue" }] });
            let properties = &alarm["Properties"];
            assert_eq!(properties["AlarmActions"], told, "{id}");
            assert_eq!(properties["ComparisonOperator"], "GreaterThanThreshold", "{id}");
            if properties["Namespace"] == NAMESPACE {
                // A sweep's line has the metric under the name of its function; see functions/sweeper/src/lib.rs.
                let line = sweeper::metrics("sweeper", Timestamp::UNIX_EPOCH, &SweepReport::default());
                let line: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(line[properties["MetricName"].as_str().unwrap()], 0, "{id}");
                assert_eq!(properties["Dimensions"][0]["Name"], "FunctionName", "{id}");
            }
            let of = &properties["Dimensions"][0]["Value"];
            let of = of["Ref"].as_str().or_else(|| of["Fn::GetAtt"].as_str()).unwrap();
            format!("{} of {of} > {}", properties["MetricName"].as_str().unwrap(), properties["Threshold"])
        })
        .collect();

    let expected = [
        "ApproximateNumberOfMessagesVisible of DeletionDlq.QueueName > 0",
        "ApproximateNumberOfMessagesVisible of SweepDlq.QueueName > 0",
        "ApproximateAgeOfOldestMessage of DeletionQueue.QueueName > 1800",
        "Errors of ApiFunction > 0",
        "Errors of ConsumerFunction > 0",
        "Errors of SweeperFunction > 0",
        "DriftFound of SweeperFunction > {\"Ref\":\"DriftAlarmBound\"}",
        "Resurrected of SweeperFunction > 0",
        "NewerVersions of SweeperFunction > 0",
    ];
    assert_eq!(alarms, expected.map(str::to_owned).into());
}

#[test]
fn a_created_search_domain_is_closed_encrypted_and_kept() {
    let template = Template::read();
    let resource = template.resource("SearchDomain");
    let domain = &resource["Properties"];

    assert_eq!(
        (&resource["Condition"], &resource["DeletionPolicy"]),
        (&json!("CreateDomain"), &json!("Retain"))
    );
    assert_eq!(domain["EncryptionAtRestOptions"]["Enabled"], true);
    assert_eq!(domain["NodeToNodeEncryptionOptions"]["Enabled"], true);
    assert_eq!(domain["DomainEndpointOptions"]["EnforceHTTPS"], true);
    let roles = ["ApiRole", "ConsumerRole", "SweeperRole"]
        .map(|role| json!({ "Fn::GetAtt": format!("{role}.Arn") }));
    let statements = domain["AccessPolicies"]["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 1);
    assert_eq!(statements[0]["Principal"]["AWS"], json!(roles));
}

#[test]
fn every_parameter_is_described_and_every_output_of_the_local_stack_is_there() {
    let template = Template::read();
    for (name, parameter) in template.section("Parameters") {
        assert!(
            parameter["Description"]
                .as_str()
                .is_some_and(|text| text.len() > 10),
            "{name}"
        );
    }

    let outputs: BTreeSet<_> = template
        .section("Outputs")
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "ApiId",
        "ApiUrl",
        "ConsumerFunctionName",
        "ApiFunctionName",
        "SweeperFunctionName",
        "ControlTableName",
        "ArchiveTableName",
        "DeletionQueueUrl",
        "DeletionDlqUrl",
        "EventBusName",
        "UserPoolId",
        "UserPoolClientId",
        "TablePrefix",
        "IndexPrefix",
    ];
    assert_eq!(outputs, BTreeSet::from(expected));
}
