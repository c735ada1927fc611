//! A `uv.lock` of a workspace: its own packages are source trees of the context.

use crate::fake::{Script, interpreter};
use crate::python::{execs, python, warnings};
use crate::request::build;

const MANIFEST: &str = "\
services:
  api: {from: 'python:3.13-slim', requirements: [pyproject.toml], files: [main.py]}
python: {lock: uv.lock}
";

const PROJECT: &str = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"core\"]\n\
                       [tool.uv.sources]\ncore = { workspace = true }\n[tool.uv.workspace]\nmembers = [\"libs/core\"]\n";

/// The project `app` needs `core` of the workspace, which needs `six`.
fn workspace(manifest: &str) -> Script {
    let mut script = python(manifest, &[("interpreter.json", interpreter())]);
    let lock = format!(
        "version = 1\n\
         [[package]]\nname = \"app\"\nversion = \"1\"\nsource = {{ virtual = \".\" }}\n\
         dependencies = [{{ name = \"core\" }}]\n\
         [[package]]\nname = \"core\"\nversion = \"2\"\nsource = {{ editable = \"libs/core\" }}\n\
         dependencies = [{{ name = \"six\" }}]\n\
         [[package]]\nname = \"six\"\nversion = \"1.0\"\nsource = {{ registry = \"https://h/simple\" }}\n\
         wheels = [{{ url = \"https://h/six-1.0-py3-none-any.whl\", hash = \"sha256:{}\", size = 10 }}]\n",
        "6".repeat(64)
    );
    let context = script.locals.get_mut("context").unwrap();
    for (path, text) in
        [("pyproject.toml", PROJECT), ("uv.lock", &lock), ("main.py", ""), ("libs/core/core.py", "")]
    {
        context.insert(path.into(), text.as_bytes().to_vec());
    }
    script
}

#[tokio::test]
async fn a_member_is_followed_and_not_installed() {
    let built = build(workspace(MANIFEST), &["target=api"]).await;
    let install = execs(&built.image()).pop().unwrap().meta.unwrap().args;
    assert_eq!(install[4..], ["/wheels/0/six-1.0-py3-none-any.whl"]);
    let warned = warnings(&built);
    let said = "requirements: layerset.yaml:2:50: uv.lock:7:1: core is the source tree libs/core/: put it under files of service api";
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].starts_with(said), "{warned:?}");
}

#[tokio::test]
async fn a_member_that_a_service_has_needs_no_word() {
    for files in ["libs/core/", "libs", "libs/core/core.py", "."] {
        let manifest = MANIFEST.replace("main.py", files);
        let built = build(workspace(&manifest), &["target=api"]).await;
        built.image();
        assert_eq!(warnings(&built), Vec::<String>::new(), "{files}");
    }
    let other = MANIFEST.replace("main.py", "libs/core-tools/");
    let mut script = workspace(&other);
    script.locals.get_mut("context").unwrap().insert("libs/core-tools/x".into(), Vec::new());
    assert_eq!(warnings(&build(script, &["target=api"]).await).len(), 1);
}
