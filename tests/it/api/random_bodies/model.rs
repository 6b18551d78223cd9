//! Records and requests that proptest makes up, and which records a request selects: said once more, as simply as can be.

use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Six in the morning; the world begins at seven.
const SIX: i64 = 1_795_240_800_000;

/// When something was sent, in milliseconds after six.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Text(i64),
    /// As a text with more digits than milliseconds have.
    Finer(i64),
    Number(i64),
    /// Much later than all requests.
    Later,
    Unreadable,
    Null,
    Absent,
}

impl Sent {
    /// The millisecond; none if nothing can be read.
    pub(super) fn moment(self) -> Option<i64> {
        match self {
            Self::Text(at) | Self::Finer(at) | Self::Number(at) => Some(at),
            Self::Later => Some(1_000_000_000),
            Self::Unreadable | Self::Null | Self::Absent => None,
        }
    }

    fn value(self) -> Option<Value> {
        match self {
            Self::Text(at) => Some(json!(moment(at))),
            Self::Finer(at) => Some(json!(moment(at).replace('Z', "999Z"))),
            Self::Number(at) => Some(json!(SIX + at)),
            Self::Later => Some(json!(moment(1_000_000_000))),
            Self::Unreadable => Some(json!("soon")),
            Self::Null => Some(Value::Null),
            Self::Absent => None,
        }
    }
}

fn moment(at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(SIX + at).expect("a moment");
    domain::time::rfc3339(at)
}

type Pair = (&'static str, &'static str);

#[derive(Debug, Clone)]
pub(super) struct Record {
    is_foreign: bool,
    is_deleted: bool,
    writer: &'static str,
    parent: Option<&'static str>,
    kind: Option<&'static str>,
    group: Option<Pair>,
    event: Option<&'static str>,
    place: Option<Pair>,
    color: Option<&'static str>,
    /// There, NULL, or absent.
    opened: Option<bool>,
    sent: Sent,
}

fn words() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b", "A", "a "])
}

fn pair() -> impl Strategy<Value = Pair> {
    (select(vec!["a", "b"]), select(vec!["1", "2"]))
}

pub(super) fn records() -> impl Strategy<Value = Record> {
    let sent = prop_oneof![
        4 => (0..6_i64).prop_map(Sent::Text),
        1 => (0..6_i64).prop_map(Sent::Finer),
        2 => (0..6_i64).prop_map(Sent::Number),
        1 => select(vec![Sent::Later, Sent::Unreadable, Sent::Null, Sent::Absent]),
    ];
    let whose = (
        proptest::bool::weighted(0.15),
        proptest::bool::weighted(0.15),
        select(vec!["ann", "bob"]),
        select(vec![Some("p"), Some("p"), Some("q"), None]),
    );
    let what = (option::of(words()), option::of(pair()), option::of(words()));
    let more = (
        option::of(pair()),
        option::of(words()),
        option::of(any::<bool>()),
    );
    (whose, what, more, sent).prop_map(
        |(
            (is_foreign, is_deleted, writer, parent),
            (kind, group, event),
            (place, color, opened),
            sent,
        )| Record {
            is_foreign,
            // Another tenant's are left alone.
            is_deleted: is_deleted && !is_foreign,
            writer,
            parent,
            kind,
            group,
            event,
            place,
            color,
            opened,
            sent,
        },
    )
}

