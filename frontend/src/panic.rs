//! Panics become error texts: the user never sees this process's stderr.

use std::sync::Mutex;

/// Where the last panic happened, for its message.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Keeps panics off stderr and remembers their place.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let payload = info.payload();
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        if let Ok(mut last) = PLACE.lock() {
            *last = format!("{text} ({place})");
        }
    }));
}

/// What a task died of.
pub fn message(error: &tokio::task::JoinError) -> String {
    let last = PLACE.lock().map(|place| place.clone()).unwrap_or_default();
    if last.is_empty() { error.to_string() } else { last }
}
