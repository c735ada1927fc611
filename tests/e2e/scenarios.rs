//! What an edit makes anew: edit × expectation, as data. All edits are made to the same project, one at a
//! time, and taken back; what is pushed after each is compared with what was pushed before any.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use harness::project::unique;
use harness::{Engine, Project};

use crate::support::{bake, containerd, progress, pushed, syntax, touch};

const MANIFEST: &str = "\
stages:
  base:
    from: busybox:1.37
    working_dir: /app
    run: [echo UNIQUE > /made]
templates:
  t: {from: base, files: [common/]}
services:
  api:
    extends: t
    files: [api/, {source: conf, exclude: ['*.local']}]
    environment: {LEVEL: info}
    image: REGISTRY/api:UNIQUE
  web:
    extends: t
    files: [web/]
    image: REGISTRY/web:UNIQUE
  all:
    from: base
    files: [common/, api/, web/, conf/]
    image: REGISTRY/all:UNIQUE
";

/// How a project is changed.
enum Edit {
    /// Writes a file.
    Write(&'static str, &'static str),
    Remove(&'static str),
    Rename(&'static str, &'static str),
    Mode(&'static str, u32),
    /// Gives all files another time.
    Touch,
    /// Replaces a text of the manifest.
    Manifest(&'static str, &'static str),
}

use Edit::{Manifest, Mode, Remove, Rename, Touch, Write};

/// For every image: how many of its layers are new. Images that are not named have none; the last number is that
/// of new blobs in the registry. Where the set of services that need a part changes, its layer is another: parts
/// that the same services need are one layer.
type Expected = (&'static [(&'static str, usize)], usize);

const NOTHING: Expected = (&[], 0);

const SCENARIOS: [(&str, Edit, Expected); 26] = [
    ("touch all files", Touch, NOTHING),
    ("edit a file of one service and of all", Write("api/main.py", "other"), (&[("api", 1), ("all", 1)], 1)),
    (
        "edit a file that all share",
        Write("common/log.py", "other"),
        (&[("api", 1), ("web", 1), ("all", 1)], 1),
    ),
    ("add a file to one service", Write("web/new.py", "new"), (&[("web", 1), ("all", 1)], 1)),
    (
        "add a directory to what is shared",
        Write("common/new/x.py", "new"),
        (&[("api", 1), ("web", 1), ("all", 1)], 1),
    ),
    ("delete a file", Remove("api/extra.py"), (&[("api", 1), ("all", 1)], 1)),
    ("rename a file", Rename("api/extra.py", "api/renamed.py"), (&[("api", 1), ("all", 1)], 1)),
    ("make a file executable", Mode("web/main.py", 0o755), (&[("web", 1), ("all", 1)], 1)),
    ("edit a file that nobody selects", Write("notes.txt", "other"), NOTHING),
    ("add a file that .dockerignore excludes", Write("api/x.pyc", "bytes"), NOTHING),
    ("edit what one service excludes", Write("conf/x.local", "other"), (&[("all", 1)], 1)),
    ("exclude something else", Manifest("'*.local'", "'*.prod'"), (&[("api", 1), ("all", 2)], 2)),
    ("exclude nothing", Manifest(", exclude: ['*.local']", ""), (&[("api", 1), ("all", 1)], 1)),
    (
        "add a service of what is there",
        Manifest("  web:\n", "  more: {extends: t, image: 'REGISTRY/more:UNIQUE'}\n  web:\n"),
        NOTHING,
    ),
    (
        "add a service with a file of its own",
        Manifest(
            "  web:\n",
            "  more: {extends: t, files: [notes.txt], image: 'REGISTRY/more:UNIQUE'}\n  web:\n",
        ),
        (&[("more", 1)], 1),
    ),
    (
        "add a service that needs a part of what is shared",
        Manifest(
            "  web:\n",
            "  more: {from: base, files: [common/db], image: 'REGISTRY/more:UNIQUE'}\n  web:\n",
        ),
        (&[("api", 2), ("web", 2), ("all", 2), ("more", 1)], 2),
    ),
    (
        "remove a service",
        Manifest("  web:\n    extends: t\n    files: [web/]\n    image: REGISTRY/web:UNIQUE\n", ""),
        (&[("api", 1), ("all", 2)], 2),
    ),
    ("rename a service", Manifest("  web:\n", "  site:\n"), NOTHING),
    ("rename a template", Manifest("templates:\n  t:", "templates:\n  u:"), NOTHING),
    (
        "order of selections",
        Manifest("[common/, api/, web/, conf/]", "[conf/, web/, api/, common/]"),
        NOTHING,
    ),
    ("environment", Manifest("LEVEL: info", "LEVEL: debug"), NOTHING),
    ("a label", Manifest("LEVEL: info}", "LEVEL: info}\n    labels: {a: b}"), NOTHING),
    ("a comment", Manifest("services:\n", "# what runs\nservices:\n"), NOTHING),
    (
        "another destination",
        Manifest("files: [web/]", "files: [{source: web, target: /srv/web}]"),
        (&[("web", 1), ("all", 1)], 2),
    ),
    (
        "an owner",
        Manifest("files: [web/]", "files: [{source: web, owner: '7:7'}]"),
        (&[("web", 1), ("all", 1)], 2),
    ),
    (
        "a step of the stage",
        Manifest("echo UNIQUE", "echo other UNIQUE"),
        (&[("api", 1), ("web", 1), ("all", 1)], 1),
    ),
];

