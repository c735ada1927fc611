//! Images that a lock pins: what stands for each of them, and what is not in it.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::Lock;

use super::Checked;
use super::bases::is_elsewhere;
use super::everywhere::Images;
use super::packages::MADE;
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::emit::{BaseSource, Sources};
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::outside::{Outside, Pins};
use crate::platform::Platform;
use crate::python;

impl Checked {
    /// The digests of the images that the manifest names, from its `lock`. Without one nothing is pinned. An image that
    /// is not in it is an error where it is named.
    pub async fn pins(&self, outside: &impl Outside) -> Result<Pins, Failure> {
        let Some(path) = &self.manifest.lock else { return Ok(Pins::new()) };
        let images = self.images();
        let mut pins = self.read_lock(outside, path).await?.images;
        let missing = images.iter().filter(|(name, _)| !pins.contains_key(*name));
        let missing = missing.flat_map(|(name, spans)| spans.iter().map(move |span| (*span, name)));
        let missing: BTreeSet<(Span, &String)> = missing.collect();
        if missing.is_empty() {
            pins.retain(|name, _| images.contains_key(name));
            return Ok(pins);
        }
        let diagnostics = missing.into_iter().map(|(span, name)| {
            let message = format!("the image {name:?} is not in {:?}, expected its digest there", path.value);
            Diagnostic::error("unlocked-image", span, message).hint(format!("lock it: {}", self.command()))
        });
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics: diagnostics.collect() })
    }

    /// The digests of all images as the engine has them now: those of whole indexes, where there are.
    /// An image that is not for the first of `platforms` is asked for on the others.
    pub(super) async fn digests(
        &self,
        outside: &impl Outside,
        platforms: &[Platform],
    ) -> Result<Pins, Failure> {
        let images = self.images_on(platforms)?;
        let first = |(name, spans): (&String, &BTreeSet<Span>)| {
            (Base::Image(name.clone()), spans.first().copied().unwrap_or_default())
        };
        let bases: BTreeMap<Base, Span> = images.iter().map(first).collect();
        let (mut left, mut sources, mut first) = (bases.clone(), Sources::new(), BTreeMap::new());
        // A stage that nobody builds here may be on an image for others alone. An index has one digest for all.
        for platform in platforms.iter().chain(&common()) {
            if left.is_empty() {
                break;
            }
            let resolved = outside.resolve(&left, platform, &Pins::new()).await?;
            sources.extend(resolved.sources);
            left.retain(|base, _| resolved.refused.get(base).is_some_and(is_elsewhere));
            for (base, failure) in resolved.refused {
                first.entry(base).or_insert(failure);
            }
        }
        first.retain(|base, _| !sources.contains_key(&base.to_string()));
        if let Some(platform) = platforms.first() {
            self.accept(&bases, first, platform)?;
        }
        let mut pins = Pins::new();
        let mut diagnostics = Vec::new();
        for (name, spans) in &images {
            let digest = match sources.get(name) {
                Some(BaseSource::Image(reference)) => reference.split_once('@').map(|(_, digest)| digest),
                _ => None,
            };
            if let Some(digest) = digest {
                pins.insert(name.clone(), digest.to_owned());
                continue;
            }
            let message = format!("the engine knows no digest of the image {name:?}");
            let span = spans.first().copied().unwrap_or_default();
            let hint = "it is in the engine's own store alone: push it to a registry, and lock with --pull";
            diagnostics.push(Diagnostic::error("unlocked-image", span, message).hint(hint));
        }
        if diagnostics.is_empty() {
            return Ok(pins);
        }
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }

    /// Where no engine can be asked: the digests that the lock there is has, and the images that it has none of.
    pub async fn known_digests(
        &self,
        outside: &impl Outside,
        worker: &Platform,
        requested: &[Platform],
    ) -> Result<(Pins, Vec<String>), Failure> {
        let Some(path) = &self.manifest.lock else { return Ok((Pins::new(), Vec::new())) };
        let previous = self.previous(outside, path).await?;
        let images = self.images_on(&self.platforms(worker, requested, previous.as_ref()))?;
        let mut known = previous.map(|lock| lock.images).unwrap_or_default();
        let missing = images.keys().filter(|name| !known.contains_key(*name)).cloned().collect();
        // What others lock for their machines is not for this one to drop: it could not be had again here.
        let elsewhere = common().into_iter().filter_map(|platform| self.on(&platform).ok());
        let elsewhere: BTreeSet<String> = elsewhere.flat_map(|there| there.images().into_keys()).collect();
        known.retain(|name, _| images.contains_key(name) || elsewhere.contains(name));
        Ok((known, missing))
    }

    /// Whether the manifest's `lock` is that of its packages too.
    pub fn locks_packages(&self) -> bool {
        let packages = self.manifest.python.lock.as_ref().map(|path| &path.value);
        let everything = self.manifest.lock.as_ref().map(|path| &path.value);
        everything.is_none() || everything == packages
    }

    /// The text of the manifest's lock: that of its packages, if it has any, with the images.
    pub fn with_images(&self, packages: Option<String>, images: Pins) -> Result<String, Failure> {
        let Some(path) = self.manifest.lock.as_ref().map(|path| &path.value) else {
            return Ok(packages.unwrap_or_default());
        };
        let lock = packages.map(|text| Lock::read(path, text.as_bytes())).transpose();
        let lock = lock.map_err(|problems| self.wrong(&python::asked(&self.manifest), &problems))?;
        Ok(Lock { images, ..lock.unwrap_or_else(|| Lock::empty(path)) }.write())
    }

    async fn read_lock(&self, outside: &impl Outside, path: &Spanned<String>) -> Result<Lock, Failure> {
        let mut files = outside.read(&BTreeSet::from([path.value.clone()])).await?;
        let bytes = files.remove(&path.value).ok_or_else(|| {
            let message = format!("no {:?} in the build context", path.value);
            let diagnostic = Diagnostic::error("missing-path", path.span, message);
            Failure::at(&self.source, diagnostic.hint(format!("make it: {}", self.command())))
        })?;
        Lock::read(&path.value, &bytes)
            .map_err(|problems| python::failure(&self.source, &python::Asked::new(), path.span, &problems))
    }

    /// The images of registries that are named without a digest, with the places that name them. A named context that
    /// takes an image's place is none.
    pub(super) fn images(&self) -> Images {
        let manifest = &self.manifest;
        let stages = manifest.stages.values();
        let stages = stages
            .flat_map(|stage| std::iter::once(&stage.from).chain(stage.elsewhere().map(|copy| &copy.from)));
        let services = manifest.services.values();
        let services = services.flat_map(|service| {
            std::iter::once(&service.from).chain(service.copy.iter().map(|copy| &copy.from))
        });
        let mut images = Images::new();
        for base in stages.chain(services) {
            if let Base::Image(name) | Base::Fixed { name, .. } = &base.value
                && !name.contains('@')
                && !self.is_context(name)
            {
                images.entry(name.clone()).or_default().insert(base.span);
            }
        }
        images
    }

    /// The command that makes the lock.
    fn command(&self) -> String {
        let path = self.manifest.lock.as_ref().map_or(MADE, |path| &path.value);
        self.lock_command(path)
    }
}

/// The platforms that most images are for.
fn common() -> [Platform; 2] {
    ["amd64", "arm64"].map(|architecture| Platform::new("linux", architecture, ""))
}
