//! Numbers of every form on their way through PUT, the table, GET and back: the same number each time, or a refusal.
//!
//! Over the real adapters on Dynoxide, which refuses what DynamoDB refuses. What a number is worth is computed here once
//! more, from its digits.

use std::sync::Arc;

use api::{handle, router};
use domain::collection::Collections;
use lambda_http::{Context, LambdaEvent};
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Map, Value, json};
use testing::samples::key;
use wiring::config::{ClaimNames, GroupsForm};

use super::event::Event;
use super::stories::tell;
use crate::on_tables::OnTables;

/// How many numbers the gate sends; more where `PROPTEST_CASES` says so.
const NUMBERS: u32 = 150;

const DECLARED: &str = r#"
[sums]
table       = "sums"
key         = ["sum_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
serve       = ["read", "write"]
permissions = { read = ["member"], write = ["member"], delete = ["admin"] }
"#;

/// What a number is worth: its sign, its digits without zeros at either end, and the power of ten of the last one.
type Worth = (bool, String, i32);

fn worth(text: &str) -> Worth {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (digits, power) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse().expect("a power")),
        None => (text, 0),
    };
    let mut power: i32 = power;
    let mut all = String::new();
    let mut is_behind_point = false;
    for digit in digits.chars() {
        if digit == '.' {
            is_behind_point = true;
            continue;
        }
        power -= i32::from(is_behind_point);
        all.push(digit);
    }
    while all.ends_with('0') {
        all.pop();
        power += 1;
    }
    let digits = all.trim_start_matches('0').to_owned();
    if digits.is_empty() {
        return (false, digits, 0);
    }
    (is_negative, digits, power)
}

/// A number as JSON may write it.
fn written() -> impl Strategy<Value = String> {
    let digits = prop_oneof![
        4 => "[0-9]{1,4}",
        2 => "[0-9]{15,20}",
        1 => "[0-9]{21,40}",
        1 => "[1-9]0{1,40}",
    ];
    let fraction = prop_oneof![
        3 => select(vec![String::new()]),
        2 => "\\.[0-9]{1,4}",
        1 => "\\.[0-9]{0,3}0{1,30}",
        1 => "\\.0{1,20}[0-9]{1,20}",
    ];
    let power = prop_oneof![
        3 => select(vec![String::new()]),
        1 => "[eE][+-]?[0-9]{1,2}",
        1 => "[eE][+-]?1[0-4][0-9]",
        1 => select(vec!["e125", "e126", "e-130", "e-131", "E308", "e-308", "e0", "E+00"]).prop_map(str::to_owned),
    ];
    (any::<bool>(), digits, fraction, power).prop_map(|(is_negative, digits, fraction, power)| {
        // JSON has no zeros before a number.
        let digits = match digits.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        let sign = if is_negative { "-" } else { "" };
        format!("{sign}{digits}{fraction}{power}")
    })
}

/// A number as DynamoDB may hold it: up to 38 digits, from 1e-130 to what is below 1e126.
fn stored() -> impl Strategy<Value = String> {
    let digits = prop_oneof![
        2 => "[1-9][0-9]{0,5}",
        2 => "[1-9][0-9]{14,19}",
        2 => "[1-9][0-9]{36}[1-9]",
        1 => select(vec!["0".to_owned()]),
    ];
    (any::<bool>(), digits, -130..=125_i32).prop_map(|(is_negative, digits, power)| {
        let most = 125 - i32::try_from(digits.len()).expect("few") + 1;
        let power = power.min(most);
        format!("{}{digits}E{power}", if is_negative { "-" } else { "" })
    })
}

/// A record on real tables.
struct Sums {
    world: OnTables,
}

impl Sums {
    fn new() -> Self {
        Self {
            world: OnTables::new(Collections::for_tests(DECLARED), "acme"),
        }
    }

    fn put(&self, n: &str) {
        let item = json!({
            "sum_id": { "S": "s" }, "realm": { "S": "acme" },
            "n": { "N": n }, "list": { "L": [{ "N": n }, { "S": "x" }, { "NS": [n] }] },
            "map": { "M": { "n": { "N": n } } },
        });
        let table = self.world.tables.names().of(self.world.collection("sums"));
        let item = item.as_object().expect("an item");
        self.world.tables.put_item(&table, item);
    }

    fn item(&self) -> Map<String, Value> {
        let sums = self.world.collection("sums");
        let table = self.world.tables.names().of(sums);
        let item = self.world.tables.item(&table, &key("s"), sums);
        item.expect("it is there")
    }

    async fn call(&self, event: Event) -> (i64, Value) {
        let claims = ClaimNames {
            subject: "sub".into(),
            tenant: "custom:tenant".into(),
            groups: "cognito:groups".into(),
            groups_form: GroupsForm::One,
        };
        let api = self.world.api(&self.world.faults());
        let event = LambdaEvent::new(event.decoded(), Context::default());
        let response = handle(router(Arc::new(api), claims), event).await;
        let response = serde_json::to_value(response).expect("it is JSON");
        let text = response["body"].as_str().unwrap_or_default();
        let mut body: Value = serde_json::from_str(text).unwrap_or_default();
        body["etag"] = response["headers"]["etag"].clone();
        (response["statusCode"].as_i64().expect("a status"), body)
    }

