//! What the doctor answers: what was looked at, what was found, and how the command ends.

use std::fmt::Write as _;

use serde::Serialize;

use super::finding::{Finding, Level};
use super::seen::TableSeen;
use crate::exit::Exit;

/// The answer in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Nothing is wrong; there may be warnings.
    Fits,
    /// Something is.
    DoesNotFit,
    /// Something could not be read, so something may be.
    NotAllRead,
}

/// One collection that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Looked {
    /// Its name in the files.
    pub name: String,
    /// The name of its table.
    pub table: String,
    /// The table as it is, where it could be described.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub described: Option<TableSeen>,
    /// Whether its records have no rows, so that there is nothing to look at.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_rowless: bool,
    /// How many of its rows were sampled.
    pub sampled: usize,
    /// The name of its search index, where it has documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// How many documents of the sampled rows were found, where they could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<usize>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// In a word.
    pub verdict: Verdict,
    /// How many errors.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
    /// How many notes.
    pub notes: usize,
    /// What the rows took, in read units.
    pub read_units: f64,
    /// What was looked at, by name.
    pub collections: Vec<Looked>,
    /// What was found: by collection, and the worst first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Of what was looked at and found.
    #[must_use]
    pub fn new(collections: Vec<Looked>, mut findings: Vec<Finding>, read_units: f64) -> Self {
        findings.sort_by(|a, b| (&a.collection, a.level).cmp(&(&b.collection, b.level)));
        let of = |level| findings.iter().filter(|one| one.level == level).count();
        let errors = of(Level::Error);
        Self {
            verdict: verdict(&findings),
            errors,
            warnings: of(Level::Warning),
            notes: of(Level::Note),
            read_units,
            collections,
            findings,
        }
    }

    /// How the command ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        exit(self.verdict)
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for looked in &self.collections {
            let name = Some(&looked.name);
            let of = self.findings.iter();
            let of: Vec<&Finding> = of.filter(|one| one.collection.as_ref() == name).collect();
            let fits = if of.iter().all(|one| one.level == Level::Note) {
                ": fits"
            } else {
                ""
            };
            let _written = writeln!(text, "{}{fits}", looked.line());
            text.push_str(&lines(of.into_iter()));
        }
        let others = self.findings.iter();
        text.push_str(&lines(others.filter(|one| one.collection.is_none())));
        let _written = write!(
            text,
            "{}: {}, {}, {}; the rows took {} read units",
            match self.verdict {
                Verdict::Fits => "FITS",
                Verdict::DoesNotFit => "DOES NOT FIT",
                Verdict::NotAllRead => "NOT ALL READ",
            },
            counted(self.errors, "error"),
            counted(self.warnings, "warning"),
            counted(self.notes, "note"),
            self.read_units
        );
        text
    }
}

impl Looked {
    fn line(&self) -> String {
        if self.is_rowless {
            return format!("{}: records without a row", self.name);
        }
        let mut line = format!("{}: table {}", self.name, self.table);
        if let Some(table) = &self.described {
            let _written = write!(line, ", about {} items", table.items);
        }
        let _written = write!(line, ", {} sampled", self.sampled);
        if let Some(index) = &self.index {
            let _written = write!(line, "; index {index}");
        }
        if let Some(documents) = self.documents {
            let _written = write!(line, ", {documents} of their documents found");
        }
        line
    }
}

/// `1 error`, `2 errors`.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// How a command ends that found these.
#[must_use]
pub fn verdict(findings: &[Finding]) -> Verdict {
    if findings.iter().any(Finding::is_unchecked) {
        Verdict::NotAllRead
    } else if findings.iter().any(|one| one.level == Level::Error) {
        Verdict::DoesNotFit
    } else {
        Verdict::Fits
    }
}

/// The exit code of a verdict.
#[must_use]
pub fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Fits => Exit::Done,
        Verdict::DoesNotFit => Exit::Differs,
        Verdict::NotAllRead => Exit::NotDone,
    }
}

/// Findings for a person: what, where, what was seen, what to do.
pub(super) fn lines<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut text = String::new();
    for finding in findings {
        let mut place = String::new();
        if let Some(file) = &finding.file {
            place.push_str(file);
            if let Some(line) = finding.line {
                let _written = write!(place, ":{line}");
            }
            place.push_str(": ");
        }
        place.push_str(finding.key.as_deref().unwrap_or_default());
        let rows = match (finding.found, finding.of) {
            (Some(found), Some(of)) => format!(" ({found} of {of} rows)"),
            _ => String::new(),
        };
        let _written = writeln!(
            text,
            "  {:<7} {} {place}{rows}\n          {}\n          → {}",
            finding.level, finding.code, finding.seen, finding.advice
        );
        if !finding.keys.is_empty() {
            let keys: Vec<String> = finding.keys.iter().map(|key| key.join(" / ")).collect();
            let _written = writeln!(text, "          e.g. {}", keys.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::code::Code;

    fn finding(level: Level, code: Code, collection: &str) -> Finding {
        Finding {
            collection: Some(collection.to_owned()),
            ..Finding::new(level, code, "seen", "advice")
        }
    }

    #[test]
    fn warnings_fit_errors_do_not_and_what_was_not_read_is_neither() {
        let warning = finding(Level::Warning, Code::StreamOn, "a");
        let error = finding(Level::Error, Code::KeyType, "a");
        let unread = finding(Level::Error, Code::CannotRead, "b");
        let of = |findings: &[&Finding]| {
            let findings = findings.iter().map(|one| (*one).clone()).collect();
            Report::new(Vec::new(), findings, 0.0).exit()
        };

        assert_eq!(of(&[&warning]), Exit::Done);
        assert_eq!(of(&[&warning, &error]), Exit::Differs);
        assert_eq!(of(&[&error, &unread]), Exit::NotDone);
    }

    #[test]
    fn a_person_reads_the_place_the_rows_and_what_to_do_the_worst_first() {
        let mut error = finding(Level::Error, Code::TenantMissing, "notes");
        error.file = Some("notes.toml".to_owned());
        error.line = Some(3);
        error.key = Some("notes.tenant".to_owned());
        (error.found, error.of) = (Some(2), Some(100));
        let looked = Looked {
            name: "notes".to_owned(),
            table: "prod-notes".to_owned(),
            described: None,
            is_rowless: false,
            sampled: 100,
            index: None,
            documents: None,
        };
        let note = finding(Level::Note, Code::NoRecovery, "notes");

        let report = Report::new(vec![looked], vec![note, error], 12.5);

        let text = report.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "notes: table prod-notes, 100 sampled");
        assert_eq!(
            lines[1],
            "  ERROR   TENANT_MISSING notes.toml:3: notes.tenant (2 of 100 rows)"
        );
        assert_eq!(lines[3], "          → advice");
        assert!(lines[4].contains("NO_RECOVERY"), "{text}");
        assert!(
            text.ends_with("1 error, 0 warnings, 1 note; the rows took 12.5 read units"),
            "{text}"
        );
    }
}
