//! Numbers as they are written: which texts are the same number, and which is the smaller one.

use std::cmp::Ordering;

use serde_json::Value;

/// A number as sign, digits without zeros at either end, and the power of ten that they count. `None` if it is none, or
/// its power is.
#[must_use]
pub fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let shift = i64::try_from(fraction.len()).ok()?;
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let power = power
        .parse::<i64>()
        .ok()?
        .checked_sub(shift)?
        .checked_add(zeros)?;
    Some((negative, significant.to_owned(), power))
}

/// The most digits of a number in DynamoDB.
const DIGITS: usize = 38;

/// Whether a text is a number as DynamoDB writes it, so that no other text is the same number: digits with at most one point
/// between them, without zeros that say nothing, and a sign only before a number below 0. Numbers that it writes with an
/// exponent are none.
#[must_use]
pub fn is_as_stored(text: &str) -> bool {
    let size = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match size.split_once('.') {
        None => (size, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = are_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let is_fraction = |text: &str| are_digits(text) && !text.ends_with('0');
    let count = whole.len() + fraction.map_or(0, str::len);
    is_whole && fraction.is_none_or(is_fraction) && text != "-0" && count <= DIGITS
}

/// A number as sign and size: the power of ten of its first digit, and its digits, which compare as texts.
struct Magnitude {
    sign: i8,
    first: i64,
    digits: String,
}

impl Magnitude {
    fn of(text: &str) -> Option<Self> {
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let is_number = text.chars().all(is_digit) && text.contains(|c: char| c.is_ascii_digit());
        let (negative, digits, power) = decimal(text).filter(|_| is_number)?;
        Some(Self {
            sign: match (digits.is_empty(), negative) {
                (true, _) => 0,
                (false, true) => -1,
                (false, false) => 1,
            },
            first: power.checked_add(i64::try_from(digits.len()).ok()?)?,
            digits,
        })
    }

    /// Which of two numbers is the smaller one, to the last digit.
    fn compare(&self, other: &Self) -> Ordering {
        match (self.sign, other.sign) {
            (-1, -1) => other.size().cmp(&self.size()),
            (1, 1) => self.size().cmp(&other.size()),
            (one, other) => one.cmp(&other),
        }
    }

    fn size(&self) -> (i64, &str) {
        (self.first, &self.digits)
    }
}

/// The order of the values of one attribute, as the store sorts them: numbers by their size, texts byte by byte. A number
/// that JSON cannot hold is a text, so one number among them says that all of them are.
#[must_use]
pub fn in_store_order<'a>(
    values: impl IntoIterator<Item = &'a Value>,
) -> fn(&Value, &Value) -> Ordering {
    if values.into_iter().any(Value::is_number) {
        by_size
    } else {
        by_bytes
    }
}

fn by_size(one: &Value, other: &Value) -> Ordering {
    // What is no number comes last: nothing says how old it is.
    let of = |value: &Value| match value {
        Value::Number(number) => Magnitude::of(&number.to_string()),
        Value::String(text) => Magnitude::of(text),
        _ => None,
    };
    match (of(one), of(other)) {
        (Some(one), Some(other)) => one.compare(&other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    }
}

fn by_bytes(one: &Value, other: &Value) -> Ordering {
    let (one, other) = (one.as_str(), other.as_str());
    one.unwrap_or_default().cmp(other.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_compared_to_the_last_digit_in_whatever_form_they_are_written() {
        let compare = |one: &str, other: &str| {
            let (one, other) = (Magnitude::of(one)?, Magnitude::of(other)?);
            Some(one.compare(&other))
        };
        let rising = [
            "-1e3",
            "-999.5",
            "-10",
            "-9",
            "-0.001",
            "0",
            "1e-9",
            "0.5",
            "0.50000000000000000000001",
            "2",
            "9.99",
            "10",
            "1795836000",
            "1795836000.1234567890123",
            "1795836000.1234567890124",
            "1e20",
        ];

        for (place, one) in rising.iter().enumerate() {
            for (other_place, other) in rising.iter().enumerate() {
                let found = compare(one, other);
                assert_eq!(found, Some(place.cmp(&other_place)), "{one} {other}");
            }
        }
        assert_eq!(compare("10", "1E1"), Some(Ordering::Equal));
        assert_eq!(compare("-0", "0"), Some(Ordering::Equal));
        for none in ["", "-", "x", "1x", "\u{661}"] {
            assert_eq!(compare(none, "1"), None, "{none}");
        }
    }

    #[test]
    fn one_number_says_that_all_values_are_numbers_and_texts_are_compared_as_texts() {
        let sorted = |mut values: Vec<Value>| {
            let order = in_store_order(&values);
            values.sort_by(order);
            values
        };
        let long = json!("9.00000000000000000000001");

        let numbers = sorted(vec![json!(10), long.clone(), json!(9), json!("?")]);
        let texts = sorted(vec![json!("9"), json!("10")]);

        assert_eq!(numbers, [json!(9), long, json!(10), json!("?")]);
        assert_eq!(texts, [json!("10"), json!("9")]);
    }
}
