//! Images by their digests: `lock` says which, whatever happens to their tags.

use std::fs;

use harness::project::unique;
use harness::{Engine, Output, Project};

use crate::command_line::layerset;
use crate::python_support::{Shelf, service};
use crate::supply_chain::dockerfile;
use crate::support::{build, containerd, ok, pushed, syntax};

/// A base in the registry that can be moved, and a project on it.
struct Pinned {
    engine: &'static Engine,
    project: Project,
    tag: String,
}

impl Pinned {
    fn new() -> Self {
        let pinned =
            Self { engine: containerd(), project: Project::new("pinned").unwrap(), tag: unique().unwrap() };
        pinned.project.write("a.txt", &pinned.tag).unwrap();
        pinned.move_base("first");
        pinned.manifest("");
        pinned
    }

    fn base(&self) -> String {
        format!("{}:{}", self.engine.registry().name("pinned/base"), self.tag)
    }

    /// Gives the base's tag to another image.
    fn move_base(&self, word: &str) {
        let text = format!("FROM busybox:1.37\nENV WORD={word}\nWORKDIR /{word}-{}\n", self.tag);
        self.project.write("base.Dockerfile", text).unwrap();
        let build = dockerfile(self.engine, &self.project, "base.Dockerfile");
        ok(build.args(&["--push", "--provenance=false", "--tag", &self.base()]));
    }

    fn manifest(&self, more: &str) {
        let base = self.base();
        let text = syntax()
            + &format!(
                "lock: locks/pylock.toml\nstages:\n  tool: {{from: 'busybox:1.37', run: [[touch, /tool]]}}\nservices:\n  \
                 app:\n    from: '{base}'\n    files: [a.txt]\n    copy: [{{from: tool, source: /tool}}]\n{more}"
            );
        self.project.write("layerset.yaml", text).unwrap();
    }

    fn call(&self, name: &str) -> Output {
        build(self.engine, &self.project).arg(format!("--call={name}")).run().unwrap()
    }

    /// Locks as users do.
    fn lock(&self) -> String {
        let lock = self.call("lock").checked().unwrap().stdout;
        self.project.write("locks/pylock.toml", &lock).unwrap();
        lock
    }

    fn digest(&self) -> String {
        self.engine.registry().digest(&format!("pinned/base:{}", self.tag)).unwrap()
    }

    /// The word of the base that a build takes, and its output.
    fn built(&self, more: &[&str]) -> (String, Output) {
        let name = format!("{}:{}", self.engine.registry().name("pinned/app"), self.tag);
        let build =
            build(self.engine, &self.project).args(&["--push", "--provenance=mode=max", "--tag", &name]);
        let output = ok(build.args(more));
        let config = pushed(self.engine, &format!("pinned/app:{}", self.tag)).config;
        let env = config["config"]["Env"].as_array().unwrap().iter().filter_map(|entry| entry.as_str());
        (env.filter_map(|entry| entry.strip_prefix("WORD=")).collect(), output)
    }
}

#[test]
fn a_locked_base_stays_when_its_tag_moves() {
    let pinned = Pinned::new();
    let lock = pinned.lock();
    let first = pinned.digest();
    assert!(lock.contains(&format!("{:?} = {first:?}\n", pinned.base())), "{lock}");
    assert!(lock.contains("\n\"busybox:1.37\" = \"sha256:"), "{lock}");
    assert!(lock.starts_with("lock-version = \"1.0\"\n") && lock.contains("\npackages = []\n"), "{lock}");
    assert_eq!(pinned.built(&[]).0, "first");
    pinned.move_base("second");
    let (word, _) = pinned.built(&["--pull"]);
    assert_eq!(word, "first", "the tag has moved, the lock has not");
    let provenance = pinned.engine.registry().statements(&format!("pinned/app:{}", pinned.tag)).unwrap();
    assert!(provenance[0].to_string().contains(first.trim_start_matches("sha256:")), "{provenance:?}");
    let again = pinned.lock();
    assert!(again.contains(&pinned.digest()) && !again.contains(&first), "{again}");
    assert_eq!(pinned.built(&[]).0, "second");
    assert_eq!(pinned.lock(), again, "the same images, the same lock");
}

