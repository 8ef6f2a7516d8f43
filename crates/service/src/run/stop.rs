//! Asking a run to end.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing::{info, warn};

/// A switch that can be thrown once, from anywhere.
#[derive(Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    requested: AtomicBool,
    hooks: Mutex<Vec<Hook>>,
}

type Hook = Box<dyn Fn() + Send>;

impl Stop {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn request(&self) {
        self.0.requested.store(true, Ordering::Release);
        for hook in self
            .0
            .hooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            hook();
        }
    }

    /// Done at a request, or now if there was one.
    pub(super) fn also(&self, hook: impl Fn() + Send + 'static) {
        let mut hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_requested() {
            hook();
        }
        hooks.push(Box::new(hook));
    }

    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::Acquire)
    }

    /// SIGTERM and SIGINT ask for a stop; the second of them ends the process at once, with 128 + its number. What
    /// was not committed then is not visible, and a restart makes it again.
    ///
    /// # Errors
    /// When the handlers cannot be set.
    pub fn on_signals(&self) -> io::Result<()> {
        let stop = self.clone();
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let follow = move || {
            for signal in signals.forever() {
                if stop.is_requested() {
                    warn!(signal, "second signal, ending at once");
                    std::process::exit(128 + signal);
                }
                info!(signal, "finishing what was read");
                stop.request();
            }
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(follow)
            .map(drop)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.is_requested()).finish()
    }
}
