//! The binary itself, over pipes.

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use crate::fake::{Call, Fake, Reaction, start};
use crate::request::script;

const BINARY: &str = env!("CARGO_BIN_EXE_layerset");

const API: &str = "services:\n  api: {from: 'python:3.13-slim', files: [api/]}\n";

/// Waits for the end of a process, but not for ever.
async fn ended(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("the process hangs");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn it_leaves_after_return_though_the_pipes_stay_open() {
    let (mut child, pipes) = start(Path::new(BINARY), &["target=api"]).unwrap();
    let fake = Fake::new(script(API, &["api/x"]));
    let engine = fake.clone();
    // Nobody here closes the connection: if the process does not end by itself, it hangs.
    tokio::spawn(async move { engine.serve(pipes).await });
    assert_eq!(ended(&mut child).await.code(), Some(0));
    let calls = fake.calls();
    let Some(Call::Return(returned)) = calls.last() else { panic!("{calls:?}") };
    assert_eq!(returned.error, None);
}

#[tokio::test]
async fn an_engine_that_is_gone_at_once_is_a_failure() {
    let (mut child, pipes) = start(Path::new(BINARY), &[]).unwrap();
    drop(pipes);
    assert_eq!(ended(&mut child).await.code(), Some(1));
}

#[tokio::test]
async fn an_engine_that_dies_in_the_middle_is_a_failure() {
    let (mut child, pipes) = start(Path::new(BINARY), &[]).unwrap();
    let mut script = script(API, &["api/x"]);
    script.react = Box::new(|call| match call {
        Call::ResolveSourceMeta(_) => Reaction::HangUp,
        _ => Reaction::Answer,
    });
    let fake = Fake::new(script);
    fake.serve(pipes).await.unwrap();
    assert_eq!(ended(&mut child).await.code(), Some(1));
    assert!(!fake.calls().iter().any(|call| matches!(call, Call::Return(_))));
}

#[tokio::test]
async fn options_that_cannot_be_read_are_returned() {
    let (mut child, pipes) = start(Path::new(BINARY), &["platform=linux"]).unwrap();
    let fake = Fake::new(script(API, &[]));
    let engine = fake.clone();
    tokio::spawn(async move { engine.serve(pipes).await });
    assert_eq!(ended(&mut child).await.code(), Some(0));
    let calls = fake.calls();
    let [Call::Ping, Call::Return(returned)] = &calls[..] else { panic!("{calls:?}") };
    assert!(returned.error.as_ref().unwrap().message.starts_with("option platform:"));
}
