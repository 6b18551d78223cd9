//! `GET /v1/collections`: what each collection offers this caller.

use domain::permission::{Action, Right, right};
use domain::principal::{Groups, Principal, Tenant};
use serde_json::{Value, json};

use super::event::Event;
use super::world::World;

/// One with filters of every kind, and one that only its vault may do anything in, with a collection below it.
const MORE: &str = r#"
[bells]
table       = "bells"
key         = ["bell_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"
author      = "ringer"
filters     = { time = "rung_at", type = "kind", group = ["group_type", "group_of"], opened = { attribute = "opened_at", op = "exists" }, place = ["town", "street"] }
serve       = ["read"]
permissions = { read = ["member"], write = ["member"], delete = ["author"], destroy_all = ["staff"], purge = ["author"] }

[sparks]
table       = "sparks"
key         = ["spark_id"]
tenant      = "owner"
strategy    = "erase"
permissions = { delete = ["member"], restore = ["member"] }

[safes]
table       = "safes"
key         = ["safe_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["vault"] }

[coins]
table       = "coins"
key         = ["coin_id"]
tenant      = "owner"
parent      = { collection = "safes", by = ["safe_id"], gsi = "by_safe", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["staff", "vault"], deny = ["guest"] }
"#;

async fn offered(world: &World, groups: &str) -> Vec<Value> {
    let event = Event::new("GET", "/v1/collections").by("bob", "acme", groups);
    let answer = world.call(event).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["next_cursor"], Value::Null);
    answer.body["items"].as_array().unwrap().clone()
}

fn named(items: &[Value], name: &str) -> Value {
    let found = items.iter().find(|item| item["name"] == name);
    found.cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_collection_says_what_it_serves_what_narrows_a_delete_and_what_the_caller_may() {
    let world = World::with(MORE);

    let items = offered(&world, "[staff]").await;

    assert_eq!(
        named(&items, "bells"),
        json!({
            "name": "bells",
            "key": ["bell_id"],
            "parent": null,
            "serve": ["read"],
            "filters": [
                { "name": "earlier_than", "takes": "time" },
                { "name": "group_id", "takes": "text" },
                { "name": "group_type", "takes": "text" },
                { "name": "later_than", "takes": "time" },
                { "name": "opened", "takes": "boolean" },
                { "name": "place", "takes": "texts" },
                { "name": "type", "takes": "text" },
            ],
            // Nobody writes there, whatever is granted.
            "may": { "read": "all", "write": "none", "delete": "own", "restore": "none", "purge": "own", "destroy_all": "all" },
        })
    );
    // What is erased comes back for nobody.
    assert_eq!(named(&items, "sparks")["may"]["restore"], "none");
}

#[tokio::test]
async fn collections_in_which_the_caller_may_do_nothing_are_left_out_everywhere() {
    let world = World::with(MORE);
    for (groups, safes, coins, above) in [
        ("[]", false, false, Value::Null),
        ("[staff]", false, true, Value::Null),
        ("[vault]", true, true, json!("safes")),
        ("[vault guest]", true, false, Value::Null),
    ] {
        let items = offered(&world, groups).await;

        assert_eq!(named(&items, "safes").is_object(), safes, "{groups}");
        let found = named(&items, "coins");
        assert_eq!(found.is_object(), coins, "{groups}");
        assert_eq!(found["parent"]["collection"], above, "{groups}");
        if coins {
            assert_eq!(found["parent"]["by"], json!(["safe_id"]));
        }
    }
}

#[tokio::test]
async fn the_list_is_in_name_order_and_says_what_the_rules_say() {
    let world = World::with(MORE);
    for groups in [&[][..], &["admin"], &["staff", "vault"], &["guest"]] {
        let caller = Principal {
            subject: "bob".to_owned(),
            tenant: Tenant::new("acme").unwrap(),
            groups: Groups::Known(groups.iter().map(|name| (*name).to_owned()).collect()),
        };

        let items = offered(&world, &format!("[{}]", groups.join(" "))).await;

        let names: Vec<&str> = items
            .iter()
            .filter_map(|item| item["name"].as_str())
            .collect();
        assert!(names.is_sorted(), "{names:?}");
        for item in &items {
            let collection = world.collection(item["name"].as_str().unwrap());
            for (name, action) in [
                ("read", Action::Read),
                ("delete", Action::Delete),
                ("purge", Action::Purge),
                ("destroy_all", Action::DestroyAll),
            ] {
                let expected = match right(&caller, collection, action) {
                    Right::Always => "all",
                    Right::OwnOnly => "own",
                    Right::Never => "none",
                };
                assert_eq!(item["may"][name], expected, "{name} of {item}");
            }
        }
    }
}

#[tokio::test]
async fn the_list_takes_no_parameter_no_body_and_no_other_method() {
    let world = World::new();
    for (event, code) in [
        (
            Event::new("GET", "/v1/collections?limit=1"),
            "UNKNOWN_PARAMETER",
        ),
        (
            Event::new("GET", "/v1/collections").body("{}"),
            "BODY_NOT_ALLOWED",
        ),
        (Event::new("PUT", "/v1/collections"), "METHOD_NOT_ALLOWED"),
        (
            Event::new("DELETE", "/v1/collections"),
            "METHOD_NOT_ALLOWED",
        ),
        (
            Event::new("GET", "/v1/collections").authorizer(json!(null)),
            "UNAUTHENTICATED",
        ),
        (
            Event::new("GET", "/v1/collections/x"),
            "COLLECTION_NOT_FOUND",
        ),
    ] {
        assert_eq!(world.call(event).await.code(), code);
    }
}
