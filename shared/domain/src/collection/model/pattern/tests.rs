//! A text and its parts say the same: tried on short values over the letters that could go wrong.

use std::collections::BTreeMap;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// All texts of up to `length` letters.
pub(in crate::collection) fn texts(letters: &[char], length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..length {
        last = last
            .iter()
            .flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

#[test]
fn what_is_written_is_read_again_and_no_two_values_give_one_text() {
    let values = texts(&['~', '-', 'x'], 4);
    for written in [
        "{a}~{b}",
        "{a}~~{b}",
        "{b}~-~{a}",
        "~{a}~~{b}~",
        "x{b}x{a}x",
        "{a}-~-{b}-",
    ] {
        let pattern = pattern(written);
        let mut seen: BTreeMap<String, (&str, &str)> = BTreeMap::new();
        for a in &values {
            for b in &values {
                let value = |name: &str| Some(if name == "a" { a.as_str() } else { b.as_str() });
                let Ok(Known::Whole(text)) = pattern.write(value) else {
                    continue;
                };
                let read: BTreeMap<_, _> = pattern
                    .read(&text)
                    .unwrap_or_else(|| panic!("{written}: {text} is not read"))
                    .into_iter()
                    .collect();
                assert_eq!((read["a"], read["b"]), (a.as_str(), b.as_str()), "{text}");
                assert_eq!(seen.insert(text.clone(), (a, b)), None, "{written}: {text}");
            }
        }
        assert!(seen.len() > 500, "{written}: {}", seen.len());
    }
}

#[test]
fn what_is_read_gives_the_same_text_again() {
    for written in ["{a}~{b}", "{a}~~{b}", "x{b}~x", "~{a}~"] {
        let pattern = pattern(written);
        let mut read = 0;
        for text in texts(&['~', '-', 'x'], 6) {
            let Some(parts) = pattern.read(&text) else {
                continue;
            };
            read += 1;
            let value = |name: &str| {
                let found = parts.iter().find(|(part, _)| *part == name);
                found.map(|(_, value)| *value)
            };
            assert_eq!(
                pattern.write(value),
                Ok(Known::Whole(text.clone())),
                "{written}"
            );
        }
        assert!(read > 10, "{written}: {read}");
    }
}

#[test]
fn one_id_is_not_the_beginning_of_another() {
    let pattern = pattern("LPA#{application}");

    assert_eq!(pattern.read("LPA#a-1"), Some(vec![("application", "a-1")]));
    assert_eq!(
        pattern.read("LPA#a-10"),
        Some(vec![("application", "a-10")])
    );
    assert_eq!(pattern.read("LPA#"), None);
    assert_eq!(pattern.read("UID#a-1"), None);
}

#[test]
fn a_value_that_pretends_to_be_two_is_refused() {
    let pattern = pattern("{tenant}|{resource}");
    let of = |tenant: &'static str, resource: &'static str| {
        pattern.write(move |name| Some(if name == "tenant" { tenant } else { resource }))
    };

    assert_eq!(of("acme", "r-1"), Ok(Known::Whole("acme|r-1".into())));
    for (tenant, resource, part) in [
        ("acme|x", "r-1", "tenant"),
        ("acme", "x|r-1", "resource"),
        ("", "r-1", "tenant"),
        ("acme", "", "resource"),
    ] {
        assert_eq!(
            of(tenant, resource).map_err(|error| error.part),
            Err(part.to_owned())
        );
    }
    assert_eq!(pattern.read("acme|r|1"), None);
}

#[test]
fn a_name_may_hold_less_than_the_separator() {
    let pattern = pattern("{name}___{version}");

    assert_eq!(
        pattern.read("MOD__A___006"),
        Some(vec![("name", "MOD__A"), ("version", "006")])
    );
}

#[test]
fn as_far_as_its_parts_are_known_a_text_begins() {
    let pattern = pattern("{site}/docs#{doc}!");
    let known = |names: &'static [&'static str]| {
        pattern.write(move |name| names.iter().find(|known| **known == name).copied())
    };

    assert_eq!(known(&[]), Ok(Known::Beginning(String::new())));
    assert_eq!(known(&["site"]), Ok(Known::Beginning("site/docs#".into())));
    assert_eq!(known(&["doc"]), Ok(Known::Beginning(String::new())));
    assert_eq!(
        known(&["site", "doc"]),
        Ok(Known::Whole("site/docs#doc!".into()))
    );
}

#[test]
fn a_pattern_without_a_part_is_a_fixed_text() {
    let pattern = pattern("METADATA#");

    assert_eq!(pattern.read("METADATA#"), Some(vec![]));
    assert_eq!(pattern.read("METADATA#1"), None);
    assert_eq!(
        pattern.write(|_| None),
        Ok(Known::Whole("METADATA#".into()))
    );
}

#[test]
fn two_patterns_overlap_where_one_text_may_be_of_both() {
    for (one, two, overlap) in [
        ("DONOR#{a}", "ATTORNEY#{a}", false),
        ("DONOR#{a}", "DONOR#{b}", true),
        ("D{a}", "DONOR#{b}", true),
        ("DONOR#{a}", "{b}", true),
        ("docs#{d}", "{site}/docs#{d}", true),
        ("{a}#deleted", "{a}#live", false),
        ("{a}#deleted", "{a}", true),
        ("{a}|{b}", "{c}", true),
        ("META", "META", true),
        ("META", "METADATA", false),
        ("META", "META{a}", true),
        ("x{a}y", "{b}y", true),
        ("x{a}y", "z{b}", false),
    ] {
        let (one, two) = (pattern(one), pattern(two));
        assert_eq!(one.overlaps(&two), overlap, "{one} {two}");
        assert_eq!(two.overlaps(&one), overlap, "{two} {one}");
    }
}

#[test]
fn overlapping_is_never_missed() {
    let patterns = [
        "{a}", "x{a}", "{a}x", "x{a}-{b}", "{a}-x{b}", "x-x", "-{a}-", "{a}x{b}x",
    ];
    let texts = texts(&['x', '-'], 7);
    for one in patterns.map(pattern) {
        for two in patterns.map(pattern) {
            let both = |text: &&String| one.read(text).is_some() && two.read(text).is_some();
            if let Some(text) = texts.iter().find(both) {
                assert!(one.overlaps(&two), "{text} is of {one} and of {two}");
            }
        }
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
    for text in ["{a", "a}", "{}", "{a}{b}", "{a}-{a}", "{a}-}"] {
        assert!(Pattern::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_pattern_is_shown_as_it_was_written() {
    for text in ["LPA#{application}", "{a}~{b}!", "fixed", "{a}"] {
        assert_eq!(pattern(text).to_string(), text);
    }
}
