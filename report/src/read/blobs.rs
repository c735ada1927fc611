//! Reading the blobs of registries, several at once and each once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

use super::sought::Sought;
use super::{AT_ONCE, Progress};
use crate::digest::Digest;
use crate::http;
use crate::layer::{Expected, Fault, read_layer};
use crate::problem::Problem;
use crate::shelf::Shelf;
use crate::source::{Registries, Remote};

/// How often a blob is read whose connection is lost.
const ATTEMPTS: usize = 3;

/// Reads what no archive has had.
pub(super) async fn fetch(
    sought: &mut Sought,
    shelf: &Arc<Mutex<Shelf>>,
    progress: &Arc<Progress>,
) -> Vec<Problem> {
    let Some(registries) = &sought.registries else { return Vec::new() };
    let mut distinct: BTreeMap<Digest, Remote> = BTreeMap::new();
    for blob in sought.blobs.drain(..) {
        if shelf.lock().is_ok_and(|shelf| shelf.layer(&blob.digest).is_none()) {
            distinct.entry(blob.digest).or_insert(blob);
        }
    }
    // The largest first: none is left alone at the end.
    let mut blobs: Vec<Remote> = distinct.into_values().collect();
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.bytes));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for blob in blobs {
        let (registries, places) = (Arc::clone(registries), Arc::clone(&places));
        let (shelf, progress) = (Arc::clone(shelf), Arc::clone(progress));
        tasks.spawn(async move {
            let _place = places.acquire().await;
            let read = remote(&registries, &blob, &shelf, &progress).await;
            read.map_err(|problem| problem.of(&format!("{}: layer {}", blob.reference, blob.digest)))
        });
    }
    let done = tasks.join_all().await;
    done.into_iter().filter_map(Result::err).collect::<BTreeSet<_>>().into_iter().collect()
}

async fn remote(
    registries: &Registries,
    blob: &Remote,
    shelf: &Arc<Mutex<Shelf>>,
    progress: &Progress,
) -> Result<(), Problem> {
    let mut lost = Problem::try_again("the connection was lost");
    for _ in 0..ATTEMPTS {
        let body = http::reader(registries.blob(blob).await?);
        let expected = Expected { digest: Some(blob.digest), bytes: Some(blob.bytes) };
        let shelf = Arc::clone(shelf);
        let read = spawn_blocking(move || {
            let found = read_layer(body, &expected)?;
            if let Ok(mut shelf) = shelf.lock() {
                shelf.put(found);
            }
            Ok(())
        });
        match read.await {
            Ok(Ok(())) => {
                progress.add(blob.bytes);
                return Ok(());
            }
            Ok(Err(Fault::Lost(error))) => {
                lost = Problem::try_again(format!("the connection was lost: {error}"));
            }
            Ok(Err(Fault::Wrong(text))) => return Err(Problem::mistake(text)),
            Err(error) => return Err(Problem::mistake(error.to_string())),
        }
    }
    Err(lost)
}
