//! What the token itself says about a claim, where the gateway's text of it is ambiguous.
//!
//! A gateway passes claims on as texts: the list `["not admin"]` arrives as `[not admin]`, which is also how the list
//! `["not", "admin"]` arrives. So the list is read from the token, whose payload still has it. Only the gateway
//! verifies signatures; the claims show that this token is the one that it verified. All that is used of the payload
//! must equal the gateway's text of it, the groups too, so that a second token beside the verified one gives no rights.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::json::Strict;
/// The claims as the gateway passes them on.
pub(crate) type Claims = HashMap<String, String>;

/// The longest token that is read. An HTTP API accepts 10,240 bytes of headers.
const TOKEN_BYTES: usize = 16_384;

/// The token of a request.
#[derive(Debug)]
pub(crate) enum Token {
    /// The one that the gateway has verified, by its payload.
    Verified(Map<String, Value>),
    /// One that may be another.
    Other,
    /// None was sent on.
    Absent,
}

/// The token of these headers, compared with the claims that the gateway has verified.
pub(crate) fn sent(headers: &HeaderMap, claims: &Claims, used: &[&str]) -> Token {
    if headers.contains_key(AUTHORIZATION) {
        verified(headers, claims, used).map_or(Token::Other, Token::Verified)
    } else {
        Token::Absent
    }
}

fn verified(headers: &HeaderMap, claims: &Claims, used: &[&str]) -> Option<Map<String, Value>> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    // A gateway joins two headers of one name with a comma, which no token contains: it is unknown which one it has
    // verified.
    let (Some(sent), None) = (sent.next(), sent.next()) else {
        return None;
    };
    let payload = read(sent.to_str().ok()?)?;
    let is_verified = ["iss", "sub", "exp"]
        .iter()
        .chain(used)
        .all(|name| reads_alike(payload.get(*name), claims.get(*name)));
    is_verified.then_some(payload)
}

/// The payload of a token, alone or after `Bearer`, as an HTTP API accepts it.
fn read(sent: &str) -> Option<Map<String, Value>> {
    let sent = sent.trim();
    let token = match sent.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token.trim_start(),
        _ => sent,
    };
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if token.len() > TOKEN_BYTES {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    match serde_json::from_slice(&json).ok()? {
        Strict(Value::Object(payload)) => Some(payload),
        Strict(_) => None,
    }
}

/// Whether the gateway's text may represent this value.
fn reads_alike(value: Option<&Value>, text: Option<&String>) -> bool {
    match (value, text) {
        // A value of another form is read as nothing by its users.
        (None | Some(Value::Null), None) | (Some(Value::Bool(_) | Value::Object(_)), Some(_)) => {
            true
        }
        (None, Some(_)) | (Some(_), None) => false,
        (Some(Value::String(value)), Some(text)) => value == text,
        // Large ones may come in scientific notation.
        (Some(Value::Number(value)), Some(text)) => text
            .parse()
            .is_ok_and(|number| value.as_f64() == Some(number)),
        (Some(Value::Array(values)), Some(text)) => {
            let items: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
            // How a list is separated and quoted differs between gateways; the words in it do not.
            items.is_none_or(|items| items.into_iter().flat_map(words).eq(words(text)))
        }
        (Some(Value::Null), Some(text)) => ["", "null", "<nil>"].contains(&text.as_str()),
    }
}

/// The words between the characters that separate and quote the items of a list.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "[],\"\\".contains(c))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
