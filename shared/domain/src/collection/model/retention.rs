//! How long a deleted record is kept before it is removed for good.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

/// The units of a retention in seconds, largest first.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// The longest finite retention: a hundred years. "For ever" is written `never`.
const LONGEST: u64 = 36_500 * 86_400;

/// How long a deleted record is kept. A longer one is greater, `Never` is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retention {
    /// Not at all: the strategy `erase` removes it at once, and no purge follows. It cannot be written in a file.
    AtOnce,
    /// Purged when this time has passed since the deletion was accepted.
    For(Duration),
    /// Never purged.
    Never,
}

/// Why a text is not a retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetentionError {
    /// Not a number and a unit.
    #[error("is not a time; write a whole number and d, h, m or s, like \"30d\", or \"never\"")]
    Malformed,
    /// Zero would be a deletion that cannot be restored.
    #[error("is no time at all; write at least \"1s\"")]
    Zero,
    /// More than a hundred years.
    #[error("is longer than \"36500d\"; write a shorter one, or \"never\"")]
    TooLong,
}

impl Retention {
    /// When a record that was deleted at `deleted_at` is purged; `None` for never, and where nothing is kept.
    #[must_use]
    pub fn purge_at(&self, deleted_at: Timestamp) -> Option<Timestamp> {
        match *self {
            Self::For(time) => Some(deleted_at.checked_add(time).unwrap_or(Timestamp::MAX)),
            Self::AtOnce | Self::Never => None,
        }
    }
}

impl FromStr for Retention {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, RetentionError> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let (number, seconds) = UNITS
            .into_iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
            .ok_or(RetentionError::Malformed)?;
        // `parse` alone would also take "+3".
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RetentionError::Malformed);
        }
        let total = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(seconds));
        match total {
            Some(0) => Err(RetentionError::Zero),
            Some(total) if total <= LONGEST => Ok(Self::For(Duration::from_secs(total))),
            _ => Err(RetentionError::TooLong),
        }
    }
}

/// As the files write it, in the largest unit without a remainder.
impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = match self {
            Self::AtOnce => return f.write_str("nothing"),
            Self::Never => return f.write_str("never"),
            Self::For(time) => time,
        };
        let total = time.as_secs();
        let (unit, seconds) = UNITS
            .into_iter()
            .find(|(_, seconds)| total.is_multiple_of(*seconds))
            .unwrap_or(('s', 1));
        write!(f, "{}{unit}", total / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_is_a_whole_number_and_a_unit() {
        for (text, seconds) in [
            ("30d", 2_592_000),
            ("12h", 43_200),
            ("15m", 900),
            ("90s", 90),
            ("036500d", LONGEST),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Retention::For(Duration::from_secs(seconds))),
                "{text}"
            );
        }
        assert_eq!("never".parse(), Ok(Retention::Never));
    }

    #[test]
    fn anything_else_is_refused_with_its_own_reason() {
        for text in [
            "", "d", "30", "30 d", "-1d", "+1d", "1.5h", "30D", "3dd", "1d12h", "1w", "Never", "é",
            "٣d",
        ] {
            assert_eq!(
                text.parse::<Retention>(),
                Err(RetentionError::Malformed),
                "{text}"
            );
        }
        for text in ["0s", "000d"] {
            assert_eq!(
                text.parse::<Retention>(),
                Err(RetentionError::Zero),
                "{text}"
            );
        }
        for text in [
            "36501d",
            "3153600001s",
            "99999999999999999999d",
            "18446744073709551615h",
        ] {
            assert_eq!(
                text.parse::<Retention>(),
                Err(RetentionError::TooLong),
                "{text}"
            );
        }
    }

    #[test]
    fn a_retention_is_shown_as_it_is_written() {
        for text in ["30d", "12h", "15m", "90s", "never"] {
            assert_eq!(text.parse::<Retention>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn never_is_longer_than_any_time() {
        assert!(Retention::Never > "36500d".parse().unwrap());
        assert!("2d".parse::<Retention>().unwrap() > "47h".parse().unwrap());
    }

    #[test]
    fn purge_comes_exactly_after_the_retention_or_never() {
        let deleted_at: Timestamp = "2026-11-21T07:00:00.120Z".parse().unwrap();

        assert_eq!(
            "30d".parse::<Retention>().unwrap().purge_at(deleted_at),
            Some("2026-12-21T07:00:00.120Z".parse().unwrap())
        );
        assert_eq!(Retention::Never.purge_at(deleted_at), None);
        assert_eq!(
            "1d".parse::<Retention>().unwrap().purge_at(Timestamp::MAX),
            Some(Timestamp::MAX)
        );
    }
}