#[test]
fn an_image_that_is_not_locked_is_refused_where_it_is_named() {
    let pinned = Pinned::new();
    let refused = |output: Output, what: &str| {
        assert!(!output.success(), "{}", output.command);
        let told = format!("{}{}", output.stdout, output.stderr);
        assert!(told.contains(what), "expected {what}: {told}");
    };
    let unbuilt = || build(pinned.engine, &pinned.project).run().unwrap();
    refused(unbuilt(), "layerset.yaml:2:7: no \"locks/pylock.toml\" in the build context");
    refused(pinned.call("check"), "--call=lock . > locks/pylock.toml");
    pinned.lock();
    ok(build(pinned.engine, &pinned.project).arg("--call=check"));
    assert!(pinned.call("plan").success() && pinned.call("bake").success());
    pinned.manifest("  more: {from: 'busybox:latest', copy: [{from: 'uv:latest', source: /uv}]}\n");
    let both = unbuilt_of(&pinned, "app");
    refused(both, "the image \"busybox:latest\" is not in \"locks/pylock.toml\"");
    refused(unbuilt_of(&pinned, "app"), "the image \"uv:latest\" is not in");
    let local = layerset(&["check"], pinned.project.path());
    assert_eq!(local.status.code(), Some(1));
    assert!(local.stderr.contains("layerset.yaml:10:"), "{}", local.stderr);
    refused(layerset(&["plan"], pinned.project.path()), "the image \"uv:latest\" is not in");
    let lock = pinned.lock();
    assert!(lock.contains("\"busybox:latest\"") && lock.contains("\"uv:latest\""), "{lock}");
    ok(build(pinned.engine, &pinned.project).args(&["--target=more"]));
    pinned.manifest("");
    assert!(!pinned.lock().contains("latest"), "what is not named any more is dropped");
}

fn unbuilt_of(pinned: &Pinned, target: &str) -> Output {
    build(pinned.engine, &pinned.project).arg(format!("--target={target}")).run().unwrap()
}

#[test]
fn a_named_context_takes_the_place_of_a_locked_image() {
    let pinned = Pinned::new();
    pinned.lock();
    let context = format!("--build-context={}=docker-image://busybox:1.37", pinned.base());
    assert_eq!(pinned.built(&[&context]).0, "", "busybox has no word");
    let lock = ok(build(pinned.engine, &pinned.project).args(&["--call=lock", &context])).stdout;
    assert!(lock.contains("\"busybox:1.37\"") && !lock.contains(&pinned.base()), "{lock}");
}

#[test]
fn the_command_line_keeps_the_digests_there_are() {
    let pinned = Pinned::new();
    let lock = pinned.lock();
    pinned.move_base("second");
    let written = layerset(&["lock", "--write"], pinned.project.path()).checked().unwrap();
    assert!(written.stderr.contains("kept the digests that the lock has"), "{}", written.stderr);
    assert!(written.stderr.contains(&pinned.base()), "{}", written.stderr);
    let file = pinned.project.path().join("locks/pylock.toml");
    assert_eq!(fs::read_to_string(&file).unwrap(), lock);
    pinned.manifest("  more: {from: 'busybox:latest'}\n");
    let more = layerset(&["lock"], pinned.project.path()).checked().unwrap();
    assert!(
        more.stderr.contains("found no digest of busybox:latest, only an engine does"),
        "{}",
        more.stderr
    );
    assert_eq!(more.stdout, lock);
}

#[test]
fn one_lock_has_packages_and_images() {
    let mut shelf = Shelf::new(containerd());
    shelf.add("one", "1.0", 100);
    shelf.project.write("requirements.txt", "one\n").unwrap();
    let rest = "from: 'python:3.13-slim', requirements: [requirements.txt]";
    shelf.manifest("", "lock: pylock.toml\n", &[service("api", rest)]);
    let lock = shelf.lock();
    assert!(
        lock.contains("\nname = \"one\"\n") && lock.contains("\n\"python:3.13-slim\" = \"sha256:"),
        "{lock}"
    );
    shelf.add("one", "2.0", 100);
    let built = ok(build(shelf.engine, &shelf.project).args(&["--load", "--tag", &shelf.name("api")]));
    assert!(!built.stderr.contains("not locked"), "{}", built.stderr);
    assert_eq!(shelf.python("api", "import one; print(one.VERSION)"), "1.0\n");
    assert_eq!(shelf.lock(), lock, "versions stay where they can");
}