impl Record {
    pub(super) fn tenant(&self) -> &'static str {
        if self.is_foreign { "globex" } else { "acme" }
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.is_deleted
    }

    pub(super) fn attributes(&self) -> Map<String, Value> {
        let mut attributes = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            attributes.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("writer", Some(self.writer.into()));
        put("box_id", self.parent.map(Value::from));
        put("kind", self.kind.map(Value::from));
        put("group_type", self.group.map(|(kind, _)| kind.into()));
        put("group_id", self.group.map(|(_, id)| id.into()));
        put("event_key", self.event.map(Value::from));
        put("country", self.place.map(|(country, _)| country.into()));
        put("town", self.place.map(|(_, town)| town.into()));
        put("color", self.color.map(Value::from));
        let opened = |is| if is { json!("then") } else { Value::Null };
        put("opened_at", self.opened.map(opened));
        put("sent_at", self.sent.value());
        attributes
    }

    /// One of each kind, so that every pair of fields selects some of them and not all.
    pub(super) fn each() -> Vec<Self> {
        let plain = Self {
            is_foreign: false,
            is_deleted: false,
            writer: "ann",
            parent: Some("p"),
            kind: Some("a"),
            group: Some(("a", "1")),
            event: Some("a"),
            place: Some(("a", "1")),
            color: Some("a"),
            opened: Some(true),
            sent: Sent::Text(3),
        };
        let with = |change: fn(&mut Self)| {
            let mut record = plain.clone();
            change(&mut record);
            record
        };
        vec![
            plain.clone(),
            with(|record| record.is_foreign = true),
            with(|record| record.is_deleted = true),
            with(|record| record.writer = "bob"),
            with(|record| record.parent = Some("q")),
            with(|record| record.parent = None),
            with(|record| record.kind = Some("b")),
            with(|record| record.group = Some(("a", "2"))),
            with(|record| record.event = None),
            with(|record| record.place = Some(("b", "1"))),
            with(|record| record.color = Some("A")),
            with(|record| record.opened = None),
            with(|record| record.sent = Sent::Number(2)),
            with(|record| record.sent = Sent::Finer(4)),
            with(|record| record.sent = Sent::Later),
            with(|record| record.sent = Sent::Unreadable),
        ]
    }
}

/// The fields of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// By ann, who may delete her own, and not by an admin.
    is_anns: bool,
    /// Every so many of the records, and one that is not there.
    ids: Option<usize>,
    author: Option<&'static str>,
    parent: Option<&'static str>,
    is_all: bool,
    kind: Option<&'static str>,
    group: Option<Pair>,
    event: Option<&'static str>,
    place: Option<Pair>,
    color: Option<&'static str>,
    opened: Option<bool>,
    later: Option<i64>,
    earlier: Option<i64>,
    as_of: Option<i64>,
}

pub(super) fn wanted() -> impl Strategy<Value = Wanted> {
    let seldom = 0.2;
    let named = (
        proptest::bool::weighted(0.2),
        option::weighted(0.3, 1..4_usize),
        option::weighted(seldom, select(vec!["ann", "bob"])),
        option::weighted(0.3, select(vec!["p", "q", "f", "none"])),
        any::<bool>(),
    );
    let texts = (
        option::weighted(seldom, words()),
        option::weighted(seldom, pair()),
        option::weighted(seldom, words()),
        option::weighted(seldom, pair()),
        option::weighted(seldom, words()),
    );
    let times = (
        option::weighted(seldom, any::<bool>()),
        option::weighted(seldom, 0..6_i64),
        option::weighted(seldom, 2..6_i64),
        option::weighted(seldom, 0..7_i64),
    );
    (named, texts, times).prop_map(|(named, texts, times)| {
        let (is_anns, ids, author, parent, is_all) = named;
        let (kind, group, event, place, color) = texts;
        let (opened, later, after, as_of) = times;
        let mut wanted = Wanted {
            is_anns,
            ids,
            author,
            parent,
            is_all,
            kind,
            group,
            event,
            place,
            color,
            opened,
            later,
            // Never an empty range.
            earlier: after.map(|after| later.unwrap_or_default() + after),
            as_of,
        };
        if is_anns && ids.is_none() {
            wanted.author = Some("ann");
        }
        if is_anns && wanted.author == Some("bob") {
            wanted.author = None;
        }
        let says_which = ids.is_some() || wanted.author.is_some() || !wanted.filters().is_empty();
        wanted.is_all |= !says_which;
        wanted
    })
}

impl Wanted {
    pub(super) fn caller(&self) -> (&'static str, &'static str) {
        if self.is_anns {
            ("ann", "[]")
        } else {
            ("ada", "[admin]")
        }
    }

