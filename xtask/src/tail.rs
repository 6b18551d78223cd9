//! The end of a log file, for an error that a person reads.

use std::fs;
use std::path::Path;

const LINES: usize = 15;

/// The last lines of a log, and where the rest is.
pub(crate) fn quote(log: &Path) -> String {
    let text = fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    let mut quoted = format!("  end of {}:\n", log.display());
    for line in last {
        quoted.push_str("  | ");
        quoted.push_str(line);
        quoted.push('\n');
    }
    quoted.trim_end().to_owned()
}
