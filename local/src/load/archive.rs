//! A whole archive: read and checked to the end, each message once.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::iter::Sum;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use domain::collection::Collection;
use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;

use super::line::{Message, Problem};
use super::mail::{Mail, Record};
use super::progress::Reading;

/// How many wrong lines are told; the rest is only counted.
const TOLD: usize = 20;

/// What the first bytes of a gzip file are.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How much of a file is read at once, and told.
const CHUNK: usize = 1 << 20;

/// What some systems put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The records of one collection, each made when it is asked for.
pub(super) type Records<'a> = Box<dyn Iterator<Item = Record> + Send + 'a>;

/// An archive without a wrong line.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    messages: Vec<Message>,
    /// By list and thread: the earliest message, as its time and its place in `messages`.
    earliest: BTreeMap<(String, String), (Timestamp, usize)>,
    repeated: usize,
}

/// How much one list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Its discussions.
    pub discussions: usize,
    /// The messages in them.
    pub messages: usize,
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            discussions: sum.discussions + one.discussions,
            messages: sum.messages + one.messages,
        })
    }
}

impl Archive {
    /// Reads a file, plain or gzip.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or has wrong lines: they are named.
    pub fn read(file: &Path, mail: &Mail) -> Result<Self> {
        let name = file.display().to_string();
        let opened = File::open(file).context(format!("open {name}"))?;
        let size = opened.metadata().map_or(0, |about| about.len());
        let mut plain = BufReader::with_capacity(CHUNK, Reading::start(opened, size));
        let start = plain.fill_buf().context(format!("read {name}"))?;
        let lines: Box<dyn BufRead> = if start.starts_with(&GZIP) {
            Box::new(BufReader::new(MultiGzDecoder::new(plain)))
        } else {
            Box::new(plain)
        };
        Self::from_lines(&name, lines.lines(), mail)
    }

    /// Takes lines from anywhere; `name` stands in front of the line number when one is wrong.
    ///
    /// # Errors
    ///
    /// As [`Archive::read`].
    pub fn from_lines(
        name: &str,
        lines: impl Iterator<Item = io::Result<String>>,
        mail: &Mail,
    ) -> Result<Self> {
        let mut archive = Self::default();
        let mut seen = HashSet::new();
        let mut wrong = Wrong::default();
        for (place, line) in lines.enumerate() {
            let line = match line {
                Ok(line) => line,
                // Not text; the next line may be again.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    wrong.add(name, place, &"not UTF-8 text");
                    continue;
                }
                Err(error) => return Err(error).context(format!("read {name}:{}", place + 1)),
            };
            let line = match place {
                0 => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line),
                _ => &line,
            };
            if line.trim().is_empty() {
                continue; // editors and people leave them, at the end most of all
            }
            match checked(line, mail) {
                Ok((message, sent_at)) => archive.add(message, sent_at, &mut seen),
                Err(problem) => wrong.add(name, place, &problem),
            }
        }
        wrong.none()?;
        Ok(archive)
    }

    fn add(
        &mut self,
        message: Message,
        sent_at: Timestamp,
        seen: &mut HashSet<(String, String, String)>,
    ) {
        let thread = (message.list.clone(), message.thread.clone());
        if !seen.insert((thread.0.clone(), thread.1.clone(), message.id.clone())) {
            self.repeated += 1;
            return;
        }
        let this = (sent_at, self.messages.len());
        self.earliest
            .entry(thread)
            .and_modify(|earliest| *earliest = this.min(*earliest))
            .or_insert(this);
        self.messages.push(message);
    }

    /// Takes the messages of another archive in, which must have lists of its own.
    ///
    /// # Errors
    ///
    /// When a list is in both.
    pub fn append(&mut self, other: Self) -> Result<()> {
        let mine = self.counts();
        if let Some(list) = other
            .counts()
            .into_keys()
            .find(|list| mine.contains_key(list))
        {
            bail!("the list {list} is there twice");
        }
        let offset = self.messages.len();
        let moved = other.earliest.into_iter();
        self.earliest
            .extend(moved.map(|(thread, (sent_at, place))| (thread, (sent_at, place + offset))));
        self.messages.extend(other.messages);
        self.repeated += other.repeated;
        Ok(())
    }

    /// All messages, in the order of their lines.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The earliest message of each discussion, by list and thread.
    pub fn discussions(&self) -> impl Iterator<Item = &Message> {
        self.earliest
            .values()
            .map(|(_, place)| &self.messages[*place])
    }

    /// The records to write, by collection: discussions first.
    pub(super) fn records<'a>(&'a self, mail: &'a Mail<'a>) -> [(&'a Collection, Records<'a>); 2] {
        let discussions = self.discussions().map(|first| mail.discussion(first));
        let messages = self.messages().iter().map(|message| mail.message(message));
        [
            (mail.discussions, Box::new(discussions)),
            (mail.messages, Box::new(messages)),
        ]
    }

    /// How many lines named a message that an earlier one had named.
    #[must_use]
    pub fn repeated(&self) -> usize {
        self.repeated
    }

    /// What each list has.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, Counts> {
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for (list, _) in self.earliest.keys() {
            counts.entry(list.clone()).or_default().discussions += 1;
        }
        for message in &self.messages {
            counts.entry(message.list.clone()).or_default().messages += 1;
        }
        counts
    }
}