    async fn send(&self, body: &str, tag: Option<&str>) -> (i64, Value) {
        let event = Event::new("PUT", "/v1/sums/s")
            .header("content-type", "application/json")
            .body(body);
        self.call(match tag {
            Some(tag) => event.header("if-match", tag),
            None => event,
        })
        .await
    }

    async fn get(&self) -> Value {
        let (status, body) = self.call(Event::new("GET", "/v1/sums/s")).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

/// The three places of a number in an item.
fn places(item: &Map<String, Value>) -> [&Value; 3] {
    [
        &item["n"]["N"],
        &item["list"]["L"][0]["N"],
        &item["map"]["M"]["n"]["N"],
    ]
}

fn assert_worth(item: &Map<String, Value>, n: &str) {
    for place in places(item) {
        let there = place
            .as_str()
            .unwrap_or_else(|| panic!("{n} is no number: {item:?}"));
        assert_eq!(worth(there), worth(n), "{n} in {item:?}");
    }
}

/// Whether DynamoDB holds it.
fn is_in_range((_, digits, power): &Worth) -> bool {
    let digits = i32::try_from(digits.len()).expect("few");
    digits == 0 || (digits <= 38 && *power >= -130 && power + digits <= 126)
}

async fn send(sums: &Sums, n: String) {
    sums.put("1");

    let body = format!(r#"{{"n":{n},"list":[{n},"x"],"map":{{"n":{n}}}}}"#);
    let (status, answer) = sums.send(&body, None).await;

    if status != 200 {
        // As it was; and refused is only what a double or the table cannot hold.
        assert_worth(&sums.item(), "1");
        let is_of_double = n.parse::<f64>().is_ok_and(|double| {
            let shown = format!("{double:e}");
            worth(&shown) == worth(&n)
        });
        assert_eq!(status, 400, "{n}: {answer}");
        assert!(!is_of_double || !is_in_range(&worth(&n)), "{n}: {answer}");
        return;
    }
    assert_worth(&sums.item(), &n);
    let got = sums.get().await;
    assert_eq!(got["etag"], answer["etag"], "{n}");
    // What was sent as a number is shown as one.
    for shown in [&got["attributes"]["n"], &got["attributes"]["list"][0]] {
        assert!(shown.is_number(), "{n} is shown as {shown}");
        assert_eq!(worth(&shown.to_string()), worth(&n));
    }
    back(sums, &n, got).await;
}

/// What GET has shown is sent back with something else changed.
async fn back(sums: &Sums, n: &str, got: Value) {
    let before = sums.item();
    let mut attributes = got["attributes"].clone();
    attributes["subject"] = json!("new");

    let (status, answer) = sums
        .send(&attributes.to_string(), got["etag"].as_str())
        .await;

    assert_eq!(status, 200, "{n}: {answer}");
    let mut expected = before;
    expected.insert("subject".to_owned(), json!({ "S": "new" }));
    assert_eq!(sums.item(), expected, "{n}");
    assert_worth(&expected, n);

    // Also where a list has lost an item, and another was put before the rest.
    let list = attributes["list"].as_array_mut().expect("a list");
    list.insert(0, json!("first"));
    list.retain(|item| item != "x");
    let (status, answer) = sums.send(&attributes.to_string(), None).await;

    assert_eq!(status, 200, "{n}: {answer}");
    let moved = &sums.item()["list"]["L"];
    assert_eq!(moved[1], expected["list"]["L"][0], "{n}: {moved}");
}

async fn show(sums: &Sums, n: String) {
    sums.put(&n);

    let got = sums.get().await;

    for shown in [&got["attributes"]["n"], &got["attributes"]["map"]["n"]] {
        let text = shown
            .as_str()
            .map_or_else(|| shown.to_string(), str::to_owned);
        assert_eq!(worth(&text), worth(&n), "{n} is shown as {shown}");
    }
    back(sums, &n, got).await;
}

#[test]
fn a_number_of_any_form_that_is_put_is_the_same_in_the_table_and_back_or_refused() {
    let sums = Sums::new();
    tell(NUMBERS, written(), |n| send(&sums, n));
}

#[test]
fn a_number_of_the_table_is_shown_and_taken_back_as_the_same_number() {
    let sums = Sums::new();
    tell(NUMBERS, stored(), |n| show(&sums, n));
}

#[tokio::test]
async fn each_form_of_a_number_is_taken() {
    let sums = Sums::new();
    for n in [
        "0",
        "-0",
        "-0.0",
        "1.50",
        "1e2",
        "1E-7",
        "100000000000000000000",
        "0.000001",
        "9.9e125",
        "1e-130",
    ] {
        sums.put("1");
        let (status, answer) = sums.send(&format!(r#"{{"n":{n}}}"#), None).await;
        assert_eq!(status, 200, "{n}: {answer}");
        let there = sums.item()["n"]["N"].as_str().map(worth);
        assert_eq!(there, Some(worth(n)));
    }
}
