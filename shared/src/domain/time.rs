//! One way to write a moment: RFC 3339 in UTC with exactly three decimals; and the ways in which rows hold one.
//!
//! The same text stands in rows, documents, events and answers, so that they can be compared as text and sort in time.

use std::time::Duration;

use jiff::{Timestamp, Unit};
use serde::Serializer;
use serde_json::Value;

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

/// `at + by`, or the last moment there is.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Numbers from here on are milliseconds: as seconds they would be after the year 5000.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// The moment that an RFC 3339 text names.
///
/// The last day of the year 9999, which people write for "never", is later than the last moment there is here and taken
/// for that: as no time at all it would be neither after nor before any other.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| nearest(text))
}

/// The end of all moments that is nearer to a complete time beyond it.
fn nearest(text: &str) -> Option<Timestamp> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let complete = pieces.time().is_some() && pieces.offset().is_some();
    complete.then(|| end(pieces.date().year() > 0))
}

fn end(is_last: bool) -> Timestamp {
    if is_last {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    }
}

/// The moment that a row's attribute holds: RFC 3339 as text, or the seconds or milliseconds since 1970 as a number.
/// `None` for everything else.
#[must_use]
pub fn read(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => match number.as_i64() {
            Some(count) if count.unsigned_abs() >= MILLISECONDS_FROM.unsigned_abs() => {
                Some(Timestamp::from_millisecond(count).unwrap_or_else(|_| end(count > 0)))
            }
            Some(count) => Timestamp::from_second(count).ok(),
            // Seconds with a fraction.
            None => jiff::SignedDuration::try_from_secs_f64(number.as_f64()?)
                .ok()
                .and_then(|since| Timestamp::from_duration(since).ok()),
        },
        _ => None,
    }
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
    fn every_way_to_write_a_moment_in_rfc_3339_is_read() {
        let second = |text: &str| parse(text).map(Timestamp::as_second);
        for (text, expected) in [
            ("2001-02-03T04:05:06Z", 981_173_106),
            ("2001-02-03t04:05:06z", 981_173_106),
            ("2001-02-03T04:05:06+00:00", 981_173_106),
            ("2001-02-03T04:05:06-00:00", 981_173_106),
            ("2001-02-03T05:05:06.5+01:00", 981_173_106),
            // A leap second is the second before it.
            ("2016-12-31T23:59:60Z", 1_483_228_799),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
        ] {
            assert_eq!(second(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_last_day_there_is_comes_after_every_other_and_is_no_unreadable_time() {
        for text in [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999+00:00",
            "9999-12-31T23:59:60Z",
            "9999-12-31T00:00:00-12:00",
        ] {
            assert_eq!(parse(text), Some(Timestamp::MAX), "{text}");
        }
        // The same day in milliseconds.
        assert_eq!(read(&253_402_300_799_999_i64.into()), Some(Timestamp::MAX));
    }

    #[test]
    fn what_is_no_whole_moment_is_none() {
        for text in [
            "9999-12-31",
            "9999-12-31T23:59:59",
            "10000-01-01T00:00:00Z",
            "9999-12-32T00:00:00Z",
            "2001-02-30T04:05:06Z",
            "yesterday",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
