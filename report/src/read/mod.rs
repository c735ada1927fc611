//! From places to images whose layers are all on the shelf. What is cheap to ask comes first, so that everything that is
//! missing is told before anything large is read: `sought` asks, `blobs` reads what registries have.

mod blobs;
mod sought;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::spawn_blocking;

use self::blobs::fetch;
use self::sought::sought;
use crate::digest::Digest;
use crate::http;
use crate::image::Image;
use crate::place::Place;
use crate::platform::Platform;
use crate::problem::{Problem, Problems};
use crate::shelf::Shelf;
use crate::source::{Archive, Engine, Layout, Origin, Stored, Surroundings, Wanted, few, images};

/// Blobs that are read at once. Most of the time goes into unpacking, so more would be no faster.
const AT_ONCE: usize = 4;

/// What is read so far; for people who wait.
#[derive(Debug, Default)]
pub struct Progress {
    layers: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    pub(crate) fn add(&self, bytes: u64) {
        self.layers.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Layers and their bytes.
    pub fn so_far(&self) -> (u64, u64) {
        (self.layers.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// What is read and how.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Groups of images; what several of them name is read once.
    pub groups: Vec<Vec<Place>>,
    /// Which image of an index.
    pub platform: Platform,
    /// The user's machine.
    pub surroundings: Surroundings,
}

/// The images of each group, and all of their layers.
#[derive(Debug)]
pub struct Contents {
    /// In the order of the request.
    pub groups: Vec<Vec<Image>>,
    /// Names of what lies beside the images of archives and directories and is none: signatures and other artifacts.
    pub artifacts: BTreeSet<String>,
    /// What their layers hold.
    pub shelf: Shelf,
}

type Found = BTreeMap<Place, Vec<Image>>;

/// Reads everything. `input` is standard input.
pub async fn read(
    request: &Request,
    progress: &Arc<Progress>,
    input: impl Read + Send + 'static,
) -> Result<Contents, Problems> {
    let places: BTreeSet<&Place> = request.groups.iter().flatten().collect();
    let mut sought = sought(&places, request).await?;
    let shelf = Arc::new(Mutex::new(Shelf::default()));
    let mut found = Found::new();
    let mut artifacts = BTreeSet::new();
    let mut problems = Vec::new();
    let mut input = Some(input);
    for place in places.iter().copied().cloned() {
        let done = match &place {
            Place::Files(path) => files(path, request, &shelf, progress).await,
            Place::Input => match input.take() {
                Some(input) => archive(input, Origin::Here, all("-"), request, &shelf, progress).await,
                None => continue,
            },
            Place::Registry(_) | Place::Engine(_) => continue,
        };
        match done {
            Ok(stored) => {
                found.insert(place, stored.images);
                artifacts.extend(stored.artifacts);
            }
            Err(more) => problems.extend(named(more, &place)),
        }
    }
    if let Some(engine) = &sought.engine {
        match saved(engine, &sought.ids, request, &shelf, progress).await {
            Ok(images) => found.extend(images),
            Err(more) => problems.extend(more.0),
        }
    }
    problems.extend(fetch(&mut sought, &shelf, progress).await);
    found.extend(sought.images);
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let shelf =
        std::mem::take(&mut *shelf.lock().map_err(|_| Problem::mistake("reading a layer went wrong"))?);
    let groups = request.groups.iter().map(|group| of_group(group, &found)).collect::<Vec<_>>();
    let wrong: BTreeSet<Problem> =
        groups.iter().flatten().filter_map(|image| mismatch(image, &shelf)).collect();
    if wrong.is_empty() {
        Ok(Contents { groups, artifacts, shelf })
    } else {
        Err(Problems(wrong.into_iter().collect()))
    }
}

async fn saved(
    engine: &Engine,
    ids: &BTreeMap<String, Digest>,
    request: &Request,
    shelf: &Arc<Mutex<Shelf>>,
    progress: &Arc<Progress>,
) -> Result<Found, Problems> {
    let mut found = Found::new();
    for ids in few(ids) {
        let body = http::reader(engine.save(&ids).await?);
        let stored = archive(body, Origin::Network, Wanted::These(ids), request, shelf, progress).await?;
        found.extend(stored.images.into_iter().map(|image| (Place::Engine(image.name.clone()), vec![image])));
    }
    Ok(found)
}

async fn files(
    path: &Path,
    request: &Request,
    shelf: &Arc<Mutex<Shelf>>,
    progress: &Arc<Progress>,
) -> Result<Stored, Problems> {
    let name = path.display().to_string();
    if !path.is_dir() {
        let opened = File::open(path);
        let file = opened.map_err(|error| Problem::mistake(format!("cannot read it: {error}")))?;
        return archive(file, Origin::Here, all(&name), request, shelf, progress).await;
    }
    let (path, platform) = (path.to_owned(), request.platform.clone());
    let (shelf, progress) = (Arc::clone(shelf), Arc::clone(progress));
    let read = spawn_blocking(move || {
        let layout = Layout { directory: &path, shelf: &shelf, progress: &progress };
        images(&layout, &all(&name), &platform)
    });
    read.await.map_err(|error| Problem::mistake(error.to_string()))?
}

async fn archive(
    input: impl Read + Send + 'static,
    origin: Origin,
    wanted: Wanted,
    request: &Request,
    shelf: &Arc<Mutex<Shelf>>,
    progress: &Arc<Progress>,
) -> Result<Stored, Problems> {
    let platform = request.platform.clone();
    let (shelf, progress) = (Arc::clone(shelf), Arc::clone(progress));
    let read = spawn_blocking(move || {
        let archive = Archive::read(input, origin, &shelf, &progress)?;
        images(&archive, &wanted, &platform)
    });
    read.await.map_err(|error| Problem::mistake(error.to_string()))?
}

fn all(name: &str) -> Wanted {
    Wanted::All(name.to_owned())
}

/// The same problems, with the place that they are about.
fn named(problems: Problems, place: &Place) -> Vec<Problem> {
    let name = match place {
        Place::Files(path) => path.display().to_string(),
        Place::Input => "standard input".to_owned(),
        Place::Engine(name) => name.clone(),
        Place::Registry(reference) => reference.to_string(),
    };
    problems.0.into_iter().map(|problem| problem.of(&name)).collect()
}

/// A group's images in the order they were asked for, each under a name of its own.
fn of_group(group: &[Place], found: &Found) -> Vec<Image> {
    let mut seen = BTreeSet::new();
    let mut images: Vec<Image> = Vec::new();
    for place in group.iter().filter(|place| seen.insert(*place)) {
        for image in found.get(place).into_iter().flatten() {
            let taken = |name: &str| images.iter().any(|image| image.name == name);
            let mut name = image.name.clone();
            let mut number = 1;
            while taken(&name) {
                number += 1;
                name = format!("{} ({number})", image.name);
            }
            images.push(Image { name, ..image.clone() });
        }
    }
    images
}

/// An image whose layers are not those of its configuration; no engine would unpack it.
fn mismatch(image: &Image, shelf: &Shelf) -> Option<Problem> {
    let differs = |layer: &&crate::image::Layer| {
        shelf.layer(&layer.blob).is_some_and(|read| read.diff_id != layer.diff_id)
    };
    let layer = image.layers.iter().find(differs)?;
    let found = shelf.layer(&layer.blob).map(|read| read.diff_id).unwrap_or_default();
    Some(Problem::mistake(format!(
        "{}: layer {}: found the archive {found}, expected {} as the configuration says",
        image.name, layer.blob, layer.diff_id
    )))
}
