//! Threads with names.

use std::thread;

use super::RunError;

pub(super) fn no_thread(error: std::io::Error) -> RunError {
    RunError::Internal(format!("cannot start a thread: {error}"))
}

pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<thread::JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).spawn(work)
}
