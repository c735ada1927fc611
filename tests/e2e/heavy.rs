//! What is heavy: files and packages that have a layer of their own, warnings of what nobody uses, budgets.

use std::collections::BTreeSet;
use std::io::Read as _;

use harness::project::unique;
use harness::registry::Image;
use harness::{Docker, Project, Wheel};

use crate::python_support::{Shelf, service};
use crate::support::{build, containerd, ok, pushed, syntax};

/// A little more than what makes a file heavy.
const HEAVY: usize = 21_000_000;

/// Bytes that nobody has seen and nobody can compress.
fn noise(size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let random = std::fs::File::open("/dev/urandom").unwrap();
    random.take(size as u64).read_to_end(&mut bytes).unwrap();
    bytes
}

/// What an image has that another one has not, in bytes.
fn new_bytes(after: &Image, before: &Image) -> u64 {
    let known: BTreeSet<&str> = before.digests().into_iter().collect();
    let new = after.layers.iter().filter(|layer| !known.contains(layer.digest.as_str()));
    new.map(|layer| layer.size).sum()
}

#[test]
fn edited_code_beside_a_heavy_file_is_pushed_without_it() {
    let engine = containerd();
    let project = Project::new("heavy").unwrap();
    let tag = unique().unwrap();
    project.write("model/weights.bin", noise(HEAVY)).unwrap();
    project.write("model/code/main.py", format!("# {tag}\n")).unwrap();
    let manifest = "services:\n  model: {from: 'busybox:1.37', files: [model/code/, model/weights.bin]}\n";
    project.write("layerset.yaml", syntax() + manifest).unwrap();
    project.write("Dockerfile", "FROM busybox:1.37\nCOPY model/ /model/\n").unwrap();

    let push = |file: &str| -> Image {
        let repository = format!("heavy/{}", file.to_ascii_lowercase());
        let name = format!("{}:{tag}", engine.registry().name(&repository));
        let args = ["buildx", "build", "--push", "--provenance=false", "--tag", &name, "--file", file, "."];
        ok(engine.docker(&args).current_dir(project.path()));
        pushed(engine, &format!("{repository}:{tag}"))
    };
    let (ours, theirs) = (push("layerset.yaml"), push("Dockerfile"));
    project.write("model/code/main.py", format!("# {tag}, changed\n")).unwrap();
    let (ours_after, theirs_after) = (push("layerset.yaml"), push("Dockerfile"));

    let heavy = |image: &Image| -> Vec<String> {
        let layers = image.layers.iter().filter(|layer| layer.size > HEAVY as u64 / 2);
        layers.map(|layer| layer.digest.clone()).collect()
    };
    assert_eq!(heavy(&ours).len(), 1, "{ours:?}");
    assert_eq!(heavy(&ours), heavy(&ours_after), "the heavy layer stays");
    let new = new_bytes(&ours_after, &ours);
    assert!(new > 0 && new < 10_000, "{new} bytes are new for a changed line");
    // One COPY of the same directory is pushed again whole.
    let new = new_bytes(&theirs_after, &theirs);
    assert!(new > HEAVY as u64 / 2, "{new} bytes are new with a Dockerfile");
    // And both images hold the same.
    let list = "cd /model && sha256sum code/main.py weights.bin && stat -c '%a %u %g %n' . * code/*";
    let held = |repository: &str| {
        let name = format!("{}:{tag}", engine.registry().name(repository));
        ok(engine.docker(&["run", "--rm", "--quiet", "--network=none", &name, "sh", "-c", list])).stdout
    };
    assert_eq!(held("heavy/layerset.yaml"), held("heavy/dockerfile"));
}

#[test]
fn packages_are_the_same_blobs_on_two_base_images() {
    let mut shelf = Shelf::new(containerd());
    let engine = shelf.engine;
    let base = format!("extended-{}:1", shelf.tag);
    let dockerfile = "FROM python:3.13-slim\nRUN echo extra > /extra\n";
    ok(engine.docker(&["build", "--tag", &base, "-"]).stdin(dockerfile));
    for name in ["small", "other"] {
        shelf.add(name, "1.0", 30_000);
    }
    shelf.index.add(&shelf.wheel("bulky", "1.0", 1000).file("bulky/data.bin", noise(HEAVY))).unwrap();
    shelf.project.write("requirements.txt", "small\nother\nbulky\n").unwrap();
    let rest = |base: &str| format!("from: '{base}', requirements: [requirements.txt]");
    let services = [service("plain", &rest("python:3.13-slim")), service("extended", &rest(&base))];
    shelf.manifest(", lock: pylock.toml", "", &services);
    shelf.lock();
    shelf.index.forget();
    shelf.push();
    assert!(shelf.index.downloads().values().all(|count| *count == 1), "{:?}", shelf.index.downloads());
    let (plain, extended) = (shelf.image("plain"), shelf.image("extended"));
    assert_eq!(plain.layers[0], extended.layers[0], "one base is built on the other");
    assert_ne!(plain.digests()[1], extended.digests()[1], "which has a layer more");
    let heavy = |image: &Image, at: usize| image.layers[at].size > HEAVY as u64;
    assert!(heavy(&plain, 1) && !heavy(&plain, 2), "the heavy package, then the others: {plain:?}");
    // What comes last keeps the modes of the base's own directories.
    assert_eq!(plain.layers[1..3], extended.layers[2..4], "layers do not depend on the base");
    for (name, extra) in [("plain", "False"), ("extended", "True")] {
        let script = "import os, bulky, other, small; print(os.path.exists('/extra'), bulky.NAME)";
        assert_eq!(shelf.python(name, script), format!("{extra} bulky\n"));
    }
    let _ = engine.docker(&["image", "rm", &base]).run();
}

