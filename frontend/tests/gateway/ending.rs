//! How a frontend ends: with one Return, or at once when the engine is gone.

use std::process::ExitCode;

use layerset::frontend;
use layerset::gateway::Client;

use crate::fake::{Call, Reaction};
use crate::request::{connected, script};

const API: &str = "services:\n  api: {from: 'python:3.13-slim', files: [api/]}\n";

/// The hook is the process's: this test is the only one that sets it, and no other panics.
#[tokio::test]
async fn a_panic_is_returned_with_its_place() {
    layerset::panic::install_hook();
    let (fake, channel) = connected(script(API, &[])).await;
    let client = Client::hello(channel, &[]).await.unwrap();
    let code = frontend::finish(&client, async { panic!("an invariant of this test broke") }).await;
    drop(std::panic::take_hook());
    assert_eq!(code, ExitCode::SUCCESS);
    let calls = fake.calls();
    let [Call::Ping, Call::Return(request)] = &calls[..] else { panic!("{calls:?}") };
    let error = request.error.as_ref().unwrap();
    assert_eq!(error.code, 2);
    assert!(error.message.contains("an invariant of this test broke"), "{}", error.message);
    assert!(error.message.contains("ending.rs:"), "{}", error.message);
    assert!(error.message.contains("please report it"), "{}", error.message);
}

/// Every call of a build that succeeds, one after the other, is the one in which the engine dies.
#[tokio::test]
async fn a_lost_connection_is_a_failure_and_no_hang() {
    let whole = crate::request::build(script(API, &["api/x"]), &[]).await;
    whole.result();
    for last in 1..=whole.calls.len() {
        let seen = std::sync::atomic::AtomicUsize::new(0);
        let mut script = script(API, &["api/x"]);
        script.react = Box::new(move |_| {
            let number = seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            if number == last { Reaction::HangUp } else { Reaction::Answer }
        });
        let build = crate::request::build(script, &[]).await;
        assert_eq!(build.code, ExitCode::FAILURE, "lost in call {last}");
        assert!(build.calls.len() >= last);
    }
}
