//! The processes that this program has started and must end, whatever happens to it.

use std::fs::{self, File};
use std::process::Child;

use anyhow::{Context as _, Result, anyhow};

use crate::layout::StateDir;
use crate::process::Identity;
use crate::stack::file::{Part, ProcessesFile};
use crate::stack::running;

/// Ends its processes when it is dropped, unless they were left on purpose.
#[derive(Debug)]
pub(super) struct Processes {
    state: StateDir,
    file: ProcessesFile,
    children: Vec<Child>,
    armed: bool,
}

impl Processes {
    pub(super) fn new(state: StateDir) -> Self {
        Self {
            state,
            file: ProcessesFile::default(),
            children: Vec::new(),
            armed: true,
        }
    }

    /// Takes a process over. It is recorded at once, for the case that this program is killed.
    pub(super) fn own(&mut self, part: Part, identity: &Identity, child: Child) -> Result<()> {
        self.children.push(child);
        self.file.record(&self.state, part, identity)
    }

    pub(super) fn leave(mut self) {
        self.armed = false;
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        running::end_processes(&self.state, &self.file);
        let _cleaned = self.state.clean(); // the logs stay: they tell why
        for child in &mut self.children {
            let _already_gone = child.wait();
        }
    }
}

/// Only one command at a time starts or stops the stack of a folder.
#[derive(Debug)]
pub struct Lock(
    #[expect(
        dead_code,
        reason = "held, never read: closing the file gives the lock back"
    )]
    File,
);

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// When another command has it.
    pub fn take(state: &StateDir) -> Result<Self> {
        fs::create_dir_all(state.root()).context(format!("make {}", state.root().display()))?;
        let file = File::create(state.join("lock")).context("make the lock of the stack")?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(_taken) => Err(anyhow!(
                "another command is starting or stopping this stack"
            )),
        }
    }
}
