//! The end of a log file, for an error that a person reads.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

const LINES: usize = 15;

/// What was written into a log after its first bytes.
pub(crate) fn since(log: &Path, earlier: u64) -> String {
    let mut bytes = Vec::new();
    // A log that cannot be read shows nothing; whoever needs it will say so.
    let _unread = fs::File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(earlier))?;
        file.read_to_end(&mut bytes)
    });
    String::from_utf8_lossy(&bytes).into_owned()
}

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
