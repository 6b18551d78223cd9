//! The rules of the evaluation, by the examples of the pages that state them.

use super::*;

fn policies(documents: &[&str]) -> Policies {
    let mut policies = Policies::default();
    for document in documents {
        policies.add(document).unwrap();
    }
    policies
}

fn judged(policies: &Policies, access: &Access) -> Decision {
    policies.judge(access, |what| panic!("{what:?}"))
}

fn allowed(policies: &Policies, action: &str, resource: &str) -> bool {
    matches!(
        judged(policies, &Access::new(action, resource)),
        Decision::Allowed { .. }
    )
}

/// IAM User Guide, "Policy evaluation logic" (`reference_policies_evaluation-logic`): "By default, all requests are
/// implicitly denied … an explicit allow … overrides this default … an explicit deny in any policy overrides any allows".
#[test]
fn nothing_is_allowed_by_default_and_a_deny_wins() {
    let allow = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    let deny = r#"{"Statement": [{"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::b/*"}]}"#;
    let (action, object) = ("s3:DeleteObject", "arn:aws:s3:::b/o");

    assert_eq!(
        judged(&Policies::default(), &Access::new(action, object)),
        Decision::NotAllowed
    );
    assert!(allowed(&policies(&[allow]), action, object));
    for order in [[allow, deny], [deny, allow]] {
        assert_eq!(
            judged(&policies(&order), &Access::new(action, object)),
            Decision::ExplicitlyDenied
        );
        assert!(allowed(&policies(&order), "s3:GetObject", object));
    }
}

/// IAM User Guide, "IAM JSON policy elements: Action" (`reference_policies_elements_action`): "The prefix and the action
/// name are case insensitive"; `NotAction`: everything but what is listed.
#[test]
fn actions_are_listed_excepted_and_not_case_sensitive() {
    let listed = policies(&[
        r#"{"Statement": [{"Effect": "Allow", "Action": ["IAM:ListAccessKeys", "sqs:Send*"], "Resource": "*"}]}"#,
    ]);
    assert!(allowed(&listed, "iam:listaccesskeys", "*"));
    assert!(allowed(&listed, "sqs:SendMessage", "arn:aws:sqs:r:1:q"));
    assert!(!allowed(&listed, "sqs:ReceiveMessage", "arn:aws:sqs:r:1:q"));

    let excepted = policies(&[
        r#"{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}"#,
    ]);
    assert!(allowed(&excepted, "sqs:SendMessage", "*"));
    assert!(!allowed(&excepted, "iam:ListUsers", "*"));
}

/// IAM User Guide, "IAM JSON policy elements: `NotResource`" (`reference_policies_elements_notresource`), its example:
/// the two resources are excepted from the deny.
#[test]
fn resources_are_excepted() {
    let document = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "NotResource": [
            "arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"
        ]}
    ]}"#;
    let policies = policies(&[document]);

    assert!(allowed(
        &policies,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Payroll/a"
    ));
    assert!(!allowed(
        &policies,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Other"
    ));
}

/// DynamoDB Developer Guide, "Using IAM with DynamoDB transactions", example 2: allow only transactional operations.
#[test]
fn the_enclosing_operation_of_a_transaction_is_a_condition() {
    let document = r#"{"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Action": ["dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:GetItem"],
        "Resource": ["arn:aws:dynamodb:*:*:table/table04"],
        "Condition": {"ForAnyValue:StringEquals": {
            "dynamodb:EnclosingOperation": ["TransactWriteItems", "TransactGetItems"]
        }}
    }]}"#;
    let policies = policies(&[document]);
    let alone = Access::new(
        "dynamodb:PutItem",
        "arn:aws:dynamodb:us-west-2:123456789012:table/table04",
    );
    let part = Access {
        enclosing_operation: Some("TransactWriteItems"),
        ..alone.clone()
    };

    assert_eq!(judged(&policies, &alone), Decision::NotAllowed);
    assert!(matches!(judged(&policies, &part), Decision::Allowed { .. }));
}

/// Developer Guide of OpenSearch Service, "Identity and Access Management" (`ac`): sub-resources are the paths below
/// `domain/NAME/`, and a resource without `/*` is the domain itself.
#[test]
fn a_path_below_a_domain_is_a_resource_of_its_own() {
    let statement = |resource: &str| {
        format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Action": ["es:ESHttp*"], "Resource": "{resource}"}}]}}"#
        )
    };
    let search = "arn:aws:es:us-west-1:987654321098:domain/test-domain/commerce-data/_search";
    let allows = |resource: &str| {
        let document = statement(&format!(
            "arn:aws:es:us-west-1:987654321098:domain/{resource}"
        ));
        allowed(&policies(&[&document]), "es:ESHttpPost", search)
    };

    assert!(allows("test-domain/*"));
    assert!(allows("test-domain/commerce-data/*"));
    assert!(allows("test-domain/commerce-*/_search"));
    assert!(!allows("test-domain"));
    assert!(!allows("test-domain/other/*"));
}

#[test]
fn what_is_not_understood_allows_nothing_and_is_told() {
    let odd = |effect: &str, condition: &str, resource: &str| {
        let document = format!(
            r#"{{"Statement": [{{"Sid": "S", "Effect": "{effect}", "Action": "s3:*", "Resource": "{resource}", "Condition": {condition}}}]}}"#
        );
        let mut told = Vec::new();
        let decision =
            policies(&[&document]).judge(&Access::new("s3:GetObject", "arn:aws:s3:::b"), |what| {
                told.push(what.0);
            });
        (decision, told)
    };

    let operator = odd("Allow", r#"{"DateLessThan": {"kms:ViaService": "x"}}"#, "*");
    assert_eq!(operator.0, Decision::NotAllowed);
    assert_eq!(operator.1, ["condition operator DateLessThan"]);
    let key = odd("Allow", r#"{"StringEquals": {"aws:SourceVpc": "x"}}"#, "*");
    assert_eq!(key.1, ["condition key aws:SourceVpc"]);
    let variable = odd("Allow", "{}", "arn:aws:s3:::${aws:username}*");
    assert_eq!(variable.0, Decision::NotAllowed);
    let deny = odd("Deny", r#"{"StringEquals": {"aws:SourceVpc": "x"}}"#, "*");
    assert_eq!(deny.0, Decision::ExplicitlyDenied);
    assert!(Policies::default().add(r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#).is_err());
}

#[test]
fn the_statement_that_allows_is_told_with_its_own_words() {
    let policies = policies(&[r#"{"Statement": [
        {"Sid": "A", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"},
        {"Sid": "B", "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b*"]},
        {"Sid": "C", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    ]}"#]);

    let decision = judged(&policies, &Access::new("s3:ListBucket", "arn:aws:s3:::bee"));

    assert_eq!(
        decision,
        Decision::Allowed {
            statement: 1,
            action: "s3:List*".into(),
            resource: "arn:aws:s3:::b*".into(),
        }
    );
}