struct Bench<'a> {
    engine: &'a Engine,
    project: Project,
    tag: String,
}

impl Bench<'_> {
    fn write_manifest(&self, from: &str, to: &str) {
        let edited = match (from, MANIFEST.matches(from).count()) {
            ("", _) => MANIFEST.to_owned(),
            // Whoever renames a template renames it where it is used too.
            (_, 1) if from.starts_with("templates") => {
                MANIFEST.replacen(from, to, 1).replace("extends: t\n", "extends: u\n")
            }
            (_, 1) => MANIFEST.replacen(from, to, 1),
            (_, count) => panic!("{from:?} is {count} times in the manifest"),
        };
        let registry = self.engine.registry().name("scenarios");
        self.project
            .write(
                "layerset.yaml",
                syntax() + &edited.replace("UNIQUE", &self.tag).replace("REGISTRY", &registry),
            )
            .unwrap();
    }

    /// Layers by service, as pushed now.
    fn push(&self) -> BTreeMap<String, BTreeSet<String>> {
        let done = progress(
            bake(self.engine, &self.project).args(&["--set", "*.output=type=image,push=true,store=false"]),
        );
        assert!(!done.steps().is_empty());
        let manifest = fs::read_to_string(self.project.path().join("layerset.yaml")).unwrap();
        let built =
            ["api", "web", "all", "more"].into_iter().filter(|name| manifest.contains(&format!("/{name}:")));
        built.map(|name| (name.to_owned(), self.layers(name))).collect()
    }

    fn layers(&self, name: &str) -> BTreeSet<String> {
        let image = pushed(self.engine, &format!("scenarios/{name}:{}", self.tag));
        image.layers.iter().map(|layer| layer.digest.clone()).collect()
    }

    fn apply(&self, edit: &Edit) {
        let path = |path: &str| self.project.path().join(path);
        match edit {
            Write(file, content) => {
                self.project.write(file, format!("{content} {}", self.tag)).unwrap();
            }
            Remove(file) => fs::remove_file(path(file)).unwrap(),
            Rename(from, to) => fs::rename(path(from), path(to)).unwrap(),
            Mode(file, bits) => fs::set_permissions(path(file), fs::Permissions::from_mode(*bits)).unwrap(),
            Touch => touch(self.project.path(), "2001-02-03 04:05:06"),
            Manifest(from, to) => self.write_manifest(from, to),
        }
    }
}

fn fill(bench: &Bench<'_>) {
    for directory in ["api", "web", "common", "conf"] {
        let _ = fs::remove_dir_all(bench.project.path().join(directory));
    }
    for file in [
        "api/main.py",
        "api/extra.py",
        "web/main.py",
        "common/log.py",
        "common/db/pool.py",
        "conf/a.prod",
        "conf/b.yaml",
        "conf/x.local",
        "notes.txt",
    ] {
        bench.project.write(file, format!("{file} {}", bench.tag)).unwrap();
    }
    bench.project.write(".dockerignore", "**/*.pyc\n").unwrap();
    bench.write_manifest("", "");
}

#[test]
fn an_edit_makes_anew_what_it_changes_and_nothing_else() {
    let engine = containerd();
    let bench = Bench { engine, project: Project::new("scenarios").unwrap(), tag: unique().unwrap() };
    fill(&bench);
    let before = bench.push();
    let known: BTreeSet<&String> = before.values().flatten().collect();
    let mut wrong = Vec::new();
    for (name, edit, (images, blobs)) in &SCENARIOS {
        fill(&bench);
        bench.apply(edit);
        let after = bench.push();
        let mut all: BTreeSet<String> = BTreeSet::new();
        for (image, layers) in &after {
            let new: Vec<&String> = layers.iter().filter(|layer| !known.contains(layer)).collect();
            let expected = images.iter().find(|(named, _)| named == image).map_or(0, |(_, count)| *count);
            if new.len() != expected {
                wrong.push(format!("{name}: {image} has {} new layers, expected {expected}", new.len()));
            }
            all.extend(new.into_iter().cloned());
        }
        if all.len() != *blobs {
            wrong.push(format!("{name}: {} new blobs, expected {blobs}", all.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
