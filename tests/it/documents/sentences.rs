//! Prose is written one sentence per line, so that a review shows the sentences that have changed and no others.

use super::pages;

#[test]
fn each_line_of_prose_holds_one_whole_sentence() {
    let mut lines = 0;
    let mut wrong = Vec::new();
    for (page, text) in pages() {
        let mut continued = false;
        for (number, line) in prose(&text) {
            let Some(line) = line else {
                continued = false;
                continue;
            };
            let words = words(sentence(line));
            if continued && !is_item(line) {
                wrong.push(format!(
                    "{page}:{number}: the line before ends within a sentence"
                ));
            }
            if let Some(word) = second_sentence(&words) {
                wrong.push(format!(
                    "{page}:{number}: a second sentence begins at {word}"
                ));
            }
            continued = words.last().is_some_and(|word| !ends_a_line(word));
            lines += 1;
        }
    }

    assert!(lines > 100, "only {lines} lines of prose were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_second_sentence_is_found_and_what_only_looks_like_one_is_not() {
    for (line, second) in [
        ("It ends. Then it begins.", Some("Then")),
        ("Does it end? `code` says so.", Some("`xxxx`")),
        ("*It ends.* **And** begins.", Some("**And**")),
        ("It goes on … And ends.", Some("And")),
        ("It ends (in brackets). [A link](a.md) begins.", Some("[A")),
        ("It ends in 2.5 seconds, e.g. At once.", None),
        ("A file like `a. B` or a.md is none.", None),
        ("1. It ends.", None),
        ("- Of `a`, …, `b` and so on.", None),
        ("etc. and so on", None),
    ] {
        let words = words(sentence(line));

        assert_eq!(second_sentence(&words), second, "{line}");
    }
}

/// The lines of a page with their numbers; `None` for one that is no prose: code, a table, a heading, a comment, nothing.
fn prose(text: &str) -> Vec<(usize, Option<&str>)> {
    let mut lines = Vec::new();
    let mut is_code = false;
    let mut is_comment = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        let is_fence = trimmed.starts_with("```");
        if trimmed.starts_with("<!--") {
            is_comment = true;
        }
        let is_prose = !is_code
            && !is_comment
            && !is_fence
            && !trimmed.is_empty()
            && !trimmed.starts_with(['#', '|', '>']);
        if is_fence {
            is_code = !is_code;
        }
        if trimmed.ends_with("-->") {
            is_comment = false;
        }
        lines.push((index + 1, is_prose.then_some(trimmed)));
    }
    lines
}

/// Whether a line begins an item of a list.
fn is_item(line: &str) -> bool {
    sentence(line).len() < line.len()
}

/// A line without the mark of a list's item.
fn sentence(line: &str) -> &str {
    if let Some(text) = line.strip_prefix("- ") {
        return text;
    }
    match line.split_once(". ") {
        Some((number, text)) if number.chars().all(|digit| digit.is_ascii_digit()) => text,
        _ => line,
    }
}

/// The words of a line; code in backticks is one word without a meaning.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_code = false;
    for letter in line.chars() {
        if letter == '`' {
            is_code = !is_code;
            word.push(letter);
        } else if is_code {
            word.push('x');
        } else if letter == ' ' {
            words.push(word);
            word = String::new();
        } else {
            word.push(letter);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The first word of a second sentence.
fn second_sentence(words: &[String]) -> Option<&str> {
    words.windows(2).find_map(|pair| match pair {
        [end, begin] if ends(end, SENTENCE) && !begin.starts_with(char::is_lowercase) => {
            Some(begin.as_str())
        }
        _ => None,
    })
}

/// Whether a line may end behind this word: at the end of its sentence, or before what a colon announces.
fn ends_a_line(word: &str) -> bool {
    ends(word, SENTENCE) || ends(word, &[':'])
}

/// What ends a sentence.
const SENTENCE: &[char] = &['.', '!', '?', '…'];

/// What may stand behind that.
const CLOSING: &[char] = &['*', '_', ')', '"', '\'', '”', '’', '`', ']'];

/// What ends in a full stop and ends no sentence.
const ABBREVIATIONS: [&str; 5] = ["e.g.", "i.e.", "etc.", "vs.", "cf."];

fn ends(word: &str, marks: &[char]) -> bool {
    let plain = word.trim_start_matches(['(', '*', '"']);
    !ABBREVIATIONS.contains(&plain) && word.trim_end_matches(CLOSING).ends_with(marks)
}
