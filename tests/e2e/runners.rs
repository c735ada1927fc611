//! Two runners of a CI with one registry: what one has built and pushed, the other neither builds nor pushes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::thread;

use harness::project::unique;
use harness::registry::Image;
use harness::{Docker, Engine, Output, Project};

use crate::support::{bake, containerd, ok, pushed, syntax};

const SERVICES: [&str; 4] = ["api", "web", "mail", "jobs"];

/// A checkout, and where its images and caches go.
struct Work {
    tag: String,
    project: Project,
}

impl Work {
    fn new(engine: &Engine) -> Self {
        let work = Self { tag: unique().unwrap(), project: Project::new("runner").unwrap() };
        let tag = &work.tag;
        let mut manifest = syntax()
            + &format!("stages:\n  base: {{from: 'busybox:1.37', run: ['echo {tag} > /made']}}\nservices:\n");
        work.project.write("common/all.txt", format!("all {tag}\n")).unwrap();
        for name in SERVICES {
            work.project.write(&format!("{name}/own.txt"), format!("{name} {tag}\n")).unwrap();
            let image = engine.registry().name(&work.repository(name));
            let files = format!("[common/, {name}/]");
            let _ = writeln!(manifest, "  {name}: {{from: base, image: '{image}:1', files: {files}}}");
        }
        work.project.write("layerset.yaml", manifest).unwrap();
        work
    }

    /// The same commit on another machine.
    fn again(&self) -> Self {
        let project = Project::new("runner").unwrap();
        project.copy_from(self.project.path()).unwrap();
        Self { tag: self.tag.clone(), project }
    }

    fn repository(&self, service: &str) -> String {
        format!("runners-{}/{service}", self.tag)
    }

    /// What a runner does. Without provenance, which has the time of the build, images are the same to the last byte.
    fn push(&self, engine: &Engine) -> Output {
        let output = self.command(engine).run().unwrap();
        // The tests' registry keeps its files without any lock: it may read what another upload of the same is writing.
        if !output.success() && output.stderr.contains("400 Bad Request") {
            return ok(self.command(engine));
        }
        output.checked().unwrap()
    }

    fn command(&self, engine: &Engine) -> Docker {
        let place = format!("ref={}", engine.registry().name(&self.repository("cache/")));
        bake(engine, &self.project)
            .args(&["--push", "--provenance=false"])
            .env("LAYERSET_CACHE_FROM", format!("type=registry,{place}"))
            .env("LAYERSET_CACHE_TO", format!("type=registry,mode=max,{place}"))
    }

    fn image(&self, engine: &Engine, service: &str) -> Image {
        pushed(engine, &format!("{}:1", self.repository(service)))
    }

    fn images(&self, engine: &Engine) -> Vec<Image> {
        SERVICES.map(|service| self.image(engine, service)).into()
    }

    /// All that has ever come to the images' repositories.
    fn blobs(&self, engine: &Engine) -> BTreeSet<String> {
        let blobs = |service: &&str| engine.registry().blobs(&self.repository(service)).unwrap();
        SERVICES.iter().flat_map(blobs).collect()
    }
}

fn runners() -> [&'static Engine; 2] {
    [containerd(), Engine::second().unwrap().with_frontend().unwrap()]
}

fn manifests(images: &[Image]) -> Vec<String> {
    images.iter().map(|image| image.manifest.to_string()).collect()
}

#[test]
fn a_second_runner_builds_and_pushes_only_what_changed() {
    let [one, other] = runners();
    let work = Work::new(one);
    let first = work.push(one).progress();
    assert!(first.done().iter().any(|name| name.contains("run echo")), "{first:?}");
    let (images, blobs) = (work.images(one), work.blobs(one));

    // The same commit: nothing is built, nothing is pushed, and the images are the same.
    let elsewhere = work.again();
    let again = elsewhere.push(other).progress();
    assert_eq!(again.done(), Vec::<&str>::new(), "{again:?}");
    assert_eq!(work.blobs(one), blobs);
    assert_eq!(manifests(&work.images(one)), manifests(&images));

    // One service changes: its layer is new, and the image configuration that names it.
    elsewhere.project.write("web/own.txt", "changed\n").unwrap();
    let changed = elsewhere.push(other).progress();
    let done: Vec<_> = changed.done().into_iter().filter(|name| !name.ends_with("] merge")).collect();
    assert_eq!(done, ["[web web] copy web"], "{changed:?}");
    assert_eq!(work.blobs(one).difference(&blobs).count(), 2);
    for (service, before) in SERVICES.iter().zip(&images) {
        let after = work.image(one, service);
        let new = after.layers.iter().filter(|layer| !before.layers.contains(layer)).count();
        assert_eq!(new, usize::from(*service == "web"), "{service}");
    }
}

#[test]
fn two_runners_push_the_same_commit_at_the_same_time() {
    let engines = runners();
    let work = Work::new(engines[0]);
    let checkouts = [work.again(), work.again()];
    thread::scope(|scope| {
        for (engine, checkout) in engines.into_iter().zip(&checkouts) {
            scope.spawn(move || checkout.push(engine));
        }
    });
    let images = work.images(engines[0]);
    for (service, image) in SERVICES.iter().zip(&images) {
        let name = format!("{}:1", engines[1].registry().name(&work.repository(service)));
        let cat = ["run", "--rm", "--quiet", "--pull=always", &name, "cat", &format!("/{service}/own.txt")];
        assert_eq!(ok(engines[1].docker(&cat)).stdout, format!("{service} {}\n", work.tag));
        // busybox, what the stage's command wrote (with the time of its run on either), common, and its own.
        assert_eq!(image.layers.len(), 4);
        assert_eq!((&image.layers[0], &image.layers[2]), (&images[0].layers[0], &images[0].layers[2]));
    }
}
