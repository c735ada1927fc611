//! Twenty-two services with four overlapping sets of packages, with and without a lock: every wheel is downloaded
//! once and stored once over all images, and every service imports what it requires.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fmt::Write as _;
use std::thread;

use harness::Wheel;
use harness::wheel::payload;

use crate::python_support::{Shelf, service, work};
use crate::support::{bake, containerd, ok};

const SERVICES: usize = 22;

/// Libraries by their kilobytes: small ones that everybody has, a web stack, and a scientific one.
const SMALL: [(&str, usize); 6] =
    [("idle", 12), ("certs", 280), ("chars", 420), ("urls", 350), ("asks", 190), ("sixes", 30)];
const WEB: [(&str, usize); 7] = [
    ("serve", 900),
    ("jinn", 640),
    ("marks", 60),
    ("models", 2600),
    ("alchemy", 3100),
    ("clicks", 310),
    ("stars", 240),
];
const SCIENCE: [(&str, usize); 4] = [("arrays", 9000), ("frames", 7000), ("plots", 5000), ("learns", 8000)];
const TOOLS: [(&str, usize); 4] = [("lint", 700), ("wires", 500), ("queues", 450), ("toml_kit", 150)];

/// Half of a library is Python, and large ones are mostly compiled.
fn library(shelf: &Shelf, name: &str, kilobytes: usize) -> Wheel {
    let text = format!("{name} {}", shelf.tag);
    let mut wheel = Wheel::new(name, "1.0");
    if kilobytes >= 1000 {
        let native = payload::library(&text, kilobytes * 600);
        wheel = wheel
            .tag(&format!("cp313-cp313-manylinux_2_17_{ARCH}"))
            .file(&format!("{name}/_native.so"), native);
    }
    for part in 0..10 {
        let module = payload::module(&format!("{text} {part}"), kilobytes * 40);
        wheel = wheel.file(&format!("{name}/part{part}.py"), module);
    }
    wheel
}

/// Serves all libraries: the bytes of their wheels by file name.
fn serve(shelf: &Shelf) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    for (name, kilobytes) in SMALL.iter().chain(&WEB).chain(&SCIENCE).chain(&TOOLS) {
        let mut wheel = library(shelf, name, *kilobytes);
        wheel = match *name {
            "asks" => wheel.requires("urls").requires("certs").requires("idle").requires("chars"),
            "serve" => wheel.requires("stars").requires("models"),
            "jinn" => wheel.requires("marks>=1"),
            "frames" | "plots" | "learns" => wheel.requires("arrays").requires("sixes"),
            "wires" => wheel.requires("asks"),
            _ => wheel,
        };
        sizes.insert(wheel.filename(), shelf.index.add(&wheel).unwrap());
    }
    sizes
}

/// What the services of each set can import.
fn modules(set: usize) -> Vec<&'static str> {
    let parts: &[&[(&str, usize)]] = match set {
        0 => &[&SMALL],
        1 => &[&SMALL, &WEB],
        2 => &[&SMALL, &SCIENCE],
        _ => &[&SMALL[..5], &TOOLS],
    };
    parts.iter().flat_map(|part| part.iter()).map(|(name, _)| *name).collect()
}

fn requirements(set: usize) -> &'static str {
    match set {
        0 => "[requirements/small.txt]",
        1 => "[requirements/web.txt]",
        2 => "[requirements/small.txt, requirements/science.txt]",
        _ => "[{group: tools}]",
    }
}

fn services() -> Vec<(String, String)> {
    // Every fifth is on another base with the same interpreter.
    let one = |number: usize| {
        let base = if number % 5 == 4 { "prepared" } else { "python:3.13-slim" };
        let rest = format!(
            "from: '{base}', requirements: {}, command: [python3, -m, s{number}]",
            requirements(number % 4)
        );
        service(&format!("s{number}"), &rest)
    };
    (0..SERVICES).map(one).collect()
}

