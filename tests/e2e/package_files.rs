//! What stages and the context put where packages are: it lies above them, and what it does not name stays the package's.

use harness::Engine;

use crate::python_support::{Shelf, service};
use crate::support::{bake, containerd, ok};

/// A module that a stage makes in place of the package's own, in a directory of another mode and owner.
const MADE: &str = "mkdir -p /site/lib/data && echo 'NAME = \"stage\"' > /site/lib/__init__.py && \
                    echo made > /site/lib/data/made && chmod 700 /site/lib/data && chown 1000:1000 /site/lib/data";

/// What is in the package's directory, and what it says of itself.
const LOOK: &str = "import lib, lib.body, pathlib\n\
                    d = pathlib.Path(lib.__file__).parent\n\
                    print(lib.NAME, len(lib.body.__file__) > 0, *sorted(p.name for p in d.iterdir() if p.name != '__pycache__'))\n\
                    for p in sorted(d.glob('data')): print(oct(p.stat().st_mode), p.stat().st_uid)";

#[test]
fn what_is_copied_over_a_package_replaces_its_files_alone() {
    for engine in [containerd(), Engine::graphdriver().unwrap().with_frontend().unwrap()] {
        let mut shelf = Shelf::new(engine);
        shelf.add("lib", "1.0", 2000);
        shelf.project.write("requirements.txt", "lib\n").unwrap();
        shelf.project.write("patch/__init__.py", "NAME = 'context'\n").unwrap();
        let rest = "from: 'python:3.13-slim', requirements: [requirements.txt]";
        shelf.manifest("", "", &[service("plain", rest)]);
        ok(bake(engine, &shelf.project).arg("--load"));
        let directory = shelf.python("plain", "import lib, os; print(os.path.dirname(lib.__file__))");
        let directory = directory.trim_end();

        let made = format!("stages:\n  made: {{from: 'busybox:1.37', run: [{MADE:?}]}}\n");
        let staged = format!("{rest}, copy: [{{from: made, source: /site/lib, target: {directory}}}]");
        let patched = format!("{rest}, files: [{{source: patch, target: {directory}}}]");
        let both = format!("{staged}, files: [{{source: patch/__init__.py, target: {directory}/data/more}}]");
        // All that packages have is below the root; other selections change nothing of that.
        shelf.project.write(&format!("root{directory}/__init__.py"), "NAME = 'root'\n").unwrap();
        let root = format!(
            "{rest}, files: [{{source: root, target: /}}], copy: [{{from: made, source: /site, target: /app/site}}]"
        );
        let all =
            [("plain", rest), ("staged", &staged), ("patched", &patched), ("both", &both), ("root", &root)];
        let services = all.map(|(name, rest)| service(name, rest));
        shelf.manifest("", &made, &services);
        ok(bake(engine, &shelf.project).arg("--load"));
        for (name, expected) in [
            ("plain", "lib True __init__.py body.py\n"),
            ("staged", "stage True __init__.py body.py data\n0o40700 1000\n"),
            ("patched", "context True __init__.py body.py\n"),
            ("root", "root True __init__.py body.py\n"),
            ("both", "stage True __init__.py body.py data\n0o40700 1000\n"),
        ] {
            assert_eq!(shelf.python(name, LOOK), expected, "{name}");
        }
        let more = format!("{directory}/data/more");
        assert_eq!(shelf.run("both", &["cat", &more]), "NAME = 'context'\n");
        assert_eq!(shelf.run("both", &["cat", &format!("{directory}/data/made")]), "made\n");
        let downloads: Vec<u64> = shelf.index.downloads().into_values().collect();
        assert_eq!(downloads, [1], "the package is the same in all of them");
    }
}