#[test]
fn small_packages_lie_above_larger_ones_and_highest_what_few_need() {
    let mut shelf = Shelf::new(containerd());
    for (name, size) in [("large", 1_985_000), ("mine", 1_970_000), ("own", 40_000), ("tiny", 20_000)] {
        shelf
            .index
            .add(&shelf.wheel(name, "1.0", 1000).file(&format!("{name}/data.bin"), noise(size)))
            .unwrap();
    }
    shelf.project.write("requirements.txt", "large\ntiny\n").unwrap();
    shelf.project.write("one.txt", "mine\nown\n").unwrap();
    let rest = |files: &str| format!("from: 'python:3.13-slim', requirements: [{files}]");
    let services =
        [service("one", &rest("requirements.txt, one.txt")), service("two", &rest("requirements.txt"))];
    shelf.manifest(", lock: pylock.toml", "", &services);
    shelf.lock();
    shelf.push();
    let (one, two) = (shelf.image("one"), shelf.image("two"));
    // Above the base: noise keeps its size when it is compressed, so a layer's bytes tell its package.
    let sizes: Vec<u64> = one.layers[1..].iter().map(|layer| layer.size / 1000).collect();
    let is = |at: usize, size: u64| sizes.get(at).is_some_and(|found| (size..size + 10).contains(found));
    assert!(sizes.len() >= 4 && is(0, 1985) && is(1, 1970) && is(2, 20) && is(3, 40), "{sizes:?}");
    assert_eq!(
        [&one.layers[1], &one.layers[3]],
        [&two.layers[1], &two.layers[2]],
        "what both need is stored once"
    );
    let script = "import large, mine, own, tiny; print(large.NAME, mine.NAME, own.NAME, tiny.NAME)";
    assert_eq!(shelf.python("one", script), "large mine own tiny\n");
}

#[test]
fn check_warns_of_a_heavy_package_that_no_source_names() {
    let mut shelf = Shelf::new(containerd());
    shelf.index.add(&Wheel::new("bulky", "1.0").file("bulky/data.bin", noise(HEAVY))).unwrap();
    shelf.add("small", "1.0", 1000);
    shelf.project.write("requirements.txt", "small\n# for models\nbulky\n").unwrap();
    shelf.project.write("web/app.py", "import small\n").unwrap();
    let rest = "from: 'python:3.13-slim', requirements: [requirements.txt], files: [web/]";
    shelf.manifest(", lock: pylock.toml", "", &[service("web", rest)]);
    shelf.lock();
    let call = |format: &str| build(shelf.engine, &shelf.project).arg(format!("--call=check{format}"));
    let output = call("").run().unwrap();
    assert_eq!(output.status.code(), Some(1), "warnings make it end with 1: {}", output.stderr);
    let said = &output.stdout;
    for part in ["unused-heavy-package", "requirements.txt:3", "service web", "bulky 1.0", "layerset.yaml:4"]
    {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    assert!(!said.contains("small 1.0"), "{said}");
    // Who imports it is not warned.
    shelf.project.write("web/app.py", "import small\n\n\ndef load():\n    import bulky\n").unwrap();
    let said = ok(call("")).stdout;
    assert!(said.contains("no warnings found"), "{said}");
}

#[test]
fn an_image_over_its_budget_is_an_error_and_is_not_exported() {
    let engine = containerd();
    let project = Project::new("budget").unwrap();
    let tag = unique().unwrap();
    project.write("lib/data.bin", noise(2_000_000)).unwrap();
    project.write("app/main.py", format!("# {tag}\n")).unwrap();
    let manifest = |budget: &str| {
        let text = format!(
            "services:\n  api:\n    from: scratch\n    files: [lib/, app/]\n    budget: {budget}\n  \
             other:\n    from: scratch\n    files: [lib/]\n"
        );
        project.write("layerset.yaml", syntax() + &text).unwrap();
    };
    let name = format!("{}:{tag}", engine.registry().name("budget/api"));
    let push = || -> Docker {
        let docker = build(engine, &project).args(&["--push", "--target=api", "--tag", &name]);
        docker.env("BUILDKIT_PROGRESS", "plain")
    };
    for (budget, words) in [
        ("{size: 1MB}", ["layerset.yaml:6:", "2.0 MB", "its budget has 1.0 MB"]),
        ("{layers: 1}", ["layerset.yaml:6:", "gets 2 layers", "its budget has 1"]),
    ] {
        manifest(budget);
        let output = push().run().unwrap();
        assert!(!output.success(), "{budget} was kept: {}", output.stderr);
        for word in words {
            assert!(output.stderr.contains(word), "no {word:?} in\n{}", output.stderr);
        }
        assert!(output.stderr.contains(" | >>>     budget: "), "no place: {}", output.stderr);
        assert!(!output.stderr.contains("pushing"), "{}", output.stderr);
        assert!(engine.registry().image(&format!("budget/api:{tag}")).is_err(), "it was pushed");
    }
    // The budget of one image is nothing to another.
    ok(build(engine, &project).args(&["--target=other", "--output=type=cacheonly"]));
    manifest("{size: 3MB, layers: 2}");
    ok(push());
    assert_eq!(pushed(engine, &format!("budget/api:{tag}")).layers.len(), 2);
}
