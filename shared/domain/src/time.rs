//! The one way to write a moment, RFC 3339 in UTC with exactly three decimals, and the ways in which rows store one.
//!
//! Rows, documents, events and answers contain the same text, so that moments can be compared as text and sort by time.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, Unit};
use serde::Serializer;
use serde_json::Value;

use crate::number::decimal;

/// The moment as text, cut to the millisecond: `2026-11-21T07:00:00.120Z`.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    format!("{:.3}", to_millisecond(at))
}

/// The moment cut (never rounded up) to the millisecond, which is the precision of every stored time.
#[must_use]
pub fn to_millisecond(at: Timestamp) -> Timestamp {
    at.round(
        jiff::TimestampRound::new()
            .smallest(Unit::Millisecond)
            .mode(jiff::RoundMode::Floor),
    )
    .unwrap_or(at)
}

/// `at + by`, or the last moment that can be represented.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The moment that a client's text says in the form of RFC 3339, and in no other that means one: a date, a `T`, a time to
/// the second or finer, and `Z` or an offset.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    const DATE_AND_TIME: &str = "0000-00-00T00:00:00";
    let is_like = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    form => byte.eq_ignore_ascii_case(&form),
                })
    };
    let (moment, rest) = text.split_at_checked(DATE_AND_TIME.len())?;
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (offset.len() < fraction.len()).then_some(offset)?
        }
        None => rest,
    };
    let is_offset = ["Z", "+00:00", "-00:00"]
        .iter()
        .any(|form| is_like(offset, form));
    (is_like(moment, DATE_AND_TIME) && is_offset).then(|| text.parse().ok())?
}

/// Numbers from here on are milliseconds: as seconds they would be after the year 5000.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Seconds with a fraction, digit by digit: as a binary number most fractions are a little less, or more, than they say.
fn with_fraction(digits: &str) -> Option<Timestamp> {
    let (whole, fraction) = digits.split_once('.')?;
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let size = whole.strip_prefix('-').unwrap_or(whole);
    if !are_digits(size) || !are_digits(fraction) {
        return None;
    }
    let nanoseconds: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    Timestamp::new(whole.parse().ok()?, sign * nanoseconds).ok()
}

/// The moment that a row's attribute holds: RFC 3339 as text, or the seconds or milliseconds since 1970 as a number.
/// `None` for everything else.
#[must_use]
pub fn read(value: &Value) -> Option<Timestamp> {
    match value {
        // A number of more digits than JSON holds is a text here.
        Value::String(text) => text.parse().ok().or_else(|| {
            let held = text
                .parse::<f64>()
                .map(|number| decimal(&number.to_string()));
            with_fraction(text).filter(|_| held != Ok(decimal(text)))
        }),
        Value::Number(number) => match number.as_i64() {
            Some(count) if count.unsigned_abs() >= MILLISECONDS_FROM.unsigned_abs() => {
                Timestamp::from_millisecond(count).ok()
            }
            Some(count) => Timestamp::from_second(count).ok(),
            None => with_fraction(&number.to_string()).or_else(|| {
                jiff::SignedDuration::try_from_secs_f64(number.as_f64()?)
                    .ok()
                    .and_then(|since| Timestamp::from_duration(since).ok())
            }),
        },
        _ => None,
    }
}

/// The latest moment that a date and time without an offset can mean, which is that of the clocks that are 12 hours behind;
/// `None` for every other value.
#[must_use]
pub fn read_without_offset(value: &Value) -> Option<Timestamp> {
    const DATE: usize = "0000-00-00".len();
    let text = value.as_str()?;
    // The parser takes an offset, too, and drops it.
    let time = text.get(DATE..).filter(|time| !time.is_empty())?;
    let is_plain = |c: char| c.is_ascii_digit() || [' ', 'T', 't', ':', '.'].contains(&c);
    let moment: DateTime = text.parse().ok().filter(|_| time.chars().all(is_plain))?;
    Offset::constant(-12).to_timestamp(moment).ok()
}

/// The moment of a number of seconds since 1970, as a TTL has them.
#[must_use]
pub fn read_seconds(value: &Value) -> Option<Timestamp> {
    Timestamp::from_second(value.as_i64()?).ok()
}

/// For `#[serde(serialize_with)]`: see [`rfc3339`].
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// For `#[serde(serialize_with)]` on an optional moment: see [`rfc3339`].
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize_option<S: Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serialize(at, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_decimals_and_are_never_rounded_up() {
        let at: Timestamp = "2026-11-21T07:00:00.1209999Z".parse().unwrap();

        assert_eq!(rfc3339(at), "2026-11-21T07:00:00.120Z");
        assert_eq!(rfc3339(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_client_writes_a_moment_as_in_rfc_3339_and_in_no_other_way() {
        for (text, moment) in [
            ("2026-11-21T07:00:00Z", "2026-11-21T07:00:00.000Z"),
            ("2026-11-21t07:00:00.1209z", "2026-11-21T07:00:00.120Z"),
            ("2026-11-21T08:30:00.5+01:30", "2026-11-21T07:00:00.500Z"),
            ("2026-11-21T07:00:00-00:00", "2026-11-21T07:00:00.000Z"),
        ] {
            assert_eq!(
                parse_rfc3339(text).map(rfc3339).as_deref(),
                Some(moment),
                "{text}"
            );
        }
        for text in [
            "",
            "2026-11-21",
            "20261121T070000Z",
            "20261121T0700Z",
            "2026-11-21T07:00Z",
            "2026-11-21 07:00:00Z",
            "2026-11-21T07:00:00",
            "2026-11-21T07:00:00.Z",
            "2026-11-21T07:00:00+01",
            "2026-11-21T07:00:00+0100",
            "2026-11-21T07:00:00-05:00[America/New_York]",
            "2026-11-21T07:00:00Z ",
            "2026-13-21T07:00:00Z",
            "2026-11-21T07:00:00+99:99",
            "2026-11-21T07:00:00é",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_that_is_neither_seconds_nor_milliseconds_is_no_moment() {
        let microseconds = 1_795_244_400_000_000_i64;

        assert_eq!(read(&microseconds.into()), None);
        assert_eq!(
            read(&(microseconds / 1000).into()),
            read(&(microseconds / 1_000_000).into())
        );
    }

    #[test]
    fn seconds_with_a_fraction_are_read_to_the_digit() {
        for (number, moment) in [
            (
                serde_json::json!(1_795_836_001.101),
                "2026-11-28T03:20:01.101Z",
            ),
            (serde_json::json!(999_999_999.5), "2001-09-09T01:46:39.500Z"),
            (
                serde_json::json!("1795836001.123456789"),
                "2026-11-28T03:20:01.123Z",
            ),
            (serde_json::json!(-0.5), "1969-12-31T23:59:59.500Z"),
        ] {
            assert_eq!(
                read(&number).map(rfc3339).as_deref(),
                Some(moment),
                "{number}"
            );
        }
        for text in [
            "1795836001",
            "1795836001.5",
            "1.",
            ".5",
            "1.5e3",
            "1.+5",
            "--1.5",
        ] {
            assert_eq!(read(&text.into()), None, "{text}");
        }
    }
}
