//! Random notifications and random filters against a simple model: a delete takes exactly what the model says, and its
//! preview counts exactly that.

use domain::deletion::State;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use serde_json::{Map, Value, json};
use testing::samples::key;

use super::asking::{Asked, put};
use super::shipped;
use crate::engine::disturbed::story::tell;
use crate::engine::world::at_once;

/// What a notification has of each attribute that a filter asks about.
#[derive(Debug, Clone)]
struct Sent {
    kind: Option<&'static str>,
    group: Option<(&'static str, &'static str)>,
    event: Option<&'static str>,
    /// Milliseconds after six, as text or as a number; or nothing that can be read.
    at: Option<(i64, bool)>,
    opened: Option<bool>,
}

/// The filters of a request.
#[derive(Debug, Clone)]
struct Wanted {
    kind: Option<&'static str>,
    group: Option<(&'static str, &'static str)>,
    event: Option<&'static str>,
    later: Option<i64>,
    earlier: Option<i64>,
    opened: Option<bool>,
    page_keys: usize,
}

fn at(milliseconds: i64) -> Timestamp {
    let six: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
    Timestamp::from_millisecond(six.as_millisecond() + milliseconds).unwrap()
}

fn sent() -> impl Strategy<Value = Sent> {
    let words = || option::of(select(vec!["a", "b"]));
    let group = option::of((select(vec!["a", "b"]), select(vec!["1", "2"])));
    let at = option::of((0..6_i64, any::<bool>()));
    (words(), group, words(), at, option::of(any::<bool>())).prop_map(
        |(kind, group, event, at, opened)| Sent {
            kind,
            group,
            event,
            at,
            opened,
        },
    )
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let words = || option::weighted(0.3, select(vec!["a", "b"]));
    let group = option::weighted(0.3, (select(vec!["a", "b"]), select(vec!["1", "2"])));
    let range = (
        option::weighted(0.3, 0..6_i64),
        option::weighted(0.3, 2..6_i64),
    );
    let opened = option::weighted(0.3, any::<bool>());
    (words(), group, words(), range, opened, 1..5_usize).prop_map(
        |(kind, group, event, (later, after), opened, page_keys)| Wanted {
            kind,
            group,
            event,
            later,
            // Never an empty range.
            earlier: after.map(|after| later.unwrap_or_default() + after),
            opened,
            page_keys,
        },
    )
}

impl Sent {
    fn attributes(&self) -> Value {
        let mut attributes = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            attributes.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("kind", self.kind.map(Value::from));
        put("group_type", self.group.map(|(kind, _)| kind.into()));
        put("group_id", self.group.map(|(_, id)| id.into()));
        put("event_key", self.event.map(Value::from));
        let sent = self.at.map(|(moment, is_text)| {
            let moment = at(moment);
            if is_text {
                json!(moment.to_string())
            } else {
                json!(moment.as_millisecond())
            }
        });
        put("sent_at", Some(sent.unwrap_or(json!("soon"))));
        // Not opened is an attribute that is not there, or NULL.
        let opened = self
            .opened
            .map(|is| if is { json!("then") } else { Value::Null });
        put("opened_at", opened);
        Value::Object(attributes)
    }
}

impl Wanted {
    fn filters(&self) -> Value {
        let mut filters = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            filters.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("type", self.kind.map(Value::from));
        put("group_type", self.group.map(|(kind, _)| kind.into()));
        put("group_id", self.group.map(|(_, id)| id.into()));
        put("key", self.event.map(Value::from));
        put(
            "later_than",
            self.later.map(|moment| json!(at(moment).to_string())),
        );
        put(
            "earlier_than",
            self.earlier.map(|moment| json!(at(moment).to_string())),
        );
        put("opened", self.opened.map(Value::from));
        if filters.is_empty() {
            Value::Null
        } else {
            Value::Object(filters)
        }
    }

    /// What the model says.
    fn takes(&self, sent: &Sent) -> bool {
        let moment = sent.at.map(|(moment, _)| moment);
        self.kind.is_none_or(|kind| sent.kind == Some(kind))
            && self.group.is_none_or(|group| sent.group == Some(group))
            && self.event.is_none_or(|event| sent.event == Some(event))
            && self
                .later
                .is_none_or(|later| moment.is_some_and(|moment| moment > later))
            && self
                .earlier
                .is_none_or(|earlier| moment.is_some_and(|moment| moment < earlier))
            && self
                .opened
                .is_none_or(|opened| (sent.opened == Some(true)) == opened)
    }
}

async fn run((sent, wanted): (Vec<Sent>, Vec<Wanted>)) {
    let mut world = shipped("notifications.toml");
    for target in ["t", "u"] {
        world.put("targets", &key(target), None);
        for (number, sent) in sent.iter().enumerate() {
            put(
                &world,
                target,
                &format!("{target}{number:02}"),
                &sent.attributes(),
            );
        }
    }
    let mut left: Vec<usize> = (0..sent.len()).collect();
    for wanted in wanted {
        let taken: Vec<usize> = left
            .iter()
            .copied()
            .filter(|one| wanted.takes(&sent[*one]))
            .collect();
        left.retain(|one| !taken.contains(one));
        let asked = Asked {
            filters: wanted.filters(),
            ..Asked::default()
        };
        world.page_keys = wanted.page_keys;
        let preview = world.preview_asked(&asked).await;
        assert_eq!(
            (preview.count, preview.exact),
            (taken.len(), true),
            "{wanted:?}"
        );
        assert_eq!(preview.sample.len(), taken.len());

        let deletion = world.destroy_asked(&world.faults(), &asked).await;
        let deletion = deletion.expect("it is accepted");
        world.come_to_rest().await;

        let ended = world.now(&deletion);
        assert_eq!(ended.state, State::Deleted);
        let counts = world.counts(&ended, "notifications");
        let count = u64::try_from(taken.len()).unwrap();
        assert_eq!(
            (counts.selected, counts.deleted),
            (count, count),
            "{wanted:?}"
        );
        let told: Vec<String> = world.outcomes(&ended).into_keys().collect();
        let taken: Vec<String> = taken
            .iter()
            .map(|one| format!("notifications t{one:02}"))
            .collect();
        assert_eq!(told, taken, "{wanted:?}");
    }
    let gone = (0..sent.len()).filter(|one| !left.contains(one));
    let gone: Vec<String> = gone.map(|one| format!("t{one:02}")).collect();
    assert_eq!(world.marked_notifications(), gone);
}

#[test]
fn filters_one_by_one_and_together_take_what_a_simple_model_takes() {
    tell((vec(sent(), 0..12), vec(wanted(), 1..4)), |story| {
        at_once(run(story));
    });
}
