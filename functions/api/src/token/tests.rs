//! Only the verified token is read, and nothing beside it.

use axum::http::HeaderValue;
use serde_json::json;

use super::*;

fn claims(groups: &str) -> Claims {
    [
        ("iss", "https://issuer"),
        ("sub", "ann"),
        ("exp", "1795248000"),
        ("groups", groups),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .into()
}

fn genuine() -> Value {
    json!({ "iss": "https://issuer", "sub": "ann", "exp": 1_795_248_000, "groups": ["ops"] })
}

fn encode(payload: &str) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
}

fn sent(values: &[&str]) -> HeaderMap {
    let values = values
        .iter()
        .map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap()));
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        headers.append(name, value);
    }
    headers
}

fn is_taken(values: &[&str], claims: &Claims) -> bool {
    let token = super::sent(&sent(values), claims, &["sub", "groups"]);
    matches!(token, Token::Verified(_))
}

#[test]
fn the_verified_token_is_read_with_and_without_bearer() {
    let token = encode(&genuine().to_string());
    for sent in [
        token.clone(),
        format!("Bearer {token}"),
        format!("bearer {token}"),
        format!("BEARER   {token} "),
    ] {
        assert!(is_taken(&[&sent], &claims("[ops]")), "{sent}");
    }
}

#[test]
fn numbers_are_the_same_however_the_gateway_writes_them() {
    let token = encode(&genuine().to_string());
    for (exp, is_same) in [
        ("1795248000", true),
        ("1.795248E9", true),
        ("1.795248e+09", true),
        ("1795248000.0", true),
        ("1795248001", false),
        ("Sat Nov 21", false),
        ("", false),
    ] {
        let mut claims = claims("[ops]");
        claims.insert("exp".to_owned(), exp.to_owned());

        assert_eq!(is_taken(&[&token], &claims), is_same, "{exp}");
    }
}

#[test]
fn a_token_that_is_not_the_verified_one_is_not_read() {
    for (name, value) in [
        ("iss", json!("https://other")),
        ("iss", Value::Null),
        ("sub", json!("bob")),
        ("sub", Value::Null),
        ("exp", json!(1_795_248_001)),
        ("exp", Value::Null),
        // Not signed, and right in everything else.
        ("groups", json!(["admin"])),
        ("groups", json!(["ops", "admin"])),
        ("groups", json!(["o", "ps"])),
        ("groups", json!([])),
        ("groups", json!("admin")),
        ("groups", Value::Null),
    ] {
        let mut forged = genuine();
        forged[name] = value.clone();
        let token = encode(&forged.to_string());

        assert!(!is_taken(&[&token], &claims("[ops]")), "{name} {value}");
    }
    let mut without = claims("[ops]");
    without.remove("exp");
    assert!(!is_taken(&[&encode(&genuine().to_string())], &without));
}

#[test]
fn of_several_headers_or_tokens_none_is_read() {
    let token = encode(&genuine().to_string());
    for values in [
        vec![token.clone(), token.clone()],
        vec![format!("{token},{token}")],
        vec![format!("Bearer {token}, Bearer {token}")],
        vec![format!("Bearer {token} {token}")],
        vec![],
    ] {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert!(!is_taken(&values, &claims("[ops]")), "{values:?}");
    }
}

#[test]
fn what_is_no_token_with_one_object_is_not_read() {
    let whole = genuine().to_string();
    let twice = whole.replacen('{', r#"{"groups":["admin"],"#, 1);
    let nested = format!(r#"{{"a":{}"#, "[".repeat(5_000));
    let long = whole.replacen('{', &format!(r#"{{"x":"{}","#, "x".repeat(20_000)), 1);
    for token in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Basic YW5uOnB3".to_owned(),
        "e30.e30".to_owned(),
        format!("{}.e30.e30", encode(&whole)),
        format!("e30.{}==.c2ln", URL_SAFE_NO_PAD.encode(&whole)),
        "e30.!!!.c2ln".to_owned(),
        "e30..c2ln".to_owned(),
        encode("[]"),
        encode("null"),
        encode(""),
        encode(&twice),
        encode(&nested),
        encode(&long),
        encode(&format!("{whole} x")),
    ] {
        assert!(!is_taken(&[&token], &claims("[ops]")), "{token}");
    }
    let not_utf8 = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(b"{\"sub\":\"\xff\"}"));
    assert!(!is_taken(&[&not_utf8], &claims("[ops]")));
}
