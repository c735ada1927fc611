//! Makes the lock of a manifest's packages: all requirements, for all interpreters and platforms it has.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Environment, Lock, Problem};
use unwheel::Libc;

use super::Checked;
use super::everywhere::{given_up, together};
use super::packages::{Seen, named, place, uv};
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::outside::{OnStage, Outside, Pins, Resolved};
use crate::plan;
use crate::platform::Platform;
use crate::python::{self, Request};

impl Checked {
    /// The text of the manifest's lock: its packages, and with `lock` its images.
    pub async fn lock(
        &self,
        outside: &impl Outside,
        worker: &Platform,
        requested: &[Platform],
    ) -> Result<String, Failure> {
        let previous =
            if self.has_packages_to_lock() { self.previous_packages(outside).await? } else { None };
        let platforms = self.platforms(worker, requested, previous.as_ref());
        let mut everywhere = platforms.clone();
        everywhere.retain(|platform| platform != worker);
        everywhere.insert(0, worker.clone());
        let images = if self.manifest.lock.is_some() {
            self.digests(outside, &everywhere).await?
        } else {
            Pins::new()
        };
        let packages = if self.has_packages_to_lock() {
            Some(self.lock_packages(outside, worker, &platforms, previous).await?)
        } else if images.is_empty() {
            return Err(self.nothing_to_lock());
        } else {
            None
        };
        self.with_images(packages, images)
    }

    /// Whether the lock to be made has packages.
    pub fn has_packages_to_lock(&self) -> bool {
        self.locks_packages() && !python::asked(&self.manifest).is_empty()
    }

    /// The text of a `pylock.toml` for `platforms`. Interpreters are asked on `worker`, which runs steps; on the others
    /// they are taken to be the same.
    async fn lock_packages(
        &self,
        outside: &impl Outside,
        worker: &Platform,
        platforms: &[Platform],
        previous: Option<Lock>,
    ) -> Result<String, Failure> {
        let everywhere = self.asked_everywhere(worker, platforms)?;
        let asked = together(&everywhere);
        let targets = self.with_requirements(&self.everything(), &asked);
        let Some(first) = targets.first() else { return Err(self.nothing_to_lock()) };
        let read = python::read(outside, &asked, None).await?;
        let files = read.map_err(|problems| self.wrong(&asked, &problems))?.files;
        let bases = plan::bases_of(&self.manifest, &targets).bases;
        let Resolved { facts, mut sources, refused } = outside.resolve(&bases, worker, &Pins::new()).await?;
        self.accept(&bases, refused, worker)?;
        sources.extend(uv(outside, worker).await?);
        let plan = plan::plan(&self.manifest, &facts, self.ignore.clone());
        let at = |target| OnStage {
            checked: self,
            plan: &plan,
            facts: &facts,
            sources: &sources,
            target,
            platform: worker,
        };
        let mut seen = Seen::default();
        let mut of = BTreeMap::new();
        for target in &targets {
            let place = place(at(target));
            let view = match self.view_below(target, &of).or_else(|| seen.known(&place)) {
                Some(view) => Some(view),
                None => self.interpreter(outside, at(target), place, &asked, &mut seen).await?,
            };
            of.extend(view.map(|view| (named(target), view)));
        }
        let mut environments: Vec<Environment> = Vec::new();
        for interpreter in &seen.interpreters {
            for platform in platforms {
                let environment = python::environment_on(interpreter, platform.machine());
                if !environments.contains(&environment) {
                    environments.push(environment);
                }
            }
        }
        let mut request = self.request(&everywhere, environments);
        // Its versions stay where they can.
        request.previous = previous.map(|lock| lock.path);
        let files = self.step_files(files.keys().chain(&request.previous));
        let answer = outside.lock(at(first), &files, &request).await?.unwrap_or_default();
        if answer.problems.is_empty() { Ok(answer.lock) } else { Err(self.wrong(&asked, &answer.problems)) }
    }

    /// What is to be resolved for these versions of Python, where no stage can be asked. No version: that of the
    /// lock there is, else those in the tags of the base images. Besides: the platforms that it is given up for.
    pub async fn lock_request(
        &self,
        outside: &impl Outside,
        versions: &[String],
        worker: &Platform,
        requested: &[Platform],
    ) -> Result<(Request, Vec<Platform>), Failure> {
        let previous = self.previous_packages(outside).await?;
        let platforms = self.platforms(worker, requested, previous.as_ref());
        let everywhere = self.asked_everywhere(worker, &platforms)?;
        let asked = together(&everywhere);
        let targets = self.with_requirements(&self.everything(), &asked);
        if targets.is_empty() {
            return Err(self.nothing_to_lock());
        }
        let read = python::read(outside, &asked, None).await?;
        read.map_err(|problems| self.wrong(&asked, &problems))?;
        let bases = plan::bases_of(&self.manifest, &targets).bases;
        let tags: Vec<(String, bool)> =
            bases.keys().filter_map(|base| python_of(&base.to_string())).collect();
        let named: Vec<String> = match &previous {
            Some(lock) if versions.is_empty() => {
                lock.environments.iter().filter_map(python::version_of).collect()
            }
            _ => versions.to_vec(),
        };
        let pythons = pythons(&named, &tags);
        if pythons.is_empty() {
            let text = format!(
                "which Python the packages are for is not known here: name it with --python 3.13, or have the engine \
                 look: {}",
                self.call_lock()
            );
            return Err(Failure::Request(text));
        }
        let mut environments = Vec::new();
        for (python, musl) in &pythons {
            for platform in &platforms {
                let libc = if *musl {
                    Libc::Musl { major: 1, minor: 2 }
                } else {
                    Libc::Glibc { major: 2, minor: 28 }
                };
                let platform = python::resolver_platform(platform.machine(), Some(libc));
                environments.push(Environment { python: python.clone(), platform });
            }
        }
        let mut request = self.request(&everywhere, environments);
        let given_up = given_up(previous.as_ref(), &platforms);
        request.previous = previous.map(|lock| lock.path);
        Ok((request, given_up))
    }

