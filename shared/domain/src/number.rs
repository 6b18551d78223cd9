//! Numbers as they are written: which texts are the same number.

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
