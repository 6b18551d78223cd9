//! How far a load is: a bar on a terminal, a line every few seconds elsewhere.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// How often a line is printed where a bar cannot be drawn.
const EVERY: Duration = Duration::from_secs(3);

/// Counts what was written, and shows it.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// When the last line was printed; absent where the bar is drawn.
    last_line: Option<Mutex<Instant>>,
}

impl Progress {
    /// Begins with nothing of `total` done.
    pub(super) fn start(total: usize) -> Self {
        let bar = ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX));
        let style = ProgressStyle::with_template("  {bar:40} {human_pos}/{human_len} {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let last_line = (!std::io::stderr().is_terminal()).then(|| Mutex::new(Instant::now()));
        Self { bar, last_line }
    }

    /// So many more are written.
    pub(super) fn add(&self, written: usize) {
        self.bar.inc(u64::try_from(written).unwrap_or_default());
        let Some(last) = &self.last_line else { return };
        let Ok(mut last) = last.lock() else { return };
        if last.elapsed() >= EVERY {
            *last = Instant::now();
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or_default());
            terminal::note(&format!("  {done} of {total} rows and documents written"));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
