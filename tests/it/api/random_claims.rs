//! Group claims of every form, each told in every form that can be configured: who is in which group is said by a list
//! or by the one form that is configured, and by nothing else.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Value, json};
use testing::samples::key;
use wiring::config::GroupsForm;

use super::event::Event;
use super::stories::tell;
use super::world::World;

/// How many claims the gate tries.
const CLAIMS: u32 = 400;

/// Groups that may delete discussions, that may do nothing to posts, and others that look like them.
const NAMES: [&str; 9] = [
    "admin",
    "guest",
    "ops",
    "Admin",
    "admin2",
    "not",
    "ad",
    "min",
    "\"admin\"",
];

#[derive(Debug, Clone)]
enum Claim {
    None,
    List(Vec<String>),
    Text(String),
    Other(Value),
}

fn claims() -> impl Strategy<Value = Claim> {
    let name = || select(NAMES.to_vec()).prop_map(str::to_owned);
    let mark = select(vec![
        " ", ",", ", ", "[", "]", "\"", "'", ";", "|", "\\", "\n", "\u{a0}", "{", "}", ":", "(",
        "\t", "",
    ]);
    let mark = mark.prop_map(str::to_owned);
    let piece = prop_oneof![3 => name(), 3 => mark];
    let odd = vec(piece, 0..7).prop_map(|pieces| pieces.concat());
    let names = || vec(name(), 0..4);
    prop_oneof![
        1 => Just(Claim::None),
        3 => names().prop_map(Claim::List),
        1 => vec(prop_oneof![Just("ops,admin"), Just("[admin]"), Just("ops admin"), Just("")], 1..3)
            .prop_map(|names| Claim::List(names.into_iter().map(str::to_owned).collect())),
        6 => odd.prop_map(Claim::Text),
        1 => names().prop_map(|names| Claim::Text(names.join(","))),
        1 => names().prop_map(|names| Claim::Text(names.join(" "))),
        1 => names().prop_map(|names| Claim::Text(format!("[{}]", names.join(", ")))),
        1 => names().prop_map(|names| Claim::Text(json!(names).to_string())),
        1 => select(vec![json!(7), json!(true), json!({ "admin": true }), json!(["admin", 7]), json!([["admin"]]), json!([null])])
            .prop_map(Claim::Other),
    ]
}

/// The groups, or `None` where nobody can tell; said here once more, by what a name may hold.
fn groups(claim: &Claim, form: GroupsForm) -> Option<Vec<String>> {
    let plain = |name: &str, beside: &str| {
        let holds = |c: char| c.is_ascii_alphanumeric() || beside.contains(c);
        (!name.is_empty() && name.chars().all(holds)).then(|| name.to_owned())
    };
    let text = match claim {
        Claim::None => return Some(Vec::new()),
        Claim::List(names) => return Some(names.clone()),
        Claim::Other(_) => return None,
        Claim::Text(text) if text.is_empty() => return Some(Vec::new()),
        Claim::Text(text) => text,
    };
    // A colon is no separator in any form.
    match form {
        GroupsForm::One => Some(vec![plain(text, ":")?]),
        GroupsForm::Commas => text
            .split(',')
            .map(|name| plain(name.trim_matches(' '), ": "))
            .collect(),
        GroupsForm::Spaces => text.split(' ').map(|name| plain(name, ":")).collect(),
        GroupsForm::Brackets => match text.strip_prefix('[')?.strip_suffix(']')? {
            "" => Some(Vec::new()),
            inside => inside
                .split(',')
                .map(|name| plain(name.trim_matches(' '), ": "))
                .collect(),
        },
        GroupsForm::Json => serde_json::from_str(text).ok(),
    }
}

async fn one((claim, form, has_token): (Claim, GroupsForm, bool)) {
    let mut world = World::new();
    world.groups_form = form;
    world.put("discussions", &key("d-1"));
    world.put("posts", &key("p-1"));
    let mut payload = json!({ "sub": "bob", "custom:tenant": "acme" });
    match &claim {
        Claim::None => {}
        Claim::List(names) => payload["cognito:groups"] = json!(names),
        Claim::Text(text) => payload["cognito:groups"] = json!(text),
        Claim::Other(value) => payload["cognito:groups"] = value.clone(),
    }
    let event = |method, target| {
        let event = Event::new(method, target).with_token(&payload);
        if has_token {
            event
        } else {
            event.without_header("authorization")
        }
    };
    // A gateway writes a list in brackets: what has none is one name, where the form itself has brackets.
    let expected = match (&claim, form) {
        (Claim::Text(text), _) if !has_token && text == "[]" => Some(Vec::new()),
        (Claim::Text(_), GroupsForm::Brackets | GroupsForm::Json) if !has_token => {
            groups(&claim, GroupsForm::One)
        }
        _ => groups(&claim, form),
    };
    let holds = |group: &str| {
        let names = expected.as_ref();
        names.map(|names| names.iter().any(|name| name == group))
    };

    let deleted = world.call(event("DELETE", "/v1/discussions/d-1")).await;
    let read = world.call(event("GET", "/v1/posts/p-1")).await;

    // Nobody is in a group that the claim does not say for certain.
    let may_delete = holds("admin") == Some(true);
    let is_denied = holds("guest") != Some(false);
    if has_token {
        assert_eq!(
            deleted.status,
            if may_delete { 202 } else { 403 },
            "{claim:?} as {form:?}"
        );
        assert_eq!(
            read.status,
            if is_denied { 403 } else { 200 },
            "{claim:?} as {form:?}"
        );
    } else {
        // What a gateway has made of the claim says less than the token, and never more.
        assert!(may_delete || deleted.status == 403, "{claim:?} as {form:?}");
        // What a gateway writes of a number or a flag is one name, and nobody's group.
        let is_name = matches!(claim, Claim::Other(Value::Number(_) | Value::Bool(_)));
        assert!(
            !is_denied || is_name || read.status == 403,
            "{claim:?} as {form:?}"
        );
    }
    assert_eq!(world.is_untouched(), deleted.status == 403);
}

#[test]
fn a_group_is_what_a_list_or_the_configured_form_says_and_is_never_guessed() {
    let forms = [
        GroupsForm::One,
        GroupsForm::Commas,
        GroupsForm::Spaces,
        GroupsForm::Brackets,
        GroupsForm::Json,
    ];
    tell(
        CLAIMS,
        (claims(), select(forms.to_vec()), any::<bool>()),
        one,
    );
}
