//! What the engine makes before a build is handed over, in its turn.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::emit::Ahead;
use crate::failure::Failure;
use crate::gateway::Client;

/// A turn that took no longer was there, or is little: then nothing waits for another one. Each costs a call in every build.
const THERE: Duration = Duration::from_millis(500);

/// Has the engine make it, that of all images side by side. It is part of the images: what has been made is not made again.
pub(super) async fn make_ahead(client: &Client, all: Vec<Ahead>) -> Result<(), Failure> {
    let mut pending = JoinSet::new();
    for Ahead { in_turn, at_once } in all {
        for definitions in [in_turn, at_once.into_iter().collect()] {
            let client = client.clone();
            pending.spawn(async move { make(&client, definitions).await });
        }
    }
    while let Some(done) = pending.join_next().await {
        done.map_err(|error| Failure::Request(format!("internal error: {error}")))??;
    }
    Ok(())
}

async fn make(client: &Client, turns: Vec<buildkit_proto::pb::Definition>) -> Result<(), Failure> {
    for turn in turns {
        let begun = Instant::now();
        client.solve(turn, true).await?;
        if begun.elapsed() < THERE {
            break;
        }
    }
    Ok(())
}
