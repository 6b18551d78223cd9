//! An answer as the page shows it, and one that was heard.

use std::collections::BTreeMap;

use serde_json::Value;

/// Stands for what differs each time: a whole text, a part of one, all members of an object, or further items of a list.
const ANYTHING: &str = "…";

/// What an answer has in a block `http`: status line, headers, an empty line, JSON.
pub(super) struct Shown(Heard);

/// What `curl -i` has printed.
#[derive(Debug)]
pub(super) struct Heard {
    status: u16,
    /// With names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    /// Null without one.
    pub(super) body: Value,
}

impl Shown {
    /// Reads the block.
    pub(super) fn read(block: &str) -> Self {
        Self(Heard::read(block))
    }

    /// What is not as shown, if anything. An answer has headers that the page leaves out; members it may not leave out.
    pub(super) fn differs_from(&self, heard: &Heard) -> Option<String> {
        let Self(shown) = self;
        if shown.status != heard.status {
            return Some(format!(
                "{} is shown, {} was answered",
                shown.status, heard.status
            ));
        }
        for (name, value) in &shown.headers {
            match heard.headers.get(name) {
                Some(found) if is_text(value, found) => {}
                found => return Some(format!("{name}: {value} is shown, {found:?} was answered")),
            }
        }
        difference(&shown.body, &heard.body, "")
    }
}

impl Heard {
    /// The last of the answers that a block printed; those before it must have been good.
    pub(super) fn last_of(printed: &str) -> Self {
        let answers: Vec<Self> = printed
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|answer| Self::read(&format!("HTTP/1.1 {answer}")))
            .collect();
        for answer in answers.iter().rev().skip(1) {
            assert!(answer.status < 300, "{answer:?}");
        }
        let nothing = Self {
            status: 0,
            headers: BTreeMap::new(),
            body: Value::Null,
        };
        answers.into_iter().last().unwrap_or(nothing)
    }

    fn read(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.and_then(|word| word.parse().ok()).unwrap(),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: match body.trim() {
                "" => Value::Null,
                body => serde_json::from_str(body).unwrap(),
            },
        }
    }
}

fn difference(shown: &Value, heard: &Value, place: &str) -> Option<String> {
    match (shown, heard) {
        (Value::Object(shown), Value::Object(_)) if shown.contains_key(ANYTHING) => None,
        (Value::Object(shown), Value::Object(heard)) => {
            if !shown.keys().eq(heard.keys()) {
                let names = |map: &serde_json::Map<String, Value>| {
                    map.keys().cloned().collect::<Vec<String>>().join(", ")
                };
                return Some(format!(
                    "{place} has {}, not {}",
                    names(heard),
                    names(shown)
                ));
            }
            let mut members = shown.iter().zip(heard.values());
            members.find_map(|((name, shown), heard)| {
                difference(shown, heard, &format!("{place}/{name}"))
            })
        }
        (Value::Array(shown), Value::Array(heard)) if shown.iter().any(|item| item == ANYTHING) => {
            let mut items = shown.iter().filter(|item| *item != ANYTHING);
            let is_heard = |item: &Value| {
                heard
                    .iter()
                    .any(|each| difference(item, each, "").is_none())
            };
            let missing = items.find(|item| !is_heard(item));
            missing.map(|item| {
                format!(
                    "{place} is {}, without {item}",
                    Value::from(heard.as_slice())
                )
            })
        }
        (Value::Array(shown), Value::Array(heard)) if shown.len() == heard.len() => {
            let mut items = shown.iter().zip(heard).enumerate();
            items.find_map(|(index, (shown, heard))| {
                difference(shown, heard, &format!("{place}/{index}"))
            })
        }
        (Value::String(shown), Value::String(heard)) if is_text(shown, heard) => None,
        _ if shown == heard => None,
        _ => Some(format!("{place} is {heard}, not {shown}")),
    }
}

/// `before…after` stands for every text that begins and ends so.
fn is_text(shown: &str, heard: &str) -> bool {
    match shown.split_once(ANYTHING) {
        None => shown == heard,
        Some((before, after)) => {
            heard.len() >= before.len() + after.len()
                && heard.starts_with(before)
                && heard.ends_with(after)
        }
    }
}

#[test]
fn only_what_is_left_open_may_differ() {
    let shown = Shown::read("HTTP/1.1 200\nETag: …\n\n{\"a\": {\"…\": \"…\"}, \"b\": \"/x/…\"}\n");
    let heard =
        |text: &str| Heard::last_of(&format!("HTTP/1.1 200 OK\r\netag: \"1\"\r\n\r\n{text}"));

    let differs = |text: &str| shown.differs_from(&heard(text)).is_some();

    assert!(!differs(r#"{"a": {"c": 1}, "b": "/x/y"}"#));
    for wrong in [
        r#"{"a": {"c": 1}, "b": "/y"}"#,
        r#"{"a": 1, "b": "/x/y"}"#,
        r#"{"a": {}, "b": "/x/", "c": null}"#,
        r#"{"a": {}}"#,
    ] {
        assert!(differs(wrong), "{wrong}");
    }
}

#[test]
fn a_list_may_have_further_items_only_where_it_says_so() {
    let differs = |shown: &str, heard: &str| {
        let shown = Shown::read(&format!("HTTP/1.1 200\n\n{shown}\n"));
        let heard = Heard::last_of(&format!("HTTP/1.1 200 OK\r\n\r\n{heard}"));
        shown.differs_from(&heard).is_some()
    };

    assert!(!differs(
        r#"["…", {"a": 1}, "…"]"#,
        r#"[{"b": 1}, {"a": 1}]"#
    ));
    assert!(differs(
        r#"["…", {"a": 1}, "…"]"#,
        r#"[{"b": 1}, {"a": 2}]"#
    ));
    assert!(differs(r#"[{"a": 1}]"#, r#"[{"b": 1}, {"a": 1}]"#));
}
