//! Archives out of nothing, for those who have none at hand and for amounts that no archive has.
//!
//! The same shape gives the same lines on every machine, so that what was seen once can be seen again.

use jiff::Timestamp;

use super::line::Message;

const WORDS: [&str; 32] = [
    "archive", "branch", "cluster", "column", "data", "driver", "error", "factor", "format",
    "frame", "grid", "import", "index", "kernel", "lattice", "library", "matrix", "memory",
    "model", "network", "package", "parser", "plot", "query", "release", "sample", "schema",
    "server", "table", "thread", "update", "vector",
];

/// 2001-01-01T00:00:00Z.
const BEGIN: i64 = 978_307_200;

/// What to generate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The list, and so the tenant.
    pub list: String,
    /// How many discussions.
    pub discussions: usize,
    /// How many messages in each.
    pub messages: usize,
    /// Another seed, another archive.
    pub seed: u64,
}

/// The lines of an archive, made one by one.
pub fn generate(shape: &Shape) -> impl Iterator<Item = String> + '_ {
    (0..shape.discussions).flat_map(move |discussion| {
        let mut chance = Chance::new(shape.seed, discussion);
        let subject = format!("{} number {discussion}", chance.words(4));
        let begun = BEGIN + 3_600 * i64::try_from(discussion).unwrap_or_default();
        (0..shape.messages).map(move |place| {
            let minutes = i64::try_from(place).unwrap_or_default();
            let sent_at = Timestamp::from_second(begun + 60 * minutes).unwrap_or_default();
            let reply = if place == 0 { "" } else { "Re: " };
            let lines = 3 + chance.below(8);
            let body: Vec<String> = (0..lines).map(|_| chance.words(9)).collect();
            Message {
                list: shape.list.clone(),
                thread: format!("t{discussion:06}"),
                id: format!("m{place:07}.{discussion}@{}.example", shape.list),
                sent_at: sent_at.to_string(),
                author: format!("u-{:02}", chance.below(20)),
                subject: format!("{reply}{subject}"),
                body: body.join(".\n"),
            }
            .to_line()
        })
    })
}

/// A linear congruential generator with Knuth's constants: good enough for words, and no dependency.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64, discussion: usize) -> Self {
        let discussion = u64::try_from(discussion).unwrap_or_default();
        let mut chance = Self(seed ^ discussion.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(1).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    pub(super) fn words(&mut self, count: usize) -> String {
        let words: Vec<&str> = (0..count).map(|_| WORDS[self.below(WORDS.len())]).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Archive, Mail};
    use tombstone::collections::read as collections;

    fn shape(seed: u64) -> Shape {
        Shape {
            list: "l".into(),
            discussions: 3,
            messages: 4,
            seed,
        }
    }

    #[test]
    fn a_shape_always_gives_the_same_lines_and_another_seed_others() {
        let first: Vec<String> = generate(&shape(1)).collect();

        assert_eq!(first, generate(&shape(1)).collect::<Vec<_>>());
        assert_ne!(first, generate(&shape(2)).collect::<Vec<_>>());
    }

    #[test]
    fn generated_lines_are_an_archive_of_that_shape() {
        let collections = collections(None).unwrap();
        let mail = Mail::of(&collections).unwrap();

        let archive = Archive::from_lines("generated", generate(&shape(1)).map(Ok), &mail).unwrap();

        assert_eq!((archive.messages().len(), archive.repeated()), (12, 0));
        assert_eq!(archive.discussions().count(), 3);
    }
}
