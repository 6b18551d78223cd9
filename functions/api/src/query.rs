//! The query string, read strictly from what the client wrote and decoded exactly once.
//!
//! A `+` is a plus: only `%20` is a space, otherwise an id with a plus would become another record's. A parameter that
//! is not understood is refused, because one that is silently ignored turns a request into a larger one.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::problem::{Code, Problem};

/// How many items a list has by default.
const DEFAULT: usize = 20;

/// The parameters of a request, each at most once.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a raw query string.
    pub(crate) fn parse(raw: &str) -> Result<Self, Problem> {
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in raw.split('&').filter(|_| !raw.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).map_err(|why| invalid(name, why))?;
            let value = decode(value).map_err(|why| invalid(&name, why))?;
            if found.iter().any(|(other, _)| *other == name) {
                return Err(invalid(&name, "stands there more than once"));
            }
            found.push((name, value));
        }
        Ok(Self(found))
    }

    /// Refuses every parameter that is none of these.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        match self
            .0
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            None => Ok(self),
            Some((name, _)) => {
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                let problem = Problem::new(
                    Code::UnknownParameter,
                    format!("Parameters that are known here: {known}."),
                );
                Err(problem.at(pointer(name), "is not known here"))
            }
        }
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parameter `limit`, for a list with this maximum.
    pub(crate) fn limit(&self, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else {
            return Ok(DEFAULT);
        };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(limit) if digits && (1..=most).contains(&limit) => Ok(limit),
            _ => Err(invalid(
                "limit",
                format!("is not a number from 1 to {most}"),
            )),
        }
    }

    /// The parameter `cursor`.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.get("cursor")
    }
}

/// The problem "this parameter cannot be understood".
pub(crate) fn invalid(name: &str, why: impl Into<Cow<'static, str>>) -> Problem {
    let why = why.into();
    Problem::new(
        Code::InvalidParameter,
        format!("A parameter of the query string {why}."),
    )
    .at(pointer(name), why)
}

/// The JSON pointer to a parameter.
pub(crate) fn pointer(name: &str) -> String {
    format!("/query/{}", segment(name))
}

/// A name as it is written in a JSON pointer.
pub(crate) fn segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn decode(text: &str) -> Result<String, &'static str> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !bytes
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if broken {
        return Err("has a percent sign without two hexadecimal digits");
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| "is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T: std::fmt::Debug>(result: Result<T, Problem>) -> &'static str {
        result.unwrap_err().parts().code.as_str()
    }

    #[test]
    fn a_value_is_decoded_exactly_once_and_a_plus_is_a_plus() {
        for (raw, id) in [
            ("a%2Fb%23c%3Fd", "a/b#c?d"),
            ("%25", "%"),
            ("%252F", "%2F"),
            ("a+b", "a+b"),
            ("a%20b", "a b"),
            ("a=b", "a=b"),
            ("%F0%9F%AA%A6", "🪦"),
            ("🪦<\"", "🪦<\""),
        ] {
            assert_eq!(
                Query::parse(&format!("id={raw}&sort=x")).unwrap().get("id"),
                Some(id),
                "{raw}"
            );
        }
    }

    #[test]
    fn names_are_decoded_too_so_that_none_slips_through_twice() {
        assert_eq!(Query::parse("%69d=x").unwrap().get("id"), Some("x"));
        assert_eq!(code(Query::parse("id=x&%69d=y")), "INVALID_PARAMETER");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for raw in [
            "id=%",
            "id=%2",
            "id=%zz",
            "id=a%+1",
            "id=%FF",
            "%FF=x",
            "id=1&id=1",
        ] {
            assert_eq!(code(Query::parse(raw)), "INVALID_PARAMETER", "{raw}");
        }
        for raw in ["x=1", "id=1&x", "id=1&", "ID=1", "id%5B%5D=1"] {
            assert_eq!(
                code(Query::parse(raw).unwrap().only(&["id"])),
                "UNKNOWN_PARAMETER",
                "{raw}"
            );
        }
        assert!(Query::parse("").unwrap().only(&[]).is_ok());
    }

    #[test]
    fn a_limit_is_a_number_from_1_to_what_the_list_takes() {
        let limit = |raw: &str| Query::parse(raw).unwrap().limit(100);

        assert_eq!(
            (
                limit("").unwrap(),
                limit("limit=1").unwrap(),
                limit("limit=100").unwrap()
            ),
            (20, 1, 100)
        );
        let more = Query::parse("limit=1000").unwrap();
        assert_eq!(more.limit(1000).unwrap(), 1000);
        assert!(more.limit(999).is_err());
        for raw in [
            "0",
            "101",
            "-1",
            "+1",
            "",
            "1.0",
            "ten",
            "99999999999999999999999",
        ] {
            assert_eq!(
                code(limit(&format!("limit={raw}"))),
                "INVALID_PARAMETER",
                "{raw}"
            );
        }
    }
}
