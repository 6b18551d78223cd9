//! How far a load is.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::terminal::{Step, megabytes};

/// Counts what was written, and shows it.
#[derive(Debug)]
pub(super) struct Progress {
    step: Step,
    done: AtomicUsize,
    total: usize,
}

impl Progress {
    /// Begins with nothing of `total` done.
    pub(super) fn start(total: usize) -> Self {
        let progress = Self {
            step: Step::begin("load"),
            done: AtomicUsize::new(0),
            total,
        };
        progress.add(0);
        progress
    }

    /// So many more are written.
    pub(super) fn add(&self, written: usize) {
        let done = self.done.fetch_add(written, Ordering::Relaxed) + written;
        let total = self.total;
        self.step
            .doing(&format!("{done} of {total} rows and documents written"));
    }
}

/// A file that shows how much of it was read.
#[derive(Debug)]
pub(super) struct Reading<R> {
    from: R,
    step: Step,
    done: u64,
    total: u64,
}

impl<R: Read> Reading<R> {
    /// Begins with nothing of `total` bytes read.
    pub(super) fn start(from: R, total: u64) -> Self {
        Self {
            from,
            step: Step::begin("read"),
            done: 0,
            total,
        }
    }
}

impl<R: Read> Read for Reading<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.done += u64::try_from(read).unwrap_or_default();
        let (done, total) = (megabytes(self.done), megabytes(self.total));
        self.step
            .doing(&format!("{done} of {total} read and checked"));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_the_file_has() {
        let mut text = String::new();

        let read = Reading::start(&b"all of it"[..], 9).read_to_string(&mut text);

        assert_eq!(read.unwrap(), 9);
        assert_eq!(text, "all of it");
    }
}
