//! The only place that prints.
//!
//! Progress goes to standard error, so that standard output carries nothing but what was asked for (a token, a table).

mod pulse;

use std::io::IsTerminal as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use pulse::Pulse;

/// The lines of the steps that are under way; nothing is drawn where standard error is no terminal.
static LIVE: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Prints an answer of the command on standard output.
#[expect(clippy::print_stdout, reason = "the answer of a command line tool")]
pub fn answer(line: &str) {
    LIVE.suspend(|| println!("{line}"));
}

/// Prints progress or an explanation on standard error.
#[expect(clippy::print_stderr, reason = "progress of a command line tool")]
pub fn note(line: &str) {
    LIVE.suspend(|| eprintln!("{line}"));
}

/// One step of a longer run: begun with its name, ended with one line that has the seconds.
///
/// In between a terminal shows what it does and how long already; elsewhere (a log, CI) a line does so every
/// [`pulse::EVERY`].
#[derive(Debug)]
pub struct Step {
    name: &'static str,
    begun: Instant,
    line: ProgressBar,
    /// Absent on a terminal.
    pulse: Option<Pulse>,
}

impl Step {
    /// Starts the clock.
    #[must_use]
    pub fn begin(name: &'static str) -> Self {
        let begun = Instant::now();
        let is_terminal = std::io::stderr().is_terminal();
        let line = if is_terminal {
            let line = LIVE.add(ProgressBar::new_spinner().with_prefix(name));
            let style = ProgressStyle::with_template("{spinner} {prefix:<12} {wide_msg} {elapsed}");
            if let Ok(style) = style {
                line.set_style(style);
            }
            line.enable_steady_tick(Duration::from_millis(200));
            line
        } else {
            ProgressBar::hidden()
        };
        Self {
            name,
            begun,
            line,
            pulse: (!is_terminal).then(|| Pulse::start(name)),
        }
    }

    /// As [`Step::begin`], and says beforehand what takes long.
    #[must_use]
    pub fn begin_long(name: &'static str, why: &str) -> Self {
        note(&format!("  {name:<12} {why} …"));
        let step = Self::begin(name);
        step.doing(why);
        step
    }

    /// Says what is done now, and how far it is.
    pub fn doing(&self, what: &str) {
        match &self.pulse {
            Some(pulse) => pulse.say(what),
            None => self.line.set_message(what.to_owned()),
        }
    }

    /// Prints the line of the step.
    pub fn end(self, result: &str) {
        self.line.finish_and_clear();
        note(&format!(
            "  {:<12} {result} ({})",
            self.name,
            seconds(self.begun.elapsed())
        ));
    }
}

impl Drop for Step {
    /// A step that failed leaves no line behind that goes on counting.
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

/// A duration as people read it.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// An amount of bytes as people read it.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_megabytes_with_one_digit() {
        assert_eq!(megabytes(0), "0.0 MB");
        assert_eq!(megabytes(14_449_999), "14.4 MB");
        assert_eq!(megabytes(1_000_000_000), "1000.0 MB");
    }
}