fn checked(line: &str, mail: &Mail) -> Result<(Message, Timestamp), Problem> {
    let message = Message::parse(line)?;
    mail.check(&message)?;
    let sent_at = message.moment()?;
    Ok((message, sent_at))
}

/// The wrong lines of a file.
#[derive(Debug, Default)]
struct Wrong {
    told: Vec<String>,
    more: usize,
}

impl Wrong {
    fn add(&mut self, name: &str, place: usize, problem: &dyn std::fmt::Display) {
        if self.told.len() < TOLD {
            self.told.push(format!("{name}:{}: {problem}", place + 1));
        } else {
            self.more += 1;
        }
    }

    fn none(self) -> Result<()> {
        if self.told.is_empty() {
            return Ok(());
        }
        let mut told = self.told;
        if self.more > 0 {
            told.push(format!("and {} more", self.more));
        }
        Err(anyhow!(
            "nothing was written, as these lines are wrong:\n  {}",
            told.join("\n  ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tombstone::collections::read as collections;

    fn line(list: &str, thread: &str, id: &str, second: u8) -> String {
        Message {
            list: list.into(),
            thread: thread.into(),
            id: id.into(),
            sent_at: format!("2001-01-01T00:00:{second:02}Z"),
            author: format!("author of {id}"),
            subject: format!("subject of {id}"),
            body: String::new(),
        }
        .to_line()
    }

    fn archive(lines: &[String]) -> Result<Archive> {
        let collections = collections(None).unwrap();
        let mail = Mail::of(&collections).unwrap();
        Archive::from_lines("mail", lines.iter().cloned().map(Ok), &mail)
    }

    #[test]
    fn a_message_that_is_named_twice_is_counted_and_kept_once() {
        let archive = archive(&[
            line("a", "t", "1", 5),
            line("a", "t", "2", 6),
            line("a", "t", "1", 1),
        ])
        .unwrap();

        assert_eq!(archive.repeated(), 1);
        let two = Counts {
            discussions: 1,
            messages: 2,
        };
        assert_eq!(archive.counts(), BTreeMap::from([("a".to_owned(), two)]));
    }

    #[test]
    fn a_thread_in_two_lists_is_two_discussions() {
        let archive = archive(&[line("a", "t", "1", 5), line("b", "t", "1", 5)]).unwrap();

        assert_eq!(archive.repeated(), 0);
        assert_eq!(archive.discussions().count(), 2);
    }

    #[test]
    fn a_discussion_is_what_its_earliest_message_says() {
        let archive = archive(&[
            line("a", "t", "1", 5),
            line("a", "t", "2", 3),
            line("a", "t", "3", 4),
        ])
        .unwrap();

        let earliest: Vec<_> = archive.discussions().collect();

        assert_eq!(earliest.len(), 1);
        assert_eq!(earliest[0].subject, "subject of 2");
    }

    #[test]
    fn wrong_lines_are_named_with_file_line_and_field_and_the_rest_is_counted() {
        let mut lines = vec![line("a", "t", "1", 5), "{}}".to_owned()];
        lines.extend(vec![line("", "t", "1", 5); TOLD]);

        let told = format!("{:#}", archive(&lines).unwrap_err());

        assert!(told.contains("mail:2: not a JSON object"), "{told}");
        assert!(told.contains("mail:3: `list` is empty"), "{told}");
        assert!(told.ends_with("and 1 more"), "{told}");
    }
    #[test]
    fn blank_lines_a_byte_order_mark_and_line_ends_of_other_systems_are_no_lines_of_the_archive() {
        let file = std::env::temp_dir().join(format!("tombstone-load-{}", std::process::id()));
        let (one, two) = (line("a", "t", "1", 5), line("a", "t", "2", 6));
        std::fs::write(&file, format!("\u{feff}{one}\r\n\r\n \t\r\n{two}\r\n\n")).unwrap();
        let collections = collections(None).unwrap();

        let archive = Archive::read(&file, &Mail::of(&collections).unwrap());
        std::fs::remove_file(&file).unwrap();

        let ids: Vec<_> = archive
            .unwrap()
            .messages
            .into_iter()
            .map(|m| m.id)
            .collect();
        assert_eq!(ids, ["1", "2"]);
    }

    #[test]
    fn a_wrong_line_is_counted_with_the_blank_ones_before_it() {
        let wrong = archive(&[String::new(), String::new(), "x".to_owned()]);
        let told = format!("{:#}", wrong.unwrap_err());

        assert!(told.contains("mail:3: not a JSON object"), "{told}");
    }

    #[test]
    fn the_last_day_there_is_comes_after_every_other_message() {
        let mut lines = vec![line("a", "t", "never", 5), line("a", "t", "first", 5)];
        lines[0] = lines[0].replace("2001-01-01T00:00:05Z", "9999-12-31T23:59:59Z");

        let archive = archive(&lines).unwrap();

        assert_eq!(archive.discussions().next().unwrap().id, "first");
    }
}
