//! Twenty-two services that select overlapping parts of a tree of 20,000 files: over all images no byte is
//! stored twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use harness::project::unique;
use harness::tree::differences;
use harness::{Engine, Project, run};
use serde_json::Value;

use crate::support::{bake, containerd, ok, progress, pushed, syntax};

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

/// What each service selects, as its `files:`; the benchmark of the same name measures the same. Every kind of
/// overlap: the whole tree but a part, directories in directories, patterns, the same twice.
fn selections() -> Vec<Vec<Value>> {
    serde_json::from_str(include_str!("../../bench/overlap/selections.json")).unwrap()
}

/// The line of a Dockerfile that selects the same.
fn copy(selection: &Value) -> String {
    let words = |key: &str| -> Vec<&str> {
        selection[key].as_array().into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
    };
    let source = selection.as_str().or_else(|| selection["source"].as_str()).unwrap();
    let mut line = "COPY".to_owned();
    for pattern in words("exclude") {
        let _ = write!(line, " --exclude={pattern}");
    }
    match &words("include")[..] {
        // A file goes to its name, and a directory's content into the directory of its name.
        [] => line + &format!(" {source} /app/{source}"),
        patterns => {
            for pattern in patterns {
                let _ = write!(line, " {source}/{pattern}");
            }
            line + &format!(" /app/{source}/")
        }
    }
}

/// Modes that no default gives, above and below the directories that the patterns of some services split.
fn modes(root: &Path) {
    let mode = |path: &str, bits: u32| {
        fs::set_permissions(root.join("backend").join(path), Permissions::from_mode(bits)).unwrap();
    };
    for (directory, bits) in [(2, 0o750), (3, 0o700), (4, 0o775)] {
        let inner = root.join(format!("backend/d{directory}/sub/inner"));
        fs::create_dir_all(&inner).unwrap();
        fs::create_dir(root.join(format!("backend/d{directory}/empty"))).unwrap();
        fs::write(inner.join("run.sh"), "#!/bin/sh\n").unwrap();
        fs::write(inner.join("../key.py"), "secret = None\n").unwrap();
        for (path, bits) in [
            ("", bits),
            ("/sub", 0o700),
            ("/sub/inner", 0o775),
            ("/sub/inner/run.sh", 0o755),
            ("/sub/key.py", 0o600),
            ("/empty", 0o750),
            ("/f1.py", 0o755),
            ("/f7.py", 0o600),
        ] {
            mode(&format!("d{directory}{path}"), bits);
        }
    }
}

struct Case<'a> {
    engine: &'a Engine,
    project: Project,
    tag: String,
    selections: Vec<Vec<Value>>,
}

impl Case<'_> {
    fn image(&self, service: usize) -> String {
        format!("{}:{}", self.engine.registry().name(&format!("overlap/s{service}")), self.tag)
    }

    /// JSON is YAML's flow style, so that selections go into the manifest as they are.
    fn write(&self) {
        let mut manifest = syntax() + "services:\n";
        let mut dockerfile = String::new();
        for (service, files) in self.selections.iter().enumerate() {
            let (image, list) = (self.image(service), serde_json::to_string(files).unwrap());
            let _ = writeln!(
                manifest,
                "  s{service}: {{from: 'busybox:1.37', working_dir: /app, image: '{image}', files: {list}}}"
            );
            let _ = writeln!(dockerfile, "FROM busybox:1.37 AS s{service}");
            for selection in files {
                let _ = writeln!(dockerfile, "{}", copy(selection));
            }
        }
        self.project.write("layerset.yaml", manifest).unwrap().write("Dockerfile", dockerfile).unwrap();
    }

    /// What differs between the image of a service and that of plain COPY lines.
    fn beside_copies(&self, service: usize) -> Vec<String> {
        let target = format!("--target=s{service}");
        let copied = format!("overlap-copy-{service}:{}", self.tag);
        ok(self
            .engine
            .docker(&["buildx", "build", "--load", "--tag", &copied, &target, "."])
            .current_dir(self.project.path()));
        let [ours, theirs] = [&self.image(service), &copied].map(|image| self.engine.export(image).unwrap());
        assert!(theirs.contains_key("app/backend/d1/f3.py"), "{:?}", theirs.keys().take(40));
        ok(self.engine.docker(&["image", "rm", &copied]));
        differences(&ours, &theirs).into_iter().map(|line| format!("s{service}: {line}")).collect()
    }

    /// The bytes of every blob that is no base's, over all images.
    fn blobs(&self) -> BTreeMap<String, u64> {
        let mut blobs = BTreeMap::new();
        for service in 0..self.selections.len() {
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
    let (project, tag) = (Project::new("overlap").unwrap(), unique().unwrap());
    let case = Case { engine, project, tag, selections: selections() };
    assert_eq!(case.selections.len(), 22);
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
    modes(root);
    case.write();

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

    // The one that takes the whole tree, and those whose patterns split what others take whole.
    let different: Vec<String> = (0..4).flat_map(|service| case.beside_copies(service)).collect();

    case.project.write("backend/d1/f3.py", "changed\n").unwrap();
    let again = progress(bake(engine, &case.project).arg("--push"));
    assert!(again.context_bytes() < 1 << 20, "{} bytes were sent", again.context_bytes());
    let after = case.blobs();
    let new: Vec<_> = after.keys().filter(|digest| !before.contains_key(*digest)).collect();
    assert_eq!(new.len(), 1, "one changed file is one layer");

    let (first, count) =
        (different.iter().take(40).fold(String::new(), |all, line| all + "\n" + line), different.len());
    assert!(different.is_empty(), "{count} paths differ between layerset and COPY:{first}");
}
