//! No two keys get one id: tried on every pair of short values over the letters that could go wrong.

use std::collections::BTreeMap;

use super::super::pattern::tests::texts;
use super::*;
use crate::key::value_of;

fn key() -> KeySchema {
    KeySchema::plain("a", Some("b"))
}

/// These values, by name.
fn given<'v>(values: &[(&'static str, &'v str)]) -> impl Fn(&str) -> Option<&'v str> {
    let values = values.to_vec();
    move |name| value_of(&values, name)
}

#[test]
fn two_keys_never_have_the_same_id() {
    let values = texts(&['~', '-', 'x', '{'], 4);
    for template in [
        "{a}~{b}",
        "{a}~~{b}",
        "{b}~-~{a}",
        "~{a}~~{b}~",
        "x{b}x{a}x",
        "{a}-~-{b}-",
        "{a}~~-{b}",
    ] {
        let template = IdTemplate::parse(template, &key(), false).unwrap();
        let mut owners: BTreeMap<String, (&str, &str)> = BTreeMap::new();
        let mut refused = 0;
        for a in &values {
            for b in &values {
                match template.render(given(&[("a", a), ("b", b)])) {
                    Ok(id) => assert_eq!(
                        owners.insert(id, (a, b)),
                        None,
                        "{template:?} gives {a:?} {b:?} an id that is taken"
                    ),
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(
            refused > 0 && owners.len() > 1_000,
            "{template:?}: {} ids, {refused} refused",
            owners.len()
        );
    }
}

#[test]
fn an_id_has_its_values_in_the_order_of_the_template() {
    let template = IdTemplate::parse("m:{b}~{a}!", &key(), false).unwrap();

    assert_eq!(
        template.render(given(&[("a", "1"), ("b", "2")])).as_deref(),
        Ok("m:2~1!")
    );
    assert_eq!(
        template
            .render(given(&[("b", "2"), ("x", "3"), ("a", "1")]))
            .as_deref(),
        Ok("m:2~1!")
    );
}

#[test]
fn a_value_with_the_separator_fails_and_is_named() {
    let template = IdTemplate::parse("{a}::{b}", &key(), false).unwrap();
    let ambiguous = |attribute: &str| {
        Err(IdError::Ambiguous {
            attribute: attribute.to_owned(),
        })
    };

    assert_eq!(
        template.render(given(&[("a", "1::2"), ("b", "3")])),
        ambiguous("a")
    );
    assert_eq!(
        template.render(given(&[("a", "1"), ("b", "2::3")])),
        ambiguous("b")
    );
    // "1:" and "2" would read as "1" and ":2".
    assert_eq!(
        template.render(given(&[("a", "1:"), ("b", "2")])),
        ambiguous("a")
    );
    assert_eq!(
        template
            .render(given(&[("a", "1"), ("b", ":2")]))
            .as_deref(),
        Ok("1:::2")
    );
}

#[test]
fn a_missing_part_never_gives_an_id() {
    let template = IdTemplate::parse("{a}~{b}", &key(), false).unwrap();

    assert_eq!(
        template.render(given(&[("a", "1")])),
        Err(IdError::Missing {
            attribute: "b".into()
        })
    );
}

#[test]
fn one_part_is_an_id_whatever_it_holds() {
    let template = IdTemplate::parse("{a}", &KeySchema::plain("a", None), false).unwrap();

    for value in ["1", "~", "{a}", "a/b?c#d", "🪦", "\u{1f}"] {
        assert_eq!(
            template.render(given(&[("a", value)])).as_deref(),
            Ok(value)
        );
    }
}

#[test]
fn an_id_has_at_most_512_bytes_not_letters() {
    let template = IdTemplate::parse("{a}~{b}", &key(), false).unwrap();
    let value = "é".repeat(255);

    assert_eq!(
        template
            .render(given(&[("a", &value), ("b", "1")]))
            .map(|id| id.len()),
        Ok(512)
    );
    assert_eq!(
        template.render(given(&[("a", &value), ("b", "12")])),
        Err(IdError::TooLong { bytes: 513 })
    );
}
