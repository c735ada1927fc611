//! What the tests of Python packages have in common: wheels on an index of their own, services that require them,
//! and a look into their containers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use harness::project::unique;
use harness::registry::Image;
use harness::{Engine, Index, Output, Progress, Project, Wheel};

use crate::support::{bake, build, ok, progress, pushed, syntax};

/// Services with requirements, an index that has them, and a word that makes all contents new to every engine.
pub(crate) struct Shelf {
    pub(crate) engine: &'static Engine,
    pub(crate) index: Index,
    pub(crate) project: Project,
    pub(crate) tag: String,
    services: Vec<String>,
}

/// Digests of layers with their bytes, without those of the base.
pub(crate) type Blobs = BTreeMap<String, u64>;

impl Shelf {
    pub(crate) fn new(engine: &'static Engine) -> Self {
        let (index, project) = (Index::serve(engine).unwrap(), Project::new("python").unwrap());
        Self { engine, index, project, tag: unique().unwrap(), services: Vec::new() }
    }

    /// A wheel with a module of that many bytes that no engine has seen. Its own bytes.
    pub(crate) fn add(&self, name: &str, version: &str, size: usize) -> u64 {
        self.index.add(&self.wheel(name, version, size)).unwrap()
    }

    pub(crate) fn wheel(&self, name: &str, version: &str, size: usize) -> Wheel {
        let text = format!("{name} {version} {}", self.tag);
        Wheel::new(name, version)
            .file(&format!("{name}/body.py"), harness::wheel::payload::module(&text, size))
    }

    /// Writes the manifest: what is above the services, then the services by name with the rest of their mapping.
    /// `python` is what `python:` says besides the index.
    pub(crate) fn manifest(&mut self, python: &str, top: &str, services: &[(String, String)]) {
        let index = self.index.simple();
        let mut text = syntax() + &format!("python: {{index: [{index:?}]{python}}}\n{top}services:\n");
        for (name, rest) in services {
            let _ = writeln!(text, "  {name}: {{image: '{}', {rest}}}", self.name(name));
        }
        self.project.write("layerset.yaml", text).unwrap();
        self.services = services.iter().map(|(name, _)| name.clone()).collect();
    }

    pub(crate) fn name(&self, service: &str) -> String {
        format!("{}:{}", self.engine.registry().name(&format!("python/{service}")), self.tag)
    }

    /// Has the lock made by a build, and writes it.
    pub(crate) fn lock(&self) -> String {
        let lock = ok(build(self.engine, &self.project).arg("--call=lock")).stdout;
        self.project.write("pylock.toml", &lock).unwrap();
        lock
    }

    /// Bakes and pushes.
    pub(crate) fn push(&self) -> Progress {
        progress(bake(self.engine, &self.project).arg("--push"))
    }

    pub(crate) fn image(&self, service: &str) -> Image {
        pushed(self.engine, &format!("python/{service}:{}", self.tag))
    }

    /// The layers of all services above the first `base` ones.
    pub(crate) fn blobs(&self, base: usize) -> Blobs {
        let images = self.services.iter().map(|service| self.image(service));
        images
            .flat_map(|image| image.layers.into_iter().skip(base))
            .map(|blob| (blob.digest, blob.size))
            .collect()
    }

    /// A build of one service that must fail.
    pub(crate) fn refused(&self, args: &[&str]) -> Output {
        let output =
            build(self.engine, &self.project).env("BUILDKIT_PROGRESS", "plain").args(args).run().unwrap();
        assert!(!output.success(), "`{}` went well: {}", output.command, output.stderr);
        output
    }

    /// What Python prints in a container of a service.
    pub(crate) fn python(&self, service: &str, script: &str) -> String {
        self.run(service, &["python3", "-c", script])
    }

    /// What a command prints in a container of a service, without a network.
    pub(crate) fn run(&self, service: &str, command: &[&str]) -> String {
        let docker = self.engine.docker(&["run", "--rm", "--quiet", "--network=none", &self.name(service)]);
        ok(docker.args(command)).stdout
    }
}

/// The names of the steps of a build that were really done. What a merge gives is no work of its own. A step on nothing
/// counts as done whenever it is looked at: downloads, of which the index tells more, and bare directories.
pub(crate) fn work(progress: &Progress) -> Vec<String> {
    let idle = |name: &&str| {
        name.ends_with("] merge") || name.contains("] download ") || name.contains("] keep owner and mode ")
    };
    progress.done().into_iter().filter(|name| !idle(name)).map(str::to_owned).collect()
}

/// What is in one and not in the other.
pub(crate) fn new_in(after: &Blobs, before: &Blobs) -> BTreeSet<String> {
    after.keys().filter(|digest| !before.contains_key(*digest)).cloned().collect()
}

/// An entry for [`Shelf::manifest`].
pub(crate) fn service(name: &str, rest: &str) -> (String, String) {
    (name.to_owned(), rest.to_owned())
}
