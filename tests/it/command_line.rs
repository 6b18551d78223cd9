//! `tombstone verify` on a real control table, with what version 1 has left in it; and that the template takes what
//! `tombstone doctor --plan` says.

use std::collections::BTreeMap;

use domain::deletion::DeletionId;
use domain::principal::Tenant;
use serde_json::{Map, Value, json};
use tombstone::collections;
use tombstone::doctor::plan::{Naming, Plan, Searched};
use tombstone::doctor::seen::TableSeen;
use tombstone::exit::Exit;
use tombstone::search::SearchKind;
use tombstone::verify::{Finding, Reason, Verification, verify};

use crate::on_tables::OnTables;
use crate::template::cloudformation::Template;
use crate::template::evaluate::Deployment;

type Item = Map<String, Value>;

/// Items of the control table as they were stored.
fn stored() -> Vec<Item> {
    let frozen: Value = serde_json::from_str(include_str!("compatibility/v1.json")).unwrap();
    serde_json::from_value(frozen["control"].clone()).unwrap()
}

/// The deletion of a discussion in `stored`, with exceptions.
fn id(stored: &[Item]) -> DeletionId {
    let mut keys = stored.iter().filter_map(|item| item["pk"]["S"].as_str());
    let key = keys.find(|key| key.ends_with("0003")).unwrap();
    key.rsplit_once('#').unwrap().1.parse().unwrap()
}

fn kind(item: &Item) -> &str {
    item["sk"]["S"].as_str().unwrap()
}

/// What the check says of the deletion when these items are in the table.
async fn verified(items: &[Item], tenant: &str) -> Verification {
    let world = OnTables::shipped("acme");
    for item in items {
        world.tables.put_item(&world.tables.control(), item);
    }
    let tenant = Tenant::new(tenant).unwrap();
    verify(&world.deletions(), &tenant, id(&stored()))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_whole_manifest_proves_the_certificate() {
    let found = verified(&stored(), "acme").await;

    assert_eq!((found.verdict, found.exit()), (Finding::Proved, Exit::Done));
    let shown = serde_json::to_value(&found).unwrap();
    assert_eq!(shown["verdict"], "PROVED");
    assert_eq!(shown.get("reason"), None);
    assert_eq!(shown["stated"]["requested_by"], "ada");
    for member in ["pages", "head", "counts"] {
        assert_eq!(shown["stated"][member], shown["recomputed"][member]);
    }
    let lines = found.lines();
    assert!(
        lines.last().unwrap().starts_with("PROVED: the 4 pages"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_page_that_is_missing_is_named_and_nothing_is_proved() {
    let mut items = stored();
    items.retain(|item| kind(item) != "P#00000003");

    let found = verified(&items, "acme").await;

    assert_eq!(
        (found.verdict, found.reason, found.exit()),
        (Finding::NotProved, Some(Reason::PageMissing), Exit::Differs)
    );
    assert_eq!(found.recomputed.as_ref().unwrap().pages, 2);
    assert_eq!(
        found.lines().last().unwrap(),
        "NOT PROVED: page 3 is missing"
    );
}

#[tokio::test]
async fn a_page_in_the_place_of_another_gives_another_head() {
    let mut items = stored();
    let pk = |item: &Item| item["pk"].clone();
    let ours = items
        .iter()
        .find(|item| kind(item) == "META" && pk(item)["S"].as_str().unwrap().ends_with("0003"));
    let ours = pk(ours.unwrap());
    let of = |number: &str| {
        let place = |item: &Item| pk(item) == ours && kind(item) == number;
        items.iter().position(place).unwrap()
    };
    let (second, third) = (of("P#00000002"), of("P#00000003"));
    let body = items[second]["body"].clone();
    items[third].insert("body".to_owned(), body);

    let found = verified(&items, "acme").await;

    assert_eq!(
        (found.verdict, found.reason),
        (Finding::NotProved, Some(Reason::OtherHead))
    );
    assert_ne!(
        found.recomputed.unwrap().head,
        found.stated.unwrap().figures.head
    );
}

#[tokio::test]
async fn without_its_exceptions_a_manifest_gives_other_counts() {
    let mut items = stored();
    items.retain(|item| !kind(item).starts_with("X#"));

    let found = verified(&items, "acme").await;

    assert_eq!(
        (found.verdict, found.reason, found.exit()),
        (Finding::NotProved, Some(Reason::OtherCounts), Exit::Differs)
    );
}

#[tokio::test]
async fn of_a_purged_deletion_whose_pages_are_dropped_nothing_can_be_said() {
    let mut items = stored();
    items.retain(|item| !kind(item).starts_with("P#"));
    for item in items.iter_mut().filter(|item| item["sk"]["S"] == "META") {
        item.insert("state".to_owned(), json!({"S": "PURGED"}));
    }

    let found = verified(&items, "acme").await;

    assert_eq!(
        (found.verdict, found.exit()),
        (Finding::ManifestDropped, Exit::Nothing)
    );
    assert_eq!(found.recomputed, None);
}

#[tokio::test]
async fn another_tenants_deletion_is_not_there() {
    let found = verified(&stored(), "globex").await;

    assert_eq!(
        (found.verdict, found.exit()),
        (Finding::NotFound, Exit::Nothing)
    );
    assert_eq!(found.stated, None);
}

#[test]
fn the_template_takes_the_parameters_of_every_plan() {
    let collections = collections::read(None).unwrap();
    let table = |name: &str| TableSeen {
        arn: format!("arn:aws:dynamodb:eu-west-1:111122223333:table/{name}"),
        kms_key: Some("arn:aws:kms:eu-west-1:111122223333:key/0a1b".to_owned()),
        ..TableSeen::default()
    };
    let tables: BTreeMap<String, TableSeen> = collections
        .iter()
        .map(|one| (one.name.to_string(), table(&one.table)))
        .collect();
    let naming = Naming {
        prefix: String::new(),
        names: BTreeMap::from([("tasks".to_owned(), "Tasks-v2".to_owned())]),
    };
    let searched = |kind, endpoint: &str| Searched {
        kind,
        endpoint: endpoint.parse().unwrap(),
        prefix: "shop-".to_owned(),
    };
    let domain = "https://search-shop-abcdefghij.eu-west-1.es.amazonaws.com";
    let serverless = "https://abc123.eu-west-1.aoss.amazonaws.com";
    let template = Template::read();

    for search in [
        None,
        Some(searched(SearchKind::Domain, domain)),
        Some(searched(SearchKind::Serverless, serverless)),
    ] {
        let plan = Plan::of(&collections, &tables, &naming, search.as_ref());

        assert!(plan.fill_in.is_empty(), "{:?}", plan.fill_in);
        let given = plan.parameters.iter();
        let given: Vec<_> = given.map(|(name, value)| (&**name, &**value)).collect();
        let refused = Deployment::new(&template, &given).refusals();
        assert!(refused.is_empty(), "{refused:?}");
    }
}
