//! How the tour is told: numbered steps, requests that can be pasted, what came back, and a mark for each promise.

use std::process::ExitCode;
use std::time::Duration;

use local::terminal::{self, Step};

/// Tells, and remembers what was not as promised.
#[derive(Debug, Default)]
pub(super) struct Narrator {
    step: String,
    steps: usize,
    kept: usize,
    broken: Vec<String>,
}

impl Narrator {
    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) {
        self.steps += 1;
        self.step = format!("{}. {title}", self.steps);
        terminal::answer(&format!("\n== {}", self.step));
    }

    /// One promise, and whether it was kept.
    pub(super) fn promise(&mut self, kept: bool, what: &str) {
        if kept {
            self.kept += 1;
            terminal::answer(&format!("   ✔ {what}"));
        } else {
            self.broken.push(format!("{}: {what}", self.step));
            terminal::answer(&format!("   ✘ NOT AS PROMISED: {what}"));
        }
    }

    /// Two numbers that must be one.
    pub(super) fn equal(&mut self, what: &str, found: usize, expected: usize) {
        if found == expected {
            self.promise(true, &format!("{what}: {found}"));
        } else {
            self.promise(false, &format!("{what}: {found}, expected {expected}"));
        }
    }

    /// A list of differences that must be empty.
    pub(super) fn nothing(&mut self, what: &str, differences: &[String]) {
        let mut told = what.to_owned();
        for difference in differences.iter().take(5) {
            told.push_str("\n       ");
            told.push_str(difference);
        }
        if differences.len() > 5 {
            told.push_str("\n       …");
        }
        self.promise(differences.is_empty(), &told);
    }

    /// The last words.
    pub(super) fn end(&self, took: Duration, load: &str, tenant: &str) {
        let took = terminal::seconds(took);
        let promises = self.kept + self.broken.len();
        terminal::answer("");
        if self.broken.is_empty() {
            terminal::answer(&format!(
                "all {promises} checks in {} steps were as promised, in {took}; the stack is stopped",
                self.steps
            ));
        } else {
            terminal::answer(&format!(
                "{} of {promises} checks were NOT as promised, in {took}; the stack is stopped:",
                self.broken.len()
            ));
            for broken in &self.broken {
                terminal::answer(&format!("   ✘ {broken}"));
            }
        }
        terminal::answer("to try the requests yourself, on a stack that stays:");
        for line in [
            "cargo xtask up",
            &format!("cargo xtask load {load}"),
            "export API=$(python3 -c 'import json; print(json.load(open(\".local/stack.json\"))[\"api_url\"])')",
            &format!("export TOKEN=$(cargo xtask token --tenant {tenant} --group admin)"),
        ] {
            terminal::answer(&format!("   {line}"));
        }
    }

    /// Success only when everything was as promised, and something was promised at all.
    pub(super) fn verdict(&self) -> ExitCode {
        if self.broken.is_empty() && self.kept > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Explains.
pub(super) fn say(text: &str) {
    terminal::answer(&format!("   {text}"));
}

/// Waits, and shows for what.
pub(super) async fn wait(time: Duration, what: &str) {
    let step = Step::begin("wait");
    step.doing(&format!("{} for {what}", terminal::seconds(time)));
    tokio::time::sleep(time).await;
}

/// A command as it would be typed.
pub(super) fn command(line: &str) {
    terminal::answer(&format!("   $ {line}"));
}

/// What a command gave.
pub(super) fn answer(text: &str) {
    terminal::answer(&format!("     {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broken_promise_is_a_failure_and_so_is_none_at_all() {
        let mut narrator = Narrator::default();
        assert_eq!(narrator.verdict(), ExitCode::FAILURE);

        narrator.equal("rows", 1, 1);
        assert_eq!(narrator.verdict(), ExitCode::SUCCESS);

        narrator.equal("rows", 1, 2);
        assert_eq!(narrator.verdict(), ExitCode::FAILURE);
    }
}
