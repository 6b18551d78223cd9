//! Sizes as DynamoDB counts them, and the room that a deletion needs.

use serde_json::json;

use super::*;
use crate::collection::Collections;

const FILE: &str = r#"
    [notes]
    table       = "notes"
    key         = ["a"]
    tenant      = "owner"
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }

    [pages]
    table       = "pages"
    key         = ["a"]
    tenant      = "owner"
    strategy    = "archive"
    retention   = "30d"
    permissions = { delete = ["member"] }
"#;

fn most(value: &Value) -> usize {
    Count::Most.value(value)
}

fn fits(collection: &str, body: &Value, subject: usize) -> Result<(), TooLarge> {
    let collections = Collections::for_tests(FILE);
    let attributes = json!({ "a": "1", "owner": "acme", "body": body });
    let row = Row {
        key: RecordKey::stored("1", None),
        attributes: attributes.as_object().unwrap().clone(),
    };
    let tenant = Tenant::new("acme").unwrap();
    let collection = collections.get(collection).unwrap();
    leaves_room(collection, &tenant, &row, subject, Count::Most)
}

fn text(bytes: usize) -> Value {
    json!("x".repeat(bytes))
}

#[test]
fn an_item_has_the_bytes_of_its_names_and_values() {
    assert_eq!(most(&json!("é")), 2);
    assert_eq!((most(&json!(null)), most(&json!(true))), (1, 1));
    assert_eq!(most(&json!([])), 3);
    assert_eq!(most(&json!({})), 3);
    assert_eq!(most(&json!(["ab", null])), 3 + 3 + 2);
    assert_eq!(most(&json!({ "ab": "c" })), 3 + 1 + 3);
    assert_eq!(
        Count::Most.item(json!({ "ab": "c", "d": [1] }).as_object().unwrap()),
        3 + 1 + 3 + 1 + 2
    );
}

#[test]
fn a_number_has_a_byte_for_two_digits_that_say_something() {
    let number = |number: Value| (Count::Least.value(&number), most(&number));

    assert_eq!(number(json!(0)), (1, 2));
    assert_eq!(number(json!(7)), (2, 2));
    assert_eq!(number(json!(-7)), (2, 3));
    assert_eq!(number(json!(1_000_000)), (2, 2));
    assert_eq!(number(json!(1234)), (3, 4));
    assert_eq!(number(json!(1.5e300)), (2, 3));
}

#[test]
fn what_may_be_binary_has_three_quarters_at_least() {
    assert_eq!(Count::Least.value(&json!("AAAA")), 3);
    assert_eq!(Count::Least.value(&json!("AAA=")), 3);
    assert_eq!(Count::Least.value(&json!("A AA")), 4);
    assert_eq!(most(&json!("AAAA")), 4);
}

#[test]
fn a_row_that_can_be_marked_has_room_for_91_bytes_and_the_subject() {
    let rest = ITEM_BYTES - "a".len() - 1 - "owner".len() - 4 - "body".len() - 91 - 36;

    assert_eq!(fits("notes", &text(rest), 36), Ok(()));
    assert_eq!(
        fits("notes", &text(rest + 1), 36),
        Err(TooLarge::Bytes {
            bytes: ITEM_BYTES + 1
        })
    );
    assert_eq!(
        fits("notes", &text(rest), SUBJECT_BYTES),
        Err(TooLarge::Bytes {
            bytes: ITEM_BYTES + SUBJECT_BYTES - 36
        })
    );
}

#[test]
fn a_row_that_is_archived_needs_room_for_its_copy_too() {
    let room = |bytes: usize| fits("pages", &text(ITEM_BYTES - bytes), 36).is_ok();

    assert!(room(600));
    assert!(!room(300));
    let mut deep = json!(1);
    for _ in 0..LEVELS {
        deep = json!([deep]);
    }
    assert_eq!(fits("pages", &deep, 36), Ok(()));
    let deeper = json!({ "a": deep });
    assert_eq!(
        fits("pages", &deeper, 36),
        Err(TooLarge::Levels { levels: LEVELS + 1 })
    );
    assert_eq!(fits("notes", &deeper, 36), Ok(()));
}
