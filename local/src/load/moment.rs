//! A moment as archives write it.

use jiff::Timestamp;

/// The moment that an RFC 3339 text names.
///
/// The last day of the year 9999, which people write for "never", is later than the last moment that `jiff` has and is
/// taken for that one.
#[must_use]
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| nearest(text))
}

/// The end of all moments that is nearer to a complete time beyond it.
fn nearest(text: &str) -> Option<Timestamp> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let complete = pieces.time().is_some() && pieces.offset().is_some();
    let end = if pieces.date().year() > 0 {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    };
    complete.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

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
