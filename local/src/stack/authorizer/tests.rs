//! The fault that the local stack could not see before: every restore of a deletion with a root was refused on AWS.

use axum::http::Method;

use super::access::{Request, of_service};
use super::policy::{Decision, Policies};
use super::refusal::Voice;
use super::scope::Scope;

/// The row statements of the consumer's role before the mend, resolved for two tables.
const BEFORE: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "Deletions", "Effect": "Allow",
     "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"],
     "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/control"},
    {"Sid": "MarkAndRemoveRows", "Effect": "Allow",
     "Action": ["dynamodb:BatchGetItem", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"],
     "Resource": ["arn:aws:dynamodb:us-east-1:000000000000:table/tombstone-discussions",
                  "arn:aws:dynamodb:us-east-1:000000000000:table/tombstone-messages"]}
]}"#;

/// What the mend adds.
const MEND: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "EndRestores", "Effect": "Allow",
     "Action": ["dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"],
     "Resource": ["arn:aws:dynamodb:us-east-1:000000000000:table/tombstone-discussions",
                  "arn:aws:dynamodb:us-east-1:000000000000:table/tombstone-messages"]}
]}"#;

/// The last transaction of a restore of one message: `META`, the root, its parent.
const RESTORE: &str = r##"{"TransactItems": [
    {"Put": {"TableName": "control", "Item": {"pk": {"S": "T#acme#D#1"}, "sk": {"S": "META"}},
             "ConditionExpression": "revision = :before AND v <= :known",
             "ExpressionAttributeValues": {":before": {"N": "7"}, ":known": {"N": "1"}},
             "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
    {"Update": {"TableName": "tombstone-messages",
                "Key": {"discussion_id": {"S": "d"}, "message_id": {"S": "m"}},
                "UpdateExpression": "REMOVE #0, #1, #2", "ConditionExpression": "#2 = :0",
                "ExpressionAttributeNames": {"#0": "date_delete", "#1": "deleted_by", "#2": "deletion_id"},
                "ExpressionAttributeValues": {":0": {"S": "1"}}}},
    {"ConditionCheck": {"TableName": "tombstone-discussions", "Key": {"discussion_id": {"S": "d"}},
                        "ConditionExpression": "#0 = :0 AND (attribute_not_exists(#1) OR attribute_type(#1, :1))",
                        "ExpressionAttributeNames": {"#0": "tenant_id", "#1": "date_delete"},
                        "ExpressionAttributeValues": {":0": {"S": "acme"}, ":1": {"S": "NULL"}}}}
]}"##;

/// What each part of the transaction is told: nothing where it is allowed.
fn told(documents: &[&str]) -> Vec<Option<String>> {
    let mut policies = Policies::default();
    for document in documents {
        policies.add(document).unwrap();
    }
    let scope = Scope {
        region: "us-east-1".into(),
        service: "dynamodb".into(),
        ..Scope::default()
    };
    let accesses = of_service(&Request {
        scope: &scope,
        account: "000000000000",
        target: "DynamoDB_20120810.TransactWriteItems",
        method: &Method::POST,
        uri: &"/".parse().unwrap(),
        body: RESTORE.as_bytes(),
    })
    .unwrap();
    let caller = "arn:aws:sts::000000000000:assumed-role/ConsumerRole/consumer";
    let told = accesses.iter().map(|access| {
        let decision = policies.judge(access, |what| panic!("{what:?}"));
        let allowed = matches!(decision, Decision::Allowed { .. });
        let refusal = Voice::Json.denies(caller, &access.action, &access.resource, &decision);
        (!allowed).then_some(refusal.text)
    });
    told.collect()
}

#[test]
fn a_restore_was_refused_to_a_consumer_that_may_only_use_partiql_on_rows() {
    let refused = |action: &str, table: &str| {
        Some(format!(
            "User: arn:aws:sts::000000000000:assumed-role/ConsumerRole/consumer is not authorized to perform: \
             dynamodb:{action} on resource: arn:aws:dynamodb:us-east-1:000000000000:table/tombstone-{table} because no \
             identity-based policy allows the dynamodb:{action} action"
        ))
    };

    let before = told(&[BEFORE]);

    assert_eq!(
        before,
        [
            None,
            refused("UpdateItem", "messages"),
            refused("ConditionCheckItem", "discussions"),
        ]
    );
}

#[test]
fn a_restore_is_allowed_when_the_parts_of_its_transaction_are() {
    assert_eq!(told(&[BEFORE, MEND]), [None, None, None]);
}
