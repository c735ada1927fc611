//! Which file a package is installed from: one, whoever needs it.

use std::collections::BTreeMap;

use layerset_lock::{Artifact, Closure, Closures, Format, Formats, Input, Location, Lock, Package};
use unwheel::{Ranks, WheelName};

use super::credentials::secret_of;
use crate::manifest::model::Python;
use crate::plan::{Wheel, WheelSource};

/// What the requirement files of those who need a package allow of its files. Locks of ours are made with that, and have no
/// others.
#[derive(Debug, Default)]
pub(super) struct Allowed<'i> {
    /// By the packages' indices in the lock; the strictest that anybody says.
    formats: BTreeMap<usize, Formats>,
    /// Of each requirement that has some.
    hashes: BTreeMap<usize, Vec<&'i [String]>>,
}

impl<'i> Allowed<'i> {
    /// Adds what the files of one consumer say.
    pub(super) fn add(&mut self, lock: &Lock, closures: &Closures<'_>, own: &[&'i Input], closure: &Closure) {
        if lock.format == Format::Layerset {
            return;
        }
        for index in &closure.packages {
            // What is named by its address or path is meant as it is.
            let Some(package) = lock.packages.get(*index).filter(|package| !package.direct) else { continue };
            let said = own.iter().map(|input| input.settings.formats(&package.name)).max();
            let known = self.formats.entry(*index).or_insert(Formats::Any);
            *known = said.map_or(*known, |said| said.max(*known));
        }
        for (index, hashes) in closures.hashes(own) {
            let known = self.hashes.entry(index).or_default();
            if !known.contains(&hashes) {
                known.push(hashes);
            }
        }
    }

    pub(super) fn formats(&self, index: usize) -> Formats {
        self.formats.get(&index).copied().unwrap_or(Formats::Any)
    }

    /// The best file that is allowed. Where hashes allow none it is the best of all, of which that is then said.
    pub(super) fn choose(
        &self,
        index: usize,
        package: &Package,
        tags: &Ranks<'_>,
        python: &Python,
    ) -> Option<Wheel> {
        let formats = self.formats(index);
        let hashes = self.hashes.get(&index).map(Vec::as_slice).unwrap_or_default();
        let is_allowed = |file: &Artifact| hashes.iter().all(|some| some.contains(&file.sha256));
        best(package, formats, is_allowed, tags, python)
            .or_else(|| best(package, formats, |_| true, tags, python))
    }
}

/// The best wheel, else the source distribution to be built.
fn best(
    package: &Package,
    formats: Formats,
    is_allowed: impl Fn(&Artifact) -> bool,
    tags: &Ranks<'_>,
    python: &Python,
) -> Option<Wheel> {
    let allowed = package.wheels.iter().filter(|file| formats != Formats::Sdists && is_allowed(file));
    let readable = allowed.filter_map(|file| Some((file.filename.parse::<WheelName>().ok()?, file)));
    let (names, files): (Vec<WheelName>, Vec<&Artifact>) = readable.unzip();
    let wheel = unwheel::select(&names, tags).map(|best| files[best]);
    let sdist = package.sdist.as_ref().filter(|file| formats != Formats::Wheels && is_allowed(file));
    let (size, source) = match (wheel, sdist) {
        (Some(file), _) => (file.size, source(file, python)),
        (None, _) if package.unbuildable().is_some() => return None,
        (None, Some(sdist)) => (None, WheelSource::Sdist { sdist: Box::new(source(sdist, python)) }),
        (None, None) => return None,
    };
    let version = package.version.as_ref().map(ToString::to_string).unwrap_or_default();
    Some(Wheel { name: package.name.clone(), version, size, source })
}

fn source(file: &Artifact, python: &Python) -> WheelSource {
    let (filename, sha256) = (file.filename.clone(), file.sha256.clone());
    match &file.location {
        Location::Path(path) => WheelSource::Context { filename, path: path.clone(), sha256 },
        Location::Url(url) => {
            let secret = secret_of(url, &python.index);
            WheelSource::Url { filename, url: url.clone(), sha256, secret }
        }
    }
}
