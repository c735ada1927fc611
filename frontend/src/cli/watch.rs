//! What is told while images are read, if somebody looks on.

use std::future::Future;
use std::io::IsTerminal as _;
use std::time::Duration;

use layerset_report::Progress;

use super::out::tell;
use crate::plan::human;

const OFTEN: Duration = Duration::from_millis(200);

/// Does something, and tells how far it is.
pub(super) async fn watched<T>(progress: &Progress, doing: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return doing.await;
    }
    let mut doing = std::pin::pin!(doing);
    let mut ticks = tokio::time::interval(OFTEN);
    loop {
        tokio::select! {
            done = &mut doing => {
                // The line goes away, and what was printed begins where it was.
                tell("\r\x1b[K");
                return done;
            }
            _ = ticks.tick() => {
                let (layers, bytes) = progress.so_far();
                tell(&format!("\rreading images: {layers} layers, {}\x1b[K", human(bytes)));
            }
        }
    }
}
