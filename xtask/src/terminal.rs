//! The only place that prints.
//!
//! Progress goes to standard error, so that standard output carries nothing but what was asked for (a token, a table).

use std::time::{Duration, Instant};

/// Prints an answer of the command on standard output.
#[expect(clippy::print_stdout, reason = "the answer of a command line tool")]
pub fn answer(line: &str) {
    println!("{line}");
}

/// Prints progress or an explanation on standard error.
#[expect(clippy::print_stderr, reason = "progress of a command line tool")]
pub fn note(line: &str) {
    eprintln!("{line}");
}

/// One step of a longer run: begun with its name, ended with one line that has the seconds.
#[derive(Debug)]
pub struct Step {
    name: &'static str,
    begun: Instant,
}

impl Step {
    /// Starts the clock, and prints nothing.
    #[must_use]
    pub fn begin(name: &'static str) -> Self {
        Self {
            name,
            begun: Instant::now(),
        }
    }

    /// Says beforehand that this step takes long.
    #[must_use]
    pub fn begin_long(name: &'static str, why: &str) -> Self {
        note(&format!("  {name:<12} {why} …"));
        Self::begin(name)
    }

    /// Prints the line of the step.
    pub fn end(self, result: &str) {
        note(&format!(
            "  {:<12} {result} ({})",
            self.name,
            seconds(self.begun.elapsed())
        ));
    }
}

/// A duration as people read it.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
