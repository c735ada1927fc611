//! What a manifest asks for on platforms besides its own: a lock is for all of them, and a value such as `${TARGETARCH}` may name
//! other files and other images on each.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Format, InputId, Lock};

use super::Checked;
use crate::diagnostic::Span;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::python::{self, Asked};

/// Images by their names, with the places that name them.
pub(super) type Images = BTreeMap<String, BTreeSet<Span>>;

/// What is required on each of some platforms, by `uname -m`'s name of the machine.
pub(super) type Everywhere = Vec<(String, Asked)>;

impl Checked {
    /// The platforms to lock for, by their processors: those of the request and those that services name; else those of the
    /// lock there is, on whatever machine it is made again; else the worker's.
    pub(super) fn platforms(
        &self,
        worker: &Platform,
        requested: &[Platform],
        previous: Option<&Lock>,
    ) -> Vec<Platform> {
        let named = self.manifest.services.values().flat_map(|service| &service.platforms);
        let named = named.filter_map(|platform| Platform::parse(&platform.value));
        let mut platforms: Vec<Platform> = requested.iter().cloned().chain(named).collect();
        if platforms.is_empty() {
            platforms.extend(previous.map(platforms_of).unwrap_or_default());
        }
        if platforms.is_empty() {
            platforms.push(worker.clone());
        }
        let mut machines = BTreeSet::new();
        platforms.retain(|platform| machines.insert(platform.machine().to_owned()));
        platforms
    }

    /// What is required on `here`, which is this manifest's platform, and on `platforms`.
    pub(super) fn asked_everywhere(
        &self,
        here: &Platform,
        platforms: &[Platform],
    ) -> Result<Everywhere, Failure> {
        let mut everywhere = vec![(here.machine().to_owned(), python::asked(&self.manifest))];
        for platform in platforms.iter().filter(|platform| *platform != here) {
            everywhere.push((platform.machine().to_owned(), python::asked(&self.on(platform)?.manifest)));
        }
        Ok(everywhere)
    }

    /// The images to be pinned here and on `platforms`.
    pub(super) fn images_on(&self, platforms: &[Platform]) -> Result<Images, Failure> {
        let mut images = self.images();
        for platform in platforms {
            for (name, spans) in self.on(platform)?.images() {
                images.entry(name).or_default().extend(spans);
            }
        }
        Ok(images)
    }
}

/// The platforms that a lock of ours is for.
fn platforms_of(lock: &Lock) -> Vec<Platform> {
    let ours = lock.environments.iter().filter(|_| lock.format == Format::Layerset);
    let machines: BTreeSet<&str> = ours.filter_map(python::machine_of).collect();
    machines.into_iter().map(|machine| Platform::new("linux", machine, "")).collect()
}

/// Those platforms of the lock there is that are none of `platforms`.
pub(super) fn given_up(previous: Option<&Lock>, platforms: &[Platform]) -> Vec<Platform> {
    let machines: BTreeSet<&str> = platforms.iter().map(Platform::machine).collect();
    let mut given_up = previous.map(platforms_of).unwrap_or_default();
    given_up.retain(|platform| !machines.contains(platform.machine()));
    given_up
}

/// All that is asked for: each consumer with what it requires on any platform.
pub(super) fn together(everywhere: &Everywhere) -> Asked {
    let mut together = Asked::new();
    for (name, entries) in everywhere.iter().flat_map(|(_, asked)| asked) {
        let known = together.entry(name.clone()).or_default();
        for entry in entries {
            if !known.contains(entry) {
                known.push(entry.clone());
            }
        }
    }
    together
}

/// The machines of what not all of them require: on the others it may not even be there.
pub(super) fn machines(everywhere: &Everywhere) -> Vec<(InputId, BTreeSet<String>)> {
    let mut machines: BTreeMap<&InputId, BTreeSet<String>> = BTreeMap::new();
    for (machine, asked) in everywhere {
        for (id, _) in asked.values().flatten() {
            machines.entry(id).or_default().insert(machine.clone());
        }
    }
    let all = everywhere.iter().map(|(machine, _)| machine).collect::<BTreeSet<_>>().len();
    let some = machines.into_iter().filter(|(_, own)| own.len() < all);
    some.map(|(id, own)| (id.clone(), own)).collect()
}
