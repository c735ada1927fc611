//! Progress: one line a step, with its seconds.

use std::fmt::Display;
use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// After this time, and again after each, a step says that it is still at it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Does a step of the set-up, and tells when it began to take long and how it ended.
pub fn step<T, E: Display>(name: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let start = Instant::now();
    let (done, waiting) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = waiting.recv_timeout(PATIENCE) {
                say(&format!("{name} ... {}s", start.elapsed().as_secs()));
            }
        });
        let result = work();
        drop(done);
        let seconds = start.elapsed().as_secs_f32();
        match &result {
            Ok(_) => say(&format!("{name} ({seconds:.1}s)")),
            Err(_) => say(&format!("{name} failed ({seconds:.1}s)")),
        }
        result
    })
}

/// Prints a line of progress. Straight to stderr, because libtest swallows what the macros print.
pub fn say(line: &str) {
    let line = format!("engine: {line}\n");
    // There is nobody left to tell if stderr is closed.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
