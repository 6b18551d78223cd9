//! Values of parameters: what is refused, and with which sentence; what an empty and a full list become.

use serde_json::json;

use super::cloudformation::Template;
use super::evaluate::{Deployment, EmptyList};

const DOMAIN: [(&str, &str); 3] = [
    ("SearchKind", "domain"),
    ("SearchEndpoint", "https://search.example"),
    ("SearchDomainName", "shop"),
];

const READINGS: [EmptyList; 3] = [
    EmptyList::OneMember,
    EmptyList::AllOfNone,
    EmptyList::NoneOfNone,
];

/// What is said to these values on top of a domain's, or instead of them; the same however an empty list is read.
fn refused(given: &[(&str, &str)]) -> Vec<String> {
    let template = Template::read();
    let mut values = DOMAIN.to_vec();
    values.extend(given);
    let said = READINGS.map(|empty| {
        let deployment = Deployment::new(&template, &values).reading(empty);
        (empty, deployment.refusals())
    });
    for (empty, others) in &said {
        assert_eq!(*others, said[0].1, "{empty:?}: {given:?}");
    }
    said[0].1.clone()
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

/// AWS documents neither what an empty list is in a rule nor what holds for each of no members.
#[test]
fn a_plain_deploy_passes_however_an_empty_list_is_read() {
    let template = Template::read();
    let table = "arn:aws:dynamodb:here:1:table/one";

    for empty in READINGS {
        for given in [vec![], vec![("DataTableArns", table)]] {
            let values = [DOMAIN.to_vec(), given].concat();
            let said = Deployment::new(&template, &values)
                .reading(empty)
                .refusals();
            assert!(said.is_empty(), "{empty:?}: {said:?}");
        }
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

/// These values of a parameter are let through, and those it refuses itself.
fn decides(table: &[(&str, &[&str], &[&str])]) {
    for (name, accepted, wrong) in table {
        for value in *accepted {
            let said = refused(&[(name, value), ("JwtAudience", "shop")]);
            assert!(said.is_empty(), "{name}={value}: {said:?}");
        }
        for value in *wrong {
            let said = refused(&[(name, value)]);
            let by_itself = said.len() == 1 && said[0].starts_with(&format!("{name}: "));
            assert!(by_itself, "{name}={value}: {said:?}");
        }
    }
}

#[test]
fn a_url_and_a_prefix_are_refused_by_their_own_parameters() {
    let (longest, longer) = ("x".repeat(100), "x".repeat(101));

    decides(&[
        (
            "JwtIssuer",
            &[
                "https://issuer.example",
                "https://issuer.example/",
                "https://issuer.example/realms/shop",
                "http://127.0.0.1:4566/us-east-1_pool",
                "http://localhost",
            ],
            &[
                "http://issuer.example",
                "http://localhost.example",
                "http://127.0.0.1.example/",
                "issuer.example",
                "https://",
            ],
        ),
        (
            "LocalEndpoint",
            &[
                "http://127.0.0.1:4566",
                "http://localhost:4566",
                "http://host.docker.internal:4566",
            ],
            &[
                "https://127.0.0.1:4566",
                "http://aws.example:4566",
                "http://127.0.0.1:4566/",
                "127.0.0.1:4566",
            ],
        ),
        (
            "SearchEndpoint",
            &[
                "https://search-mail-abc.eu-west-1.es.amazonaws.com",
                "https://abc.eu-west-1.aoss.amazonaws.com:443",
                "http://127.0.0.1:9200",
            ],
            &[
                "https://search.example/",
                "https://search.example/_dashboards",
                "http://search.example",
                "search.example",
            ],
        ),
        (
            "IndexPrefix",
            &["", "{stack}-", "shop-", "2shop_.", &longest],
            &[
                "Shop-", "-shop", "_shop", "{stack}", "shop*", "a,b", &longer,
            ],
        ),
        (
            "TablePrefix",
            &["", "{stack}-", "Shop-", "_", &longest],
            &["{stack}", "shop/", "shop*", &longer],
        ),
    ]);
}

#[test]
fn a_table_and_a_key_are_refused_by_their_own_parameters() {
    let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders";
    let other = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/Orders_v2.a-b";
    let both = format!("{arn}, {other}");
    let index = format!("{arn}/index/by_tenant");
    let every = "arn:aws:dynamodb:eu-west-1:123456789012:table/*";
    let one_of_them = format!("{arn}, orders");
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let keys = format!("{key}, {key}2");
    let alias = "arn:aws:kms:eu-west-1:123456789012:alias/orders";
    let with_alias = format!("{key}, {alias}");

    decides(&[
        (
            "TableNames",
            &[
                "",
                "orders=shop-orders-v2",
                "orders=shop-orders-v2,lines=Lines",
                "orders=shop-orders-v2, lines=Lines",
                " orders = a , lines = b ",
            ],
            &[
                "orders",
                "orders=",
                "orders=a,",
                "orders=a;lines=b",
                "orders=a,,lines=b",
                "orders=a=b",
            ],
        ),
        (
            "DataTableArns",
            &["", arn, other, &both],
            &["orders", every, &index, &one_of_them],
        ),
        ("WrittenTableArns", &[""], &["orders", every, &index]),
        (
            "DataKeyArns",
            &["", key, &keys],
            &["1234abcd", alias, &with_alias],
        ),
        ("CreateDemoTables", &["true", "false"], &["yes", ""]),
    ]);
    let kind = refused(&[("SearchKind", "Domain")]);
    assert_eq!(kind, ["SearchKind: not allowed"]);
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
