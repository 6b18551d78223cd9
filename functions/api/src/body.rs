//! JSON bodies, read strictly: a body that would be changed or shortened by reading is refused instead.
//!
//! An ordinary reader loses two things: the first of two members with one name, and the digits of a number that a
//! double cannot hold.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::number::decimal;
use serde_json::{Map, Number, Value};

use crate::json::{Strict, TWICE};
use crate::problem::{Code, Problem};

/// A body as the gateway passes it on.
#[derive(Debug)]
pub(crate) struct RawBody {
    /// The text.
    pub(crate) text: String,
    /// Whether the text is the body in base64.
    pub(crate) is_base64: bool,
}

impl RawBody {
    /// Whether it is `{}`, which says as much as no body.
    pub(crate) fn says_nothing(self) -> bool {
        let text = self.decoded();
        let read = text.and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok());
        read.is_some_and(|object| object.is_empty())
    }

    /// The text that the client wrote; `None` if it is not UTF-8.
    fn decoded(self) -> Option<String> {
        if !self.is_base64 {
            return Some(self.text);
        }
        let bytes = STANDARD.decode(&self.text).ok()?;
        String::from_utf8(bytes).ok()
    }
}

/// The JSON object that a body is, and how many bytes the client wrote for it.
pub(crate) fn object(
    headers: &HeaderMap,
    body: Option<RawBody>,
) -> Result<(Map<String, Value>, usize), Problem> {
    let Some(body) = body else {
        return Err(invalid("is missing"));
    };
    if !is_json(headers) {
        let detail = "This route takes `application/json`.";
        return Err(Problem::new(Code::UnsupportedMediaType, detail)
            .at("/header/content-type", "is not application/json"));
    }
    let text = body.decoded().ok_or_else(|| invalid("is not UTF-8"))?;
    let Strict(value) = serde_json::from_str(&text).map_err(|error| invalid(&why(&error)))?;
    let Value::Object(object) = value else {
        return Err(invalid("is no JSON object"));
    };
    if !numbers(&text).all(is_exact) {
        return Err(invalid(
            "holds a number with more digits than a double; write it as text",
        ));
    }
    Ok((object, text.len()))
}

/// What is wrong and where, without values of the body.
fn why(error: &serde_json::Error) -> String {
    let what = if error.to_string().starts_with(TWICE) {
        TWICE
    } else {
        "is not valid JSON"
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

fn invalid(why: &str) -> Problem {
    Problem::new(Code::InvalidBody, format!("The body {why}.")).at("/body", why.to_owned())
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    declared
        .and_then(|declared| declared.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The numbers of a valid JSON text, as they are written.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let is_of_number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit())?;
            rest = &rest[at..];
            if rest.starts_with('"') {
                rest = behind_string(rest);
                continue;
            }
            let end = rest
                .bytes()
                .position(|byte| !is_of_number(byte))
                .unwrap_or(rest.len());
            let (number, behind) = rest.split_at(end);
            rest = behind;
            return Some(number);
        }
    })
}

/// The text after the string that it begins with.
fn behind_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Whether a number reads back as the same number.
fn is_exact(written: &str) -> bool {
    let Ok(number) = serde_json::from_str::<Number>(written) else {
        return false;
    };
    let (written, read) = (decimal(written), decimal(&number.to_string()));
    written.is_some() && written == read
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str, is_base64: bool, kind: Option<&str>) -> Result<Value, String> {
        let mut headers = HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        }
        let body = (!text.is_empty()).then(|| RawBody {
            text: text.to_owned(),
            is_base64,
        });
        object(&headers, body)
            .map(|(object, _)| Value::Object(object))
            .map_err(|problem| problem.parts().code.as_str().to_owned())
    }

    fn json_of(text: &str) -> Result<Value, String> {
        read(text, false, Some("application/json"))
    }

    #[test]
    fn an_object_is_read_as_it_is_written() {
        let text =
            r#"{"a":[1,-2.50,1e2,"\"9999999999999999999999",true,null,{"a":{}}],"":"ü\u00fc"}"#;

        assert_eq!(
            json_of(text),
            Ok(
                json!({ "a": [1, -2.5, 100.0, "\"9999999999999999999999", true, null, { "a": {} }], "": "üü" })
            )
        );
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            "1",
            r#""a""#,
            "{'a':1}",
            "{} {}",
            r#"{"a":1,}"#,
            r#"{"a":NaN}"#,
            "{\"a\":1e999}",
        ] {
            assert_eq!(json_of(text), Err("INVALID_BODY".to_owned()), "{text}");
        }
        let deep = format!("{}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(json_of(&deep), Err("INVALID_BODY".to_owned()));
    }

    #[test]
    fn a_member_that_is_named_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(json_of(text), Err("INVALID_BODY".to_owned()), "{text}");
        }
        assert!(json_of(r#"{"a":{"a":{"b":1}},"b":1}"#).is_ok());
    }

    #[test]
    fn a_number_that_would_lose_digits_is_refused() {
        for exact in [
            "0",
            "-0",
            "-0.0",
            "7",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "0.1",
            "2.50",
            "1e21",
            "1E-7",
            "123456.789e3",
            "20000000000000000000",
            "0.000001",
        ] {
            assert!(json_of(&format!(r#"{{"a":{exact}}}"#)).is_ok(), "{exact}");
        }
        for inexact in [
            "18446744073709551617",
            "0.1234567890123456789",
            "12345678901234567890.5",
            "1e-400",
        ] {
            let text = format!(r#"{{"t":"{inexact}","a":[{inexact}]}}"#);
            assert_eq!(json_of(&text), Err("INVALID_BODY".to_owned()), "{inexact}");
        }
    }

    #[test]
    fn another_type_than_json_is_refused() {
        for kind in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/jsonx"),
        ] {
            assert_eq!(
                read("{}", false, kind),
                Err("UNSUPPORTED_MEDIA_TYPE".to_owned()),
                "{kind:?}"
            );
        }
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(read("{}", false, Some(kind)).is_ok(), "{kind}");
        }
    }

    #[test]
    fn a_body_that_the_gateway_encoded_is_decoded() {
        let kind = Some("application/json");

        assert_eq!(read("eyJhIjoxfQ==", true, kind), Ok(json!({ "a": 1 })));
        for broken in ["%", "/w=="] {
            assert_eq!(read(broken, true, kind), Err("INVALID_BODY".to_owned()));
        }
    }

    #[test]
    fn a_refusal_quotes_nothing_of_the_body() {
        let problem = object(
            &HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())]),
            Some(RawBody {
                text: r#"{"a":secret}"#.to_owned(),
                is_base64: false,
            }),
        );

        assert!(!format!("{:?}", problem.unwrap_err()).contains("secret"));
    }
}
