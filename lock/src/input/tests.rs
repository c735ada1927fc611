//! What is read from trees of files, and what is said of wrong ones.

use super::*;
use crate::problem::Failure;

fn read(ids: &[InputId], files: &[(&str, &str)]) -> Result<Inputs, Vec<String>> {
    let find = |path: &str| -> Result<_, String> {
        Ok(files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_bytes().to_vec()))
    };
    Inputs::read(ids, find).map_err(|failure| match failure {
        Failure::Problems(problems) => problems.iter().map(ToString::to_string).collect(),
        Failure::Read(error) => vec![error],
    })
}

fn shown(requirements: &[Requirement]) -> Vec<String> {
    requirements.iter().map(|requirement| format!("{} {requirement}", requirement.place)).collect()
}

#[test]
fn includes_and_options() {
    let hash = "a".repeat(64);
    let base = format!(
        "-r ../r.txt\n-c c.txt\nFlask[async] >=2 ; python_version>'3' # x\n./w/a_b-1.0-py3-none-any.whl\n\
         idna==3 \\\n    --hash=sha256:{hash} --hash sha256:{hash}\n"
    );
    let files = [
        ("r.txt", "-r api/base.txt\n--index-url https://h/simple\n-f wheels --pre\nlib\n"),
        ("api/base.txt", base.as_str()),
        ("api/c.txt", "lib<2\n"),
    ];
    let inputs = read(&[InputId::file("r.txt"), InputId::file("r.txt")], &files).unwrap();
    let [input] = &inputs.inputs[..] else { panic!("{inputs:?}") };
    assert_eq!(
        shown(&input.requirements),
        [
            "r.txt:4:1 lib",
            "api/base.txt:3:1 flask[async]>=2; python_version > '3'",
            "api/base.txt:4:1 a-b @ ./api/w/a_b-1.0-py3-none-any.whl",
            "api/base.txt:5:1 idna==3",
        ]
    );
    assert_eq!(input.requirements[3].hashes, [hash.clone(), hash]);
    assert_eq!(shown(&input.constraints), ["api/c.txt:1:1 lib<2"]);
    assert_eq!(input.files, ["api/base.txt", "api/c.txt", "r.txt"]);
    assert_eq!(inputs.files.keys().collect::<Vec<_>>(), ["api/base.txt", "api/c.txt", "r.txt"]);
    let settings = Settings {
        index: Some("https://h/simple".into()),
        find_links: vec!["wheels".into()],
        pre: true,
        ..Settings::default()
    };
    assert_eq!(inputs.settings, settings);
}

#[test]
fn all_problems_at_once() {
    let text = "a=1\n  --frobnicate\n-e .\n-r missing.txt\n-r ../../out.txt\nb --hash=md5:1\n\
                --index-url https://u:p@h/s\nc @ https://${TOKEN}@h/c-1.whl\n.\n--pree\n-r\nd --hsh=x\n";
    let problems =
        read(&[InputId::file("a/r.txt"), InputId::file("../x.txt")], &[("a/r.txt", text)]).unwrap_err();
    assert_eq!(
        problems,
        [
            "../x.txt: \"../x.txt\" is not a path inside the build context",
            "a/r.txt:1:2: expected versions, found \"=1\"; did you mean \"==\"?",
            "a/r.txt:2:3: unknown option --frobnicate; remove it, or say it in the manifest's python section if it is about indexes",
            "a/r.txt:3:1: the editable requirement . cannot be in an image; put the sources under the service's \"files\", or build a wheel and name that",
            "a/r.txt:4:1: there is no file \"a/missing.txt\" in the build context; mind that paths are relative to the file that names them, and that .dockerignore may hide files",
            "a/r.txt:5:1: the path ../../out.txt leaves the build context; paths are relative to the file and stay inside the build context",
            "a/r.txt:6:3: expected --hash=sha256: and 64 hex digits, found \"md5:1\"; other kinds of hashes are not supported",
            "a/r.txt:7:1: the index https://h/s has credentials in its address; give the address without, and the credentials as a build secret",
            "a/r.txt:8:13: the environment variable ${TOKEN} is not expanded; write its value, or give credentials as a build secret",
            "a/r.txt:9:1: . is neither a wheel nor an sdist; a source tree is not installed: build a wheel of it and name that",
            "a/r.txt:10:1: unknown option --pree, did you mean --pre?; remove it, or say it in the manifest's python section if it is about indexes",
            "a/r.txt:11:1: expected a value after -r, found none",
            "a/r.txt:12:3: unknown option --hsh; did you mean --hash?",
        ]
    );
}

#[test]
fn digests_are_of_what_is_said() {
    let digest =
        |text: &str| read(&[InputId::file("r.txt")], &[("r.txt", text)]).unwrap().files["r.txt"].clone();
    assert_eq!(digest("a==1\nb\n"), digest("\u{feff}# why\n\n  a==1   # this\r\nb"));
    assert_ne!(digest("a==1\nb\n"), digest("a==1\n"));
    assert_ne!(digest("a\nb\n"), digest("b\na\n"));
    let project = |text: &str| {
        read(&[InputId::file("pyproject.toml")], &[("pyproject.toml", text)]).unwrap().files["pyproject.toml"]
            .clone()
    };
    let with = |version: &str, dependency: &str| {
        project(&format!(
            "[project]\nname = \"x\"\nversion = \"{version}\"\ndependencies = [\"{dependency}\"]\n"
        ))
    };
    assert_eq!(with("1", "a"), with("2", "a"));
    assert_ne!(with("1", "a"), with("1", "b"));
}