    /// Problems of a resolution, at the places that name what is wrong.
    pub fn unresolved(&self, problems: &[Problem]) -> Failure {
        self.wrong(&python::asked(&self.manifest), problems)
    }

    /// That there is neither a package nor an image for the lock.
    pub fn nothing_to_lock(&self) -> Failure {
        let message = "nothing to lock: no stage and no service has \"requirements\"";
        let span = crate::manifest::section_span(&self.source, "services").unwrap_or_default();
        let diagnostic = Diagnostic::error("nothing-to-lock", span, message).hint(
            "write for example requirements: [requirements.txt]; for images, lock: pylock.toml at the top",
        );
        Failure::at(&self.source, diagnostic)
    }
}

/// The Pythons to lock for, each with whether it is for musl: those of the base images' tags, or `named` versions. One that no tag
/// has is for every C library that they tell of. A tag may know the patch version of one that is named without.
fn pythons(named: &[String], tags: &[(String, bool)]) -> BTreeSet<(String, bool)> {
    if named.is_empty() {
        return tags.iter().cloned().collect();
    }
    let mut libraries: BTreeSet<bool> = tags.iter().map(|(_, musl)| *musl).collect();
    if libraries.is_empty() {
        libraries.insert(false);
    }
    let mut pythons = BTreeSet::new();
    for version in named {
        let same = |(tag, _): &&(String, bool)| minor_of(tag) == minor_of(version);
        let known: Vec<_> = tags.iter().filter(same).cloned().collect();
        if known.is_empty() {
            pythons.extend(libraries.iter().map(|musl| (version.clone(), *musl)));
        } else if minor_of(version) == version {
            pythons.extend(known);
        } else {
            pythons.extend(known.into_iter().map(|(_, musl)| (version.clone(), musl)));
        }
    }
    pythons
}

/// `3.13` of `3.13.5`.
fn minor_of(version: &str) -> &str {
    version.match_indices('.').nth(1).map_or(version, |(at, _)| &version[..at])
}

/// The version of Python in an image reference such as `python:3.13-slim` or `python:3.13.5`, and whether it is Alpine's.
fn python_of(reference: &str) -> Option<(String, bool)> {
    let (name, tag) = reference.split('@').next()?.rsplit_once(':')?;
    if name.rsplit('/').next() != Some("python") {
        return None;
    }
    let version = tag.split('-').next()?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = version.split('.');
    let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next().filter(|patch| number(patch)));
    let patch = patch.map(|patch| format!(".{patch}")).unwrap_or_default();
    (number(major) && number(minor)).then(|| (format!("{major}.{minor}{patch}"), tag.contains("alpine")))
}

#[cfg(test)]
mod tests {
    use super::{python_of, pythons};

    #[test]
    fn versions_are_for_every_c_library_of_the_bases() {
        let own = |version: &str, musl| (version.to_owned(), musl);
        let tags = [own("3.13", false), own("3.12", true)];
        assert_eq!(pythons(&[], &tags), tags.clone().into());
        assert_eq!(pythons(&["3.14".into()], &tags), [own("3.14", false), own("3.14", true)].into());
        assert_eq!(pythons(&["3.14".into()], &[]), [own("3.14", false)].into());
        assert_eq!(pythons(&["3.12".into()], &tags), [own("3.12", true)].into());
        assert_eq!(pythons(&["3.12.4".into()], &tags), [own("3.12.4", true)].into());
        let tags = [own("3.13.5", false), own("3.12", true)];
        assert_eq!(pythons(&["3.13".into()], &tags), [own("3.13.5", false)].into(), "as a lock names it");
    }

    #[test]
    fn versions_in_tags() {
        for (reference, expected) in [
            ("python:3.13-slim", Some(("3.13", false))),
            ("registry.example.com:5000/team/python:3.12.4-alpine3.20@sha256:00", Some(("3.12.4", true))),
            ("python:3.15.0rc1-slim", Some(("3.15", false))),
            ("python:3", None),
            ("python:slim", None),
            ("debian:12.1", None),
            ("python", None),
        ] {
            let expected = expected.map(|(version, musl)| (version.to_owned(), musl));
            assert_eq!(python_of(reference), expected, "{reference}");
        }
    }
}