/// Ends well only if all can be imported, and tells those that can but should not.
fn import_all(shelf: &Shelf, number: usize) {
    let wanted = modules(number % 4);
    let mut script = "import importlib.metadata as m\n".to_owned();
    for name in &wanted {
        let _ = writeln!(
            script,
            "import {name}.part7; assert {name}.NAME == {name:?} and m.version({name:?}) == '1.0'"
        );
    }
    script +=
        "print(*sorted(d.name for d in m.distributions() if d.read_text('INSTALLER') == 'layerset\\n'))";
    let found = shelf.python(&format!("s{number}"), &script);
    let mut expected: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(found.trim(), expected.join(" "), "of s{number}");
}

#[test]
fn wheels_are_downloaded_once_and_stored_once_over_twenty_two_images() {
    let mut shelf = Shelf::new(containerd());
    let sizes = serve(&shelf);
    shelf.project.write("requirements/small.txt", "asks\nsixes==1.0\n").unwrap();
    shelf
        .project
        .write("requirements/web.txt", "-r small.txt\nserve\njinn>=1,<2\nalchemy\nclicks\n")
        .unwrap();
    shelf.project.write("requirements/science.txt", "frames\nplots\nlearns\n").unwrap();
    let tools = "[dependency-groups]\ntools = ['lint', 'wires', 'queues', 'toml-kit']\n";
    shelf.project.write("pyproject.toml", tools).unwrap();
    let stages = "stages:\n  prepared: {from: 'python:3.13-slim', run: ['echo prepared > /prepared']}\n";
    shelf.manifest("", stages, &services());

    // Without a lock first: what is to be locked is found out in the build.
    let told = ok(bake(shelf.engine, &shelf.project).arg("--push"));
    assert!(told.stderr.contains("not locked"), "no warning of a missing lock: {}", told.stderr);
    let once: BTreeMap<String, u64> = sizes.keys().map(|name| (name.clone(), 1)).collect();
    assert_eq!(shelf.index.downloads(), once, "each wheel once, and all of them");

    let images: Vec<_> = (0..SERVICES).map(|number| shelf.image(&format!("s{number}"))).collect();
    let bases: Vec<_> = (0..SERVICES).map(|number| if number % 5 == 4 { 2 } else { 1 }).collect();
    let mut blobs = BTreeMap::new();
    for (image, base) in images.iter().zip(&bases) {
        blobs.extend(image.layers.iter().skip(*base).map(|layer| (layer.digest.clone(), layer.size)));
    }
    let (stored, wheels): (u64, u64) = (blobs.values().sum(), sizes.values().sum());
    assert!(stored * 100 <= wheels * 105, "{stored} bytes are stored for wheels of {wheels}");
    // What two services of one set have is the same on both bases: 4 and 16 are both of the first set, 4 is `prepared`.
    assert_eq!(images[4].layers[2..], images[16].layers[1..], "layers do not depend on the base");

    let failed: Vec<usize> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|part| {
                let shelf = &shelf;
                scope.spawn(move || {
                    let mine = (0..SERVICES).skip(part).step_by(4);
                    mine.filter(|number| {
                        thread::scope(|one| one.spawn(|| import_all(shelf, *number)).join().is_err())
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "see above for {failed:?}");

    // With the lock that this build would have had, nothing is left to do: not even to ask the index.
    let lock = shelf.lock();
    assert!(sizes.keys().all(|name| lock.contains(name)), "{lock}");
    shelf.manifest(", lock: pylock.toml", stages, &services());
    shelf.index.forget();
    let again = shelf.push();
    assert_eq!(work(&again), Vec::<String>::new(), "all was there");
    assert_eq!(shelf.index.log(), Vec::<String>::new(), "a lock needs no index");
    for (number, image) in images.iter().enumerate() {
        assert_eq!(image.layers, shelf.image(&format!("s{number}")).layers, "s{number}");
    }
}