    fn filters(&self) -> Map<String, Value> {
        let mut filters = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            filters.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("type", self.kind.map(Value::from));
        put("group_type", self.group.map(|(kind, _)| kind.into()));
        put("group_id", self.group.map(|(_, id)| id.into()));
        put("key", self.event.map(Value::from));
        put(
            "place",
            self.place.map(|(country, town)| json!([country, town])),
        );
        put("color", self.color.map(Value::from));
        put("opened", self.opened.map(Value::from));
        put("later_than", self.later.map(|at| moment(at).into()));
        put("earlier_than", self.earlier.map(|at| moment(at).into()));
        filters
    }

    /// The body of the request, where there are so many records.
    pub(super) fn body(&self, records: usize) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            body.extend(value.map(|value| (name.to_owned(), value)));
        };
        let ids = self.ids.map(|every| {
            let some = (0..records).step_by(every).map(super::name);
            some.chain(["none".to_owned()]).collect::<Vec<_>>().into()
        });
        put("ids", ids);
        put("author", self.author.map(Value::from));
        put("parent", self.parent.map(Value::from));
        put("all", self.is_all.then_some(json!(true)));
        let filters = self.filters();
        put("filters", (!filters.is_empty()).then_some(filters.into()));
        put("as_of", self.as_of.map(|at| moment(at).into()));
        Value::Object(body)
    }

    /// Whether it takes a live record.
    pub(super) fn selects(&self, record: &Record, name: &str) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, there: Option<&T>) -> bool {
            wanted.is_none() || wanted == there
        }
        let number: usize = name[1..].parse().expect("a number");
        let moment = record.sent.moment();
        // What was written after the request is left alone, but for what is listed; what has no time is no such thing.
        let until = match (self.as_of, self.ids) {
            (Some(as_of), _) => Some(as_of),
            (None, None) => Some(1_000_000),
            (None, Some(_)) => None,
        };
        let is_finer = matches!(record.sent, Sent::Finer(_));
        let is_until = |until: i64, at: i64| at < until || (at == until && !is_finer);
        !record.is_foreign
            && self.ids.is_none_or(|every| number.is_multiple_of(every))
            && (!self.is_anns || record.writer == "ann")
            && is(self.author.as_ref(), Some(&record.writer))
            && is(self.parent.as_ref(), record.parent.as_ref())
            && is(self.kind.as_ref(), record.kind.as_ref())
            && is(self.group.as_ref(), record.group.as_ref())
            && is(self.event.as_ref(), record.event.as_ref())
            && is(self.place.as_ref(), record.place.as_ref())
            && is(self.color.as_ref(), record.color.as_ref())
            && is(self.opened.as_ref(), Some(&(record.opened == Some(true))))
            && self
                .later
                .is_none_or(|later| moment.is_some_and(|at| at > later))
            && self
                .earlier
                .is_none_or(|earlier| moment.is_some_and(|at| at < earlier))
            && until.is_none_or(|until| moment.is_none_or(|at| is_until(until, at)))
    }

    /// Each pair of fields, and each field alone.
    pub(super) fn pairs() -> Vec<Self> {
        let fields: [fn(&mut Self); 14] = [
            |wanted| wanted.ids = Some(2),
            |wanted| wanted.author = Some("ann"),
            |wanted| wanted.parent = Some("p"),
            |wanted| wanted.is_all = true,
            |wanted| wanted.kind = Some("a"),
            |wanted| wanted.group = Some(("a", "1")),
            |wanted| wanted.event = Some("a"),
            |wanted| wanted.place = Some(("a", "1")),
            |wanted| wanted.color = Some("a"),
            |wanted| wanted.opened = Some(true),
            |wanted| wanted.opened = Some(false),
            |wanted| wanted.later = Some(2),
            |wanted| wanted.earlier = Some(4),
            |wanted| wanted.as_of = Some(3),
        ];
        let mut all = Vec::new();
        for (place, one) in fields.iter().enumerate() {
            for other in &fields[place..] {
                let mut wanted = Self::default();
                one(&mut wanted);
                other(&mut wanted);
                let says_which =
                    wanted.ids.is_some() || wanted.author.is_some() || !wanted.filters().is_empty();
                wanted.is_all |= !says_which;
                all.push(wanted);
            }
        }
        all
    }
}
