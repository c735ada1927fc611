//! Python packages in running containers: console scripts, metadata, entry points, namespace packages, `.pth` files.

use std::env::consts::ARCH;

use harness::Wheel;
use serde_json::{Value, json};

use crate::python_support::{Shelf, service};
use crate::support::containerd;

/// What `tool` finds of itself and of the others.
const TOOL: &str = r#"
import importlib.metadata as metadata, json, os, sys, sysconfig

def run():
    import pathy_library, space.one, space.two, twofold
    found = {
        "versions": {name: metadata.version(name) for name in ["tool", "space-one", "space.two", "Pathy"]},
        "plugins": sorted(f"{e.name}={e.load()()}" for e in metadata.entry_points(group="demo.plugins")),
        "files": sorted(str(path) for path in metadata.files("space-one")),
        "installer": metadata.distribution("tool").read_text("INSTALLER").strip(),
        "space": [space.one.NAME, space.two.NAME, hasattr(space, "__file__") and space.__file__],
        "pathy": pathy_library.WHERE,
        "native": twofold.FOR,
        "shared": open(os.path.join(sysconfig.get_path("data"), "share/tool/shared.txt")).read(),
        "version": f"{sys.version_info.major}.{sys.version_info.minor}",
        "prefix": sys.prefix,
        "started": sys.argv[0],
        "arguments": sys.argv[1:],
    }
    print(json.dumps(found))
    return 3
"#;

fn wheels(tag: &str) -> Vec<Wheel> {
    let for_python = |python: &str| {
        Wheel::bare("twofold", "1.0")
            .tag(&format!("{python}-{python}-manylinux_2_17_{ARCH}.manylinux2014_{ARCH}"))
            .file("twofold/__init__.py", format!("FOR = {python:?}\n"))
    };
    vec![
        Wheel::bare("tool", "1.0")
            .requires("space-one")
            .requires("Space.Two>=2")
            .requires("pathy")
            .requires("twofold")
            .requires("nothing; sys_platform == 'win32'")
            .file("tool/__init__.py", format!("# {tag}\n"))
            .file("tool/main.py", TOOL)
            .file("tool/plugin.py", "def plugin():\n    return 'tool'\n")
            .info(
                "entry_points.txt",
                "[console_scripts]\ntool = tool.main:run\n[demo.plugins]\nmine = tool.plugin:plugin\n",
            )
            .data("scripts/helper", "#!python\nimport sys\nprint('helped by', sys.executable)\n")
            .data("data/share/tool/shared.txt", "shared"),
        Wheel::bare("space_one", "1.0").file("space/one/__init__.py", "NAME = 'one'\n"),
        Wheel::bare("Space.Two", "2.5")
            .file("space/two/__init__.py", "NAME = 'two'\ndef plugin():\n    return 'two'\n")
            .info("entry_points.txt", "[demo.plugins]\nother = space.two:plugin\n"),
        Wheel::bare("pathy", "3!1.0.post2")
            .file("pathy.pth", "pathy_inner\n")
            .file("pathy_inner/pathy_library.py", "WHERE = 'on the path'\n"),
        for_python("cp311"),
        for_python("cp313"),
    ]
}

#[test]
fn packages_work_in_running_containers_of_every_kind_of_python() {
    let mut shelf = Shelf::new(containerd());
    let wheels = wheels(&shelf.tag);
    for wheel in &wheels {
        shelf.index.add(wheel).unwrap();
    }
    shelf.project.write("requirements.txt", "# all the others\ntool>=1\n").unwrap();
    let stages = "stages:\n  with_venv:\n    from: python:3.13-slim\n    run: ['python3 -m venv --without-pip /opt/venv']\n    \
                  environment: {VIRTUAL_ENV: /opt/venv, PATH: '/opt/venv/bin:/usr/local/bin:/usr/bin:/bin'}\n";
    let rest = |base: &str| format!("from: '{base}', requirements: [requirements.txt], user: '1000:1000'");
    shelf.manifest(
        "",
        stages,
        &[
            service("today", &rest("python:3.13-slim")),
            service("older", &rest("python:3.11-slim")),
            service("venv", &rest("with_venv")),
        ],
    );
    shelf.push();
    let expected = |native: &str, prefix: &str, started: &str| {
        let version = native.replace("cp3", "3.");
        json!({
            "versions": {"tool": "1.0", "space-one": "1.0", "space.two": "2.5", "Pathy": "3!1.0.post2"},
            "plugins": ["mine=tool", "other=two"],
            "files": ["space/one/__init__.py", "space_one-1.0.dist-info/INSTALLER", "space_one-1.0.dist-info/METADATA",
                "space_one-1.0.dist-info/RECORD", "space_one-1.0.dist-info/WHEEL"],
            "installer": "layerset",
            "space": ["one", "two", null],
            "pathy": "on the path",
            "native": native,
            "shared": "shared",
            "version": version,
            "prefix": prefix,
            "started": started,
            "arguments": ["--flag", "a b"],
        })
    };
    for (name, native, prefix, bin) in [
        ("today", "cp313", "/usr", "/usr/local/bin"),
        ("older", "cp311", "/usr", "/usr/local/bin"),
        ("venv", "cp313", "/opt/venv", "/opt/venv/bin"),
    ] {
        // Its exit status is what the entry point returns.
        let output = shelf
            .engine
            .docker(&["run", "--rm", "--quiet", &shelf.name(name), "tool", "--flag", "a b"])
            .run()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{name}: {}", output.stderr);
        let mut found: Value = serde_json::from_str(&output.stdout).unwrap();
        // A namespace package has no file, or None for it.
        if found["space"][2] == false {
            found["space"][2] = Value::Null;
        }
        let expected = expected(native, prefix, &format!("{bin}/tool"));
        assert_eq!(found, expected, "{name}: {found:#}");
        let helped = shelf.run(name, &["helper"]);
        let python = if name == "venv" { "/opt/venv/bin/python" } else { "/usr/bin/python3" };
        assert!(helped.starts_with(&format!("helped by {python}")), "{name}: {helped}");
    }
}
