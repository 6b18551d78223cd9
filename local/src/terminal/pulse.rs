//! A sign of life where nothing can be drawn: one line every some seconds, none for a step that is quick.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{note, seconds};

/// Often enough to see that it moves, and seldom enough for a log.
pub(super) const EVERY: Duration = Duration::from_secs(10);

/// Prints as long as it lives.
#[derive(Debug)]
pub(super) struct Pulse {
    doing: Arc<Mutex<String>>,
    /// Never sent to: the thread ends when this is dropped.
    _alive: Sender<()>,
}

impl Pulse {
    pub(super) fn start(name: &'static str) -> Self {
        Self::beat(EVERY, move |doing, passed| {
            note(&line(name, doing, passed));
        })
    }

    fn beat(every: Duration, tell: impl Fn(&str, Duration) + Send + 'static) -> Self {
        let doing = Arc::new(Mutex::new(String::new()));
        let (alive, ended) = mpsc::channel::<()>();
        let told = Arc::clone(&doing);
        let begun = Instant::now();
        thread::spawn(move || {
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let doing = told.lock().map(|doing| doing.clone()).unwrap_or_default();
                tell(&doing, begun.elapsed());
            }
        });
        Self {
            doing,
            _alive: alive,
        }
    }

    pub(super) fn say(&self, what: &str) {
        if let Ok(mut doing) = self.doing.lock() {
            what.clone_into(&mut doing);
        }
    }
}

fn line(name: &str, doing: &str, passed: Duration) -> String {
    let space = if doing.is_empty() { "" } else { " " };
    format!("  {name:<12} {doing}{space}… {}", seconds(passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_step_tells_what_it_does_until_it_ends_and_a_short_one_nothing() {
        let (send, told) = mpsc::channel();
        let tell = |send: Sender<String>| {
            move |doing: &str, _passed| {
                let _ended = send.send(doing.to_owned());
            }
        };
        let short = Pulse::beat(Duration::from_mins(1), tell(send.clone()));
        let long = Pulse::beat(Duration::from_millis(5), tell(send));

        short.say("short");
        long.say("3 of 7");
        while told.recv_timeout(Duration::from_secs(5)).unwrap() != "3 of 7" {}
        drop((short, long));

        let mut rest = told.iter(); // ends when both threads have
        assert!(rest.all(|doing| doing == "3 of 7"));
    }

    #[test]
    fn a_line_has_the_step_what_it_does_and_how_long_already() {
        let passed = Duration::from_millis(20_049);

        assert_eq!(
            line("build", "12 crates", passed),
            "  build        12 crates … 20.0 s"
        );
        assert_eq!(line("deploy", "", passed), "  deploy       … 20.0 s");
    }
}