#[test]
fn parts_of_projects() {
    let text = "[project]\nname = \"My.App\"\ndependencies = [\n  \"a\",\n]\n\
                [project.optional-dependencies]\nWeb = [\"b\", \"my-app[db]\"]\ndb = [\"c\"]\n\
                [dependency-groups]\ntest = [\"t\", {include-group = \"Lint\"}]\nlint = [\"l\"]\n\
                loop = [{include-group = \"loop\"}]\nodd = [{include-group = \"none\"}]\n\
                [tool.uv.sources]\na = {path = \"x\"}\n";
    let part = |part| InputId { path: "p/pyproject.toml".into(), part };
    let of = |id: &InputId| read(std::slice::from_ref(id), &[("p/pyproject.toml", text)]);
    let requirements = |id: &InputId| shown(&of(id).unwrap().inputs[0].requirements);
    assert_eq!(requirements(&part(Part::All)), ["p/pyproject.toml:4:3 a"]);
    let extra = requirements(&part(Part::Extra("web".into())));
    assert_eq!(extra, ["p/pyproject.toml:4:3 a", "p/pyproject.toml:7:8 b", "p/pyproject.toml:8:7 c"]);
    let text = "[project]\nname = \"my-app\"\n[project.optional-dependencies]\n\
                all = [\"my-app[old,web]; python_version < '3.11'\", \"my-app[web]\"]\n\
                old = [\"o; sys_platform == 'linux'\", \"my-app[all]\"]\nweb = [\"w\"]\n";
    let all = InputId { path: "pyproject.toml".into(), part: Part::Extra("all".into()) };
    let inputs = read(&[all], &[("pyproject.toml", text)]).unwrap();
    let all: Vec<String> = inputs.inputs[0].requirements.iter().map(ToString::to_string).collect();
    assert_eq!(
        all,
        ["o; python_version < '3.11' and sys_platform == 'linux'", "w; python_version < '3.11'", "w"]
    );
    let group = requirements(&part(Part::Group("test".into())));
    assert_eq!(group, ["p/pyproject.toml:10:9 t", "p/pyproject.toml:11:9 l"]);
    let warnings = of(&part(Part::All)).unwrap().elsewhere;
    assert!(
        warnings[0].to_string().starts_with("p/pyproject.toml:4:3: [tool.uv.sources] gives a another source")
    );
    for (id, problem) in [
        (part(Part::Extra("x".into())), "p/pyproject.toml: \"x\" is not an extra of my-app; known: db, web"),
        (
            part(Part::Group("loop".into())),
            "p/pyproject.toml:12:9: the dependency group \"loop\" includes itself",
        ),
        (
            part(Part::Group("odd".into())),
            "p/pyproject.toml:13:8: \"none\" is not a dependency group of my-app; known: lint, loop, odd, test",
        ),
    ] {
        assert_eq!(of(&id).unwrap_err(), [problem]);
    }
}

#[test]
fn wrong_projects() {
    let text =
        "[project]\nname = \"x\"\ndynamic = [\"dependencies\"]\n[dependency-groups]\na = [\"b =1\", 3]\n";
    let id = InputId::file("pyproject.toml");
    let problems = read(std::slice::from_ref(&id), &[("pyproject.toml", text)]).unwrap_err();
    assert_eq!(
        problems,
        [
            "pyproject.toml:3:12: the project's dependencies are made by its build backend; write them down in [project], or use a requirement file",
            "pyproject.toml:5:9: expected versions, found \"=1\"; did you mean \"==\"?",
            "pyproject.toml:5:14: expected a requirement or {include-group = \"name\"}, found something else",
        ]
    );
    let said = "pyproject.toml: expected [project] with dependencies, found none; write ";
    let group = "[dependency-groups]\na = [\"b\"]\n";
    let poetry = format!("{group}[tool.poetry.dependencies]\nflask = \"^3\"\n");
    for (text, hint) in [
        (group, "[project] with dependencies, or name one of its dependency groups: {group: NAME}"),
        (&poetry, "the dependencies of [tool.poetry] in [project], or export them into a requirement file"),
    ] {
        for part in [Part::All, Part::Extra("x".into())] {
            let id = InputId { path: "pyproject.toml".into(), part };
            let inputs = read(&[id], &[("pyproject.toml", text)]).unwrap();
            assert_eq!(inputs.inputs[0].unsaid.as_ref().unwrap().to_string(), format!("{said}{hint}"));
        }
        let id = InputId { path: "pyproject.toml".into(), part: Part::Group("a".into()) };
        let inputs = read(&[id], &[("pyproject.toml", text)]).unwrap();
        assert_eq!((shown(&inputs.inputs[0].requirements).len(), &inputs.inputs[0].unsaid), (1, &None));
    }
    let problems = read(&[id], &[("pyproject.toml", "[project\n")]).unwrap_err();
    assert!(problems[0].starts_with("pyproject.toml:1:9: this is not TOML: "), "{problems:?}");
}

#[test]
fn what_reading_fails_with_is_passed_on() {
    let failed = Inputs::read(&[InputId::file("r.txt")], |_| Err("not yet"));
    assert!(matches!(failed, Err(Failure::Read("not yet"))));
}
