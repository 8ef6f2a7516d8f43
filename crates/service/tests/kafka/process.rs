//! A started binary: signals, its end, what it logs.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output};

use crate::shop::wait_for;

/// What a command gave that has to succeed; else what it said.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// A process that is killed when the test ends.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    pub(crate) fn new(child: Child, log: PathBuf) -> Self {
        Self { child, log }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit code, within the patience of a test.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        wait_for("the end of the process", || self.child.try_wait().unwrap()).code()
    }

    /// The exit code, if it has ended by itself.
    pub(crate) fn ended(&mut self) -> Option<Option<i32>> {
        let status = self.child.try_wait().unwrap();
        status.map(|status| status.code())
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn wait_for_log(&self, words: &str) {
        wait_for(words, || self.log().contains(words).then_some(()));
    }
}

impl Drop for Running {
    #[expect(clippy::print_stderr, reason = "shows why a test failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of the run:\n{}", self.log());
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
