//! Records whose keys are made of parts: what clients call them, and who may know of them where the tenant is a part of
//! the parent's key.

use domain::key::RecordKey;
use serde_json::{Value, json};

use super::event::Event;
use super::world::{Answer, World};

const LPAS: &str = r#"
[applications]
table       = "lpas"
key         = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "DONOR#{owner}" }]
tenant      = { part = "owner" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"], restore = ["member"], audit = ["member"] }

[attorneys]
table       = "lpas"
key         = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "ATTORNEY#{attorney}" }]
tenant      = { from = "parent" }
parent      = { collection = "applications", by = ["application"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
serve       = ["read", "write"]
permissions = { read = ["member"], delete = ["member"], restore = ["member"], audit = ["member"], destroy_all = ["member"] }
"#;

/// What is below an attorney: its tenant is two levels above it.
const SIGNATURES: &str = r#"
[signatures]
table       = "lpas"
key         = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "SIGNED#{attorney}" }]
tenant      = { from = "parent" }
parent      = { collection = "attorneys", by = ["application", "attorney"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"], destroy_all = ["member"] }
"#;

/// An application of `acme` with an attorney, one of `globex` with another, and an attorney below none.
fn world() -> World {
    let world = World::with(LPAS);
    for (collection, pk, sk) in [
        ("applications", "LPA#a-1", "DONOR#acme"),
        ("attorneys", "LPA#a-1", "ATTORNEY#x"),
        ("applications", "LPA#a-10", "DONOR#globex"),
        ("attorneys", "LPA#a-10", "ATTORNEY#y"),
        ("attorneys", "LPA#a-100", "ATTORNEY#z"),
    ] {
        let row = json!({ "PK": pk, "SK": sk, "name": "n" });
        world.put_row(collection, row.as_object().unwrap().clone());
    }
    world
}

fn attorney(application: &str, id: &str) -> RecordKey {
    RecordKey::stored(
        format!("LPA#{application}"),
        Some(&format!("ATTORNEY#{id}")),
    )
}

/// A request with this body.
fn with(method: &str, target: &str, body: &str) -> Event {
    Event::new(method, target)
        .header("content-type", "application/json")
        .body(body)
}

async fn ask(world: &World, method: &str, target: &str) -> Answer {
    world.call(Event::new(method, target)).await
}

#[tokio::test]
async fn a_record_is_called_by_the_parts_that_the_token_does_not_say() {
    let world = world();

    let shown = ask(&world, "GET", "/v1/applications/a-1").await;
    let listed = ask(&world, "GET", "/v1/attorneys?parent=a-1").await;
    let deleted = ask(&world, "DELETE", "/v1/applications/a-1").await;

    assert_eq!((shown.status, &shown.body["id"]), (200, &json!("a-1")));
    assert_eq!(shown.body.get("sort"), None);
    assert_eq!(shown.body["attributes"]["PK"], "LPA#a-1");
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "not that of a-10");
    assert_eq!(
        (&items[0]["id"], &items[0]["sort"]),
        (&json!("a-1"), &json!("x"))
    );
    assert_eq!((deleted.status, &deleted.body["id"]), (202, &json!("a-1")));
    let scope = &deleted.body["deletion"]["scope"];
    assert_eq!(scope["root"], json!({ "id": "a-1" }));
    let again = ask(&world, "GET", "/v1/applications/LPA%23a-1").await;
    assert_eq!(again.code(), "ID_NEEDS_QUERY");
}

#[tokio::test]
async fn another_tenants_parent_hides_what_is_below_it_like_what_is_not_there() {
    let world = world();
    let put = |target: &str| with("PUT", target, "{\"name\":\"m\"}");
    for (theirs, absent) in [("a-10/y", "a-9/y"), ("a-100/z", "a-9/z")] {
        let (theirs, absent) = (
            format!("/v1/attorneys/{theirs}"),
            format!("/v1/attorneys/{absent}"),
        );
        for method in ["GET", "DELETE"] {
            let (one, other) = (
                ask(&world, method, &theirs).await,
                ask(&world, method, &absent).await,
            );
            let code = |answer: &Answer| {
                let told = answer.body.get("code").or(answer.body.get("status"));
                (answer.status, told.cloned())
            };
            assert_eq!(code(&one), code(&other), "{method} {theirs}");
            assert_eq!(one.body.get("deletion"), other.body.get("deletion"));
        }
        let (one, other) = (
            world.call(put(&theirs)).await,
            world.call(put(&absent)).await,
        );
        assert_eq!((one.status, one.code()), (other.status, other.code()));
    }
    let listed = ask(&world, "GET", "/v1/attorneys?parent=a-10").await;
    let absent = ask(&world, "GET", "/v1/attorneys?parent=a-9").await;
    assert_eq!(listed.body["items"], absent.body["items"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn what_a_tenant_has_deleted_is_not_told_to_another_one() {
    let world = world();
    let of =
        |method: &str| Event::new(method, "/v1/attorneys/a-10/y").by("grace", "globex", "[admin]");
    let deleted = world.call(of("DELETE")).await;
    assert_eq!(
        (deleted.status, &deleted.body["status"]),
        (202, &json!("PENDING_DELETE"))
    );

    let told = world.call(of("GET")).await;
    let stranger = ask(&world, "GET", "/v1/attorneys/a-10/y").await;
    let absent = ask(&world, "GET", "/v1/attorneys/a-9/y").await;

    assert_eq!((told.status, told.code()), (410, "RECORD_DELETED"));
    assert_eq!(
        (stranger.status, stranger.code()),
        (absent.status, absent.code())
    );
    let again = ask(&world, "DELETE", "/v1/attorneys/a-10/y").await;
    assert_eq!(again.body["status"], "ALREADY_DELETED");
    assert_eq!(again.body["deletion"], Value::Null);
}

#[tokio::test]
async fn a_record_is_written_below_the_callers_own_parent_only() {
    let world = world();
    let put = |target: &str| with("PUT", target, "{\"name\":\"m\"}");

    let own = world.call(put("/v1/attorneys/a-1/new")).await;
    let other = world.call(put("/v1/attorneys/a-10/new")).await;

    assert_eq!(own.status, 201, "{}", own.body);
    assert_eq!(
        world.row("attorneys", &attorney("a-1", "new"))["SK"],
        "ATTORNEY#new"
    );
    assert_eq!((other.status, other.code()), (409, "PARENT_NOT_LIVE"));
}

#[tokio::test]
async fn many_are_deleted_below_one_parent_and_not_by_their_ids_alone() {
    let world = world();
    let all = |parent: &str| {
        with(
            "POST",
            "/v1/attorneys/destroy_all",
            &format!("{{\"all\":true,\"parent\":\"{parent}\",\"validate_only\":true}}"),
        )
    };
    let ids = "{\"ids\":[{\"id\":\"a-10\",\"sort\":\"y\"}]}";

    let own = world.call(all("a-1")).await;
    let other = world.call(all("a-10")).await;
    let by_ids = world
        .call(with("POST", "/v1/attorneys/destroy_all", ids))
        .await;

    assert_eq!((own.status, &own.body["count"]), (200, &json!(1)));
    assert_eq!(own.body["sample"][0]["sort"], "x");
    assert_eq!((other.status, &other.body["count"]), (200, &json!(0)));
    assert_eq!((by_ids.status, by_ids.code()), (400, "INVALID_FIELD"));
    assert_eq!(by_ids.pointers(), ["/body/parent"]);
}

#[tokio::test]
async fn what_is_two_levels_below_another_tenants_record_is_neither_counted_nor_deleted() {
    let world = World::with(&format!("{LPAS}{SIGNATURES}"));
    for (collection, pk, sk) in [
        ("applications", "LPA#a-10", "DONOR#globex"),
        ("attorneys", "LPA#a-10", "ATTORNEY#y"),
        ("signatures", "LPA#a-10", "SIGNED#y"),
    ] {
        let row = json!({ "PK": pk, "SK": sk });
        world.put_row(collection, row.as_object().unwrap().clone());
    }
    let target = "/v1/signatures/destroy_all";
    let all = |more: &str| {
        let parent = "{\"id\":\"a-10\",\"sort\":\"y\"}";
        with(
            "POST",
            target,
            &format!("{{\"all\":true,\"parent\":{parent}{more}}}"),
        )
    };

    let previewed = world.call(all(",\"validate_only\":true")).await;
    let listed = ask(&world, "GET", "/v1/signatures?parent=a-10&parent_sort=y").await;
    let deleted = world.call(all("")).await;

    assert_eq!(previewed.body["count"], 0, "{}", previewed.body);
    assert_eq!(listed.body["items"], json!([]), "{}", listed.body);
    assert_eq!(deleted.status, 202);
    let scope = &deleted.body["deletion"]["scope"]["collections"];
    assert_eq!(scope, &json!(["signatures"]));
    assert!(world.marked("signatures").is_empty());
}

#[tokio::test]
async fn an_id_that_is_another_tenants_key_is_refused() {
    let world = World::with(
        r#"
[docs]
table       = "docs"
key         = [{ attribute = "PK", is = ["{site}/docs#{doc}", "docs#{doc}"] }]
tenant      = { part = "site", default = "acme" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"] }
"#,
    );
    let row = json!({ "PK": "docs#x/docs#d-1" });
    world.put_row("docs", row.as_object().unwrap().clone());

    for id in ["x/docs%23d-1", "a%2Fdocs%23b"] {
        let answer = ask(&world, "GET", &format!("/v1/docs?id={id}")).await;
        assert_eq!((answer.status, answer.code()), (400, "INVALID_ID"), "{id}");
    }
}

#[tokio::test]
async fn records_without_rows_are_deleted_one_by_one() {
    let world = World::with(
        r#"
[customers]
table       = "transactions"
key         = [{ attribute = "pk", is = "{realm}|CUST#{customer}" }]
row         = "none"
tenant      = { part = "realm" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["member"], destroy_all = ["member"] }

[transactions]
table       = "transactions"
key         = [{ attribute = "pk", is = "{realm}|CUST#{customer}" }, { attribute = "sk", is = "TXN#{transaction}" }]
tenant      = { part = "realm" }
parent      = { collection = "customers", by = ["realm", "customer"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], restore = ["member"], audit = ["member"] }
"#,
    );
    for (pk, sk) in [
        ("acme|CUST#1", "TXN#1"),
        ("acme|CUST#1", "TXN#2"),
        ("acme|CUST#12", "TXN#1"),
    ] {
        let row = json!({ "pk": pk, "sk": sk });
        world.put_row("transactions", row.as_object().unwrap().clone());
    }
    let by_ids = with("POST", "/v1/customers/destroy_all", "{\"ids\":[\"1\"]}");

    let refused = world.call(by_ids).await;
    let deleted = ask(&world, "DELETE", "/v1/customers/1").await;
    let again = ask(&world, "DELETE", "/v1/customers/1").await;
    let hidden = ask(&world, "GET", "/v1/transactions/1/1").await;
    let other = ask(&world, "GET", "/v1/transactions?parent=12").await;
    let absent = ask(&world, "DELETE", "/v1/customers/9").await;

    assert_eq!((refused.status, refused.code()), (400, "INVALID_FIELD"));
    assert_eq!((deleted.status, deleted.code()), (202, "PENDING_DELETE"));
    assert_eq!(deleted.body["id"], "1");
    let scope = &deleted.body["deletion"]["scope"];
    assert_eq!(
        (&scope["root"], &scope["parent"]),
        (&Value::Null, &json!({ "id": "1" }))
    );
    assert_eq!((again.status, again.code()), (202, "ALREADY_DELETED"));
    assert_eq!(
        (hidden.status, hidden.code()),
        (410, "RECORD_DELETED"),
        "at once"
    );
    assert_eq!(other.ids(), ["12"]);
    assert_eq!((absent.status, absent.code()), (202, "ALREADY_DELETED"));
}

/// The row, what is hidden, the parent; the write; what is hidden and the parent once more. A record that is not there yet
/// takes no less.
#[tokio::test]
async fn a_write_reads_a_parent_that_says_whose_its_record_is_once_before_it_and_once_after() {
    for attorney in ["x", "new"] {
        let world = world();
        let before = world.faults.calls();

        let target = format!("/v1/attorneys/a-1/{attorney}");
        let put = world.call(with("PUT", &target, "{\"name\":\"m\"}")).await;

        assert!(matches!(put.status, 200 | 201), "{put:?}");
        assert_eq!(world.faults.calls() - before, 6, "{attorney}");
    }
}
