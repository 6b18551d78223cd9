//! Values of parameters: what is refused, and with which sentence; what an empty and a full list become.

use serde_json::json;

use super::cloudformation::Template;
use super::evaluate::Deployment;

const DOMAIN: [(&str, &str); 3] = [
    ("SearchKind", "domain"),
    ("SearchEndpoint", "https://search.example"),
    ("SearchDomainName", "shop"),
];

/// What the rules say to these values on top of a domain's, or instead of them.
fn refused(given: &[(&str, &str)]) -> Vec<String> {
    let template = Template::read();
    let mut values = DOMAIN.to_vec();
    values.extend(given);
    let deployment = Deployment::new(&template, &values);
    deployment
        .refusals()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_kind_of_search_asks_for_what_it_needs_and_for_nothing_else() {
    let nothing = [("SearchEndpoint", ""), ("SearchDomainName", "")];
    let with = |kind: &'static str, more: &[(&'static str, &'static str)]| {
        let mut given = vec![("SearchKind", kind)];
        given.extend(nothing);
        given.extend(more);
        refused(&given)
    };
    let endpoint = ("SearchEndpoint", "https://search.example");
    let collection = ("SearchCollectionArn", "arn:aws:aoss:here:1:collection/shop");
    let domain = ("SearchDomainName", "shop");

    assert!(refused(&[]).is_empty());
    assert!(with("created", &[]).is_empty());
    assert!(with("none", &[]).is_empty());
    assert!(with("serverless", &[endpoint, collection]).is_empty());

    for given in [vec![], vec![endpoint], vec![domain]] {
        let said = with("domain", &given);
        assert_eq!(
            said,
            ["SearchKind=domain needs SearchEndpoint and SearchDomainName"]
        );
    }
    for given in [vec![], vec![endpoint], vec![collection]] {
        let said = with("serverless", &given);
        assert_eq!(
            said,
            ["SearchKind=serverless needs SearchEndpoint and SearchCollectionArn"]
        );
    }
    for kind in ["created", "none"] {
        let said = with(kind, &[endpoint]);
        assert_eq!(
            said,
            ["SearchEndpoint is for SearchKind=domain or serverless"]
        );
        assert_eq!(
            with(kind, &[domain]),
            ["SearchDomainName is for SearchKind=domain"]
        );
        assert_eq!(
            with(kind, &[collection]),
            ["SearchCollectionArn is for SearchKind=serverless"]
        );
    }
}

#[test]
fn what_belongs_together_is_given_together() {
    let (one, other) = (
        "arn:aws:dynamodb:here:1:table/one",
        "arn:aws:dynamodb:here:1:table/other",
    );
    let vpc = "SubnetIds and SecurityGroupIds go together";
    let kept = "ControlTableName and ArchiveTableName go together, because deletions of the one may have rows in the other";

    assert_eq!(refused(&[("SubnetIds", "subnet-1")]), [vpc]);
    assert_eq!(refused(&[("SecurityGroupIds", "sg-1")]), [vpc]);
    assert!(
        refused(&[
            ("SubnetIds", "subnet-1"),
            ("SecurityGroupIds", "sg-1, sg-2")
        ])
        .is_empty()
    );
    assert_eq!(refused(&[("ControlTableName", "kept")]), [kept]);
    assert_eq!(refused(&[("ArchiveTableName", "kept")]), [kept]);
    assert_eq!(
        refused(&[("JwtIssuer", "https://issuer.example")]),
        ["JwtIssuer needs JwtAudience, or tokens made for other clients would be accepted"]
    );
    assert_eq!(
        refused(&[("DataTableArns", one), ("WrittenTableArns", other)]),
        ["Every table of WrittenTableArns must stand in DataTableArns too"]
    );
    assert!(refused(&[("DataTableArns", one), ("WrittenTableArns", one)]).is_empty());
    assert_eq!(
        refused(&[(
            "CollectionsLayerArn",
            "arn:aws:lambda:here:1:layer:collections:1"
        )]),
        [
            "CollectionsLayerArn needs CollectionsDir, or the functions would not read what the layer brings"
        ]
    );
}

#[test]
fn an_empty_list_makes_nothing_and_a_full_one_is_passed_on_without_its_spaces() {
    let template = Template::read();
    let tables = "arn:aws:dynamodb:here:1:table/one, arn:aws:dynamodb:here:1:table/other";
    let mut full = DOMAIN.to_vec();
    full.push(("DataTableArns", tables));

    let without = Deployment::new(&template, &DOMAIN);
    let with = Deployment::new(&template, &full);

    assert!(!without.resources().contains_key("RecordsPolicy"));
    assert!(!without.outputs().contains_key("AttachedTableArns"));
    let rows = &with.resources()["RecordsPolicy"]["PolicyDocument"]["Statement"];
    assert_eq!(
        rows[0]["Resource"],
        json!([
            "arn:aws:dynamodb:here:1:table/one",
            "arn:aws:dynamodb:here:1:table/other"
        ])
    );
    assert_eq!(
        rows[1]["Resource"],
        json!([
            "arn:aws:dynamodb:here:1:table/one/index/*",
            "arn:aws:dynamodb:here:1:table/other/index/*"
        ])
    );
    assert_eq!(
        rows.as_array().unwrap().len(),
        2,
        "no keys, no statement on keys"
    );
}

#[test]
fn a_layer_and_the_local_endpoint_are_there_only_when_given() {
    let template = Template::read();
    let functions = &template.section("Globals")["Function"];
    let mut given = DOMAIN.to_vec();
    given.extend([
        (
            "CollectionsLayerArn",
            "arn:aws:lambda:here:1:layer:collections:1",
        ),
        ("LocalEndpoint", "http://127.0.0.1:4566"),
    ]);

    let without = Deployment::new(&template, &DOMAIN).resolved(functions);
    let with = Deployment::new(&template, &given).resolved(functions);

    assert_eq!(without["Layers"], json!([]));
    assert!(
        without["Environment"]["Variables"]
            .get("LOCAL_ENDPOINT")
            .is_none()
    );
    assert_eq!(
        with["Layers"],
        json!(["arn:aws:lambda:here:1:layer:collections:1"])
    );
    assert_eq!(
        with["Environment"]["Variables"]["LOCAL_ENDPOINT"],
        "http://127.0.0.1:4566"
    );
}
