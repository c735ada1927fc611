//! Twenty-two services that select overlapping parts of a tree of 20,000 files: over all images no byte is
//! stored twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use harness::project::unique;
use harness::{Engine, Project, run};

use crate::support::{bake, containerd, progress, pushed, syntax};

const SERVICES: usize = 22;
const DIRECTORIES: usize = 40;
const FILES: usize = 500;

/// Text that compresses as code does, the same in every run but for the tag.
fn content(directory: usize, file: usize, tag: &str) -> String {
    let mut text = format!("# {tag} {directory} {file}\n");
    let mut state = u64::try_from(directory * FILES + file).unwrap();
    for _ in 0..10 + file % 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let _ = writeln!(text, "value_{} = {:x}", state % 97, state >> 20);
    }
    text
}

/// Every kind of overlap: the whole tree but a part, directories in directories, patterns, the same twice.
fn selections(service: usize) -> String {
    let own = service + 10;
    let common = "backend/d0, backend/d1";
    match service {
        0 => "{source: backend, exclude: [unused]}".to_owned(),
        1 => format!("{common}, {{source: backend/d2, include: ['f1*']}}"),
        2 => format!("{common}, {{source: backend/d2, exclude: ['f2*']}}, backend/d3/f7.py"),
        3 => format!("{common}, backend/d3, {{source: backend/d4, include: ['f?.py', 'f1?.py']}}"),
        _ => {
            let (a, b) = (2 + service % 5, 3 + service % 7);
            format!("{common}, backend/d{own}, backend/d{a}, backend/d{b}, backend/d{}", own / 2)
        }
    }
}

struct Case<'a> {
    engine: &'a Engine,
    project: Project,
    tag: String,
}

impl Case<'_> {
    /// The bytes of every blob that is no base's, over all images.
    fn blobs(&self) -> BTreeMap<String, u64> {
        let mut blobs = BTreeMap::new();
        for service in 0..SERVICES {
            let image = pushed(self.engine, &format!("overlap/s{service}:{}", self.tag));
            // The first layer is busybox.
            blobs.extend(image.layers.iter().skip(1).map(|layer| (layer.digest.clone(), layer.size)));
        }
        blobs
    }
}

#[test]
fn no_byte_is_stored_twice_over_twenty_two_images() {
    let engine = containerd();
    let case = Case { engine, project: Project::new("overlap").unwrap(), tag: unique().unwrap() };
    let root = case.project.path();
    let mut needed = 0;
    for directory in 0..DIRECTORIES {
        fs::create_dir_all(root.join(format!("backend/d{directory}"))).unwrap();
        for file in 0..FILES {
            let text = content(directory, file, &case.tag);
            needed += text.len();
            fs::write(root.join(format!("backend/d{directory}/f{file}.py")), text).unwrap();
        }
    }
    case.project.write("backend/unused/large", vec![1; 8 << 20]).unwrap();
    let registry = engine.registry().name("overlap");
    let mut manifest = syntax() + "services:\n";
    for service in 0..SERVICES {
        let (files, tag) = (selections(service), &case.tag);
        let _ = writeln!(
            manifest,
            "  s{service}: {{from: 'busybox:1.37', working_dir: /app, image: '{registry}/s{service}:{tag}', files: [{files}]}}"
        );
    }
    case.project.write("layerset.yaml", manifest).unwrap();

    let done = progress(bake(engine, &case.project).arg("--push"));
    let before = case.blobs();
    let stored: u64 = before.values().sum();
    let mut tar = run::command("tar");
    let ideal = run::bytes(tar.args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0"]).args([
        "--exclude=unused",
        "-C",
        root.to_str().unwrap(),
        "-cz",
        "backend",
    ]));
    let ideal = u64::try_from(ideal.unwrap().len()).unwrap();
    assert!(stored * 100 <= ideal * 102, "{stored} bytes are stored, {ideal} would do");

    // What is sent is what is needed, the unused part of a selected directory, and a little for each file.
    let sent = done.context_bytes();
    let whole = u64::try_from(needed + (8 << 20)).unwrap();
    assert!(sent < whole * 115 / 100, "{sent} bytes were sent of {whole}");

    case.project.write("backend/d1/f3.py", "changed\n").unwrap();
    let again = progress(bake(engine, &case.project).arg("--push"));
    assert!(again.context_bytes() < 1 << 20, "{} bytes were sent", again.context_bytes());
    let after = case.blobs();
    let new: Vec<_> = after.keys().filter(|digest| !before.contains_key(*digest)).collect();
    assert_eq!(new.len(), 1, "one changed file is one layer");
}
