//! Where packages come from: a private index with a secret, a directory of wheels in the context, the real index.

use std::env::consts::ARCH;
use std::fmt::Write as _;

use harness::run;
use serde_json::Value;

use crate::python_support::{Shelf, service};
use crate::support::{bake, build, containerd, ok, progress, syntax};

const REST: &str = "from: 'python:3.13-slim', requirements: [requirements.txt]";

#[test]
fn credentials_of_a_private_index_are_a_secret() {
    // user:hunter2
    const HEADER: &str = "Basic dXNlcjpodW50ZXIy";
    let mut shelf = Shelf::new(containerd());
    shelf.add("lib", "1.0", 2000);
    shelf.index.wants(HEADER);
    // What is built from source requires something of the index too.
    shelf.add("tool", "1.0", 2000);
    let source = format!("source_{}", &shelf.tag[..8]);
    shelf.index.add_sdist(&source, "1.0", &["tool"]).unwrap();
    shelf.project.write("requirements.txt", format!("lib\n{source}\n")).unwrap();
    shelf.manifest("", "", &[service("api", REST)]);
    let without = shelf.refused(&[]);
    assert!(without.stderr.contains("the index wants other credentials"), "{}", without.stderr);

    let index = shelf.index.simple();
    let manifest = std::fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    let private =
        manifest.replace(&format!("[{index:?}]"), &format!("[{{url: {index:?}, secret: packages_auth}}]"));
    assert_ne!(manifest, private);
    shelf.project.write("layerset.yaml", &private).unwrap();
    let secret = ["--secret", "id=packages_auth,env=PACKAGES_AUTH"];
    let with_secret = || build(shelf.engine, &shelf.project).args(&secret).env("PACKAGES_AUTH", HEADER);
    let lock = ok(with_secret().arg("--call=lock")).stdout;
    assert!(lock.contains("lib-1.0-py3-none-any.whl"), "{lock}");
    let llb = ok(with_secret().arg("--call=llb")).stdout;
    shelf.project.write("pylock.toml", &lock).unwrap();
    shelf
        .project
        .write("layerset.yaml", private.replace("python: {", "python: {lock: pylock.toml, "))
        .unwrap();
    ok(with_secret().args(&["--push", "--tag", &shelf.name("api")]));
    let image = shelf.image("api");
    let all =
        [lock, llb, image.config.to_string(), image.root.to_string(), image.manifest.to_string()].concat();
    for word in ["hunter2", "dXNlcjpodW50ZXIy"] {
        assert!(!all.contains(word), "{word} is in {all}");
    }
    assert_eq!(shelf.python("api", "import lib; print(lib.VERSION)"), "1.0\n");
    assert_eq!(shelf.python("api", &format!("import {source}; print({source}.BUILT_BY)")), "3.13\n");
    let others: Vec<String> = shelf.index.log().into_iter().filter(|line| line.ends_with(" 200")).collect();
    assert!(others.iter().any(|line| line.contains("/files/lib-1.0-py3-none-any.whl ")), "{others:?}");
}

/// As one host of packages has several repositories, each with its own users.
#[test]
fn each_index_of_a_host_gets_its_own_credentials() {
    let mut shelf = Shelf::new(containerd());
    // internal:word and research:word
    let users = [("internal", "Basic aW50ZXJuYWw6d29yZA=="), ("research", "Basic cmVzZWFyY2g6d29yZA==")];
    let parts = users.map(|(name, _)| (name, shelf.index.part(name)));
    for ((name, part), (_, header)) in parts.iter().zip(users) {
        part.wants(header);
        part.add(&shelf.wheel(&format!("of_{name}"), "1.0", 2000)).unwrap();
    }
    shelf.add("open", "1.0", 2000);
    shelf.project.write("requirements.txt", "of-internal\nof-research\nopen\n").unwrap();
    shelf.manifest("", "", &[service("api", REST)]);
    let plain = std::fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    let open = format!("{:?}", shelf.index.simple());
    let manifest = |more: &str, secrets: [&str; 2]| {
        let private: Vec<String> = (parts.iter().zip(secrets))
            .map(|((_, part), secret)| format!("{{url: {:?}, secret: {secret}}}, ", part.simple()))
            .collect();
        let private = private.concat();
        let text = plain
            .replace(&format!("[{open}]"), &format!("[{private}{open}]"))
            .replace("python: {", &format!("python: {{{more}"));
        shelf.project.write("layerset.yaml", text).unwrap();
    };
    let with_secrets = || {
        let build = build(shelf.engine, &shelf.project);
        users.into_iter().fold(build, |build, (name, header)| {
            build.arg(format!("--secret=id={name}_auth,env={name}")).env(name, header)
        })
    };
    manifest("", ["internal_auth", "research_auth"]);
    let lock = ok(with_secrets().arg("--call=lock")).stdout;
    for (name, part) in &parts {
        assert!(lock.contains(&part.url(&format!("of_{name}-1.0-py3-none-any.whl"))), "{lock}");
    }
    shelf.project.write("pylock.toml", &lock).unwrap();
    manifest("lock: pylock.toml, ", ["internal_auth", "research_auth"]);
    ok(with_secrets().args(&["--push", "--tag", &shelf.name("api")]));
    let script =
        "import of_internal, of_research, open as o; print(of_internal.NAME, of_research.NAME, o.NAME)";
    assert_eq!(shelf.python("api", script), "of_internal of_research open\n");
    // Whoever gets another's credentials is turned away; the engine then tells of the bytes that it got instead.
    for (_, part) in &parts {
        part.forget();
    }
    manifest("lock: pylock.toml, ", ["research_auth", "internal_auth"]);
    let refused = with_secrets().args(&["--no-cache", "--output=type=cacheonly"]).run().unwrap();
    assert!(!refused.success(), "{}", refused.stderr);
    let away =
        |log: Vec<String>| log.iter().any(|line| line.starts_with("GET /files/") && line.ends_with(" 401"));
    assert!(parts.iter().any(|(_, part)| away(part.log())), "{}", refused.stderr);
}

#[test]
fn a_directory_of_wheels_needs_no_index() {
    let mut shelf = Shelf::new(containerd());
    for (name, needs) in [("outer", "inner>=1"), ("inner", "")] {
        let wheel = shelf.wheel(name, "1.0", 2000);
        let wheel = if needs.is_empty() { wheel } else { wheel.requires(needs) };
        shelf.project.write(&format!("vendor/wheels/{}", wheel.filename()), wheel.bytes().unwrap()).unwrap();
    }
    shelf.project.write("requirements.txt", "outer\n").unwrap();
    shelf.manifest("", "", &[service("api", REST)]);
    let manifest = std::fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    let offline = |more: &str| {
        let python = format!("python: {{no_index: true, wheels: vendor/wheels{more}}}");
        manifest.lines().map(|line| if line.starts_with("python:") { &python } else { line }).fold(
            String::new(),
            |mut text, line| {
                let _ = writeln!(text, "{line}");
                text
            },
        )
    };
    shelf.project.write("layerset.yaml", offline("")).unwrap();
    shelf.push();
    let unlocked = shelf.image("api").layers;
    assert_eq!(shelf.python("api", "import outer, inner; print(inner.VERSION)"), "1.0\n");
    let lock = shelf.lock();
    assert!(lock.contains("path = \"vendor/wheels/inner-1.0-py3-none-any.whl\""), "{lock}");
    shelf.project.write("layerset.yaml", offline(", lock: pylock.toml")).unwrap();
    shelf.push();
    assert_eq!(shelf.image("api").layers, unlocked);
    assert_eq!(shelf.index.log(), Vec::<String>::new());

    // The lock's hashes count for files of the context too.
    shelf
        .project
        .write("vendor/wheels/inner-1.0-py3-none-any.whl", shelf.wheel("inner", "1.0", 3000).bytes().unwrap())
        .unwrap();
    let refused = shelf.refused(&[]);
    assert!(refused.stderr.contains("inner-1.0-py3-none-any.whl"), "{}", refused.stderr);
}

/// What pip would install from the index that this machine's pip asks: a lock of it, and the bytes of the wheels.
fn lock_of(requirements: &[&str]) -> String {
    let mut pip = run::command("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--ignore-installed",
        "--report=-",
        "--only-binary=:all:",
    ]);
    pip.args(["--python-version=3.13", "--implementation=cp", "--abi=cp313", "--abi=abi3", "--abi=none"]);
    pip.args(["manylinux2014", "manylinux_2_28"].map(|libc| format!("--platform={libc}_{ARCH}")));
    pip.arg("--target=nowhere");
    let report: Value = serde_json::from_str(&run::output(pip.args(requirements)).unwrap()).unwrap();
    let mut lock = "lock-version = \"1.0\"\ncreated-by = \"tests\"\n".to_owned();
    let all = report["install"].as_array().unwrap();
    let name = |one: &Value| one["metadata"]["name"].as_str().unwrap().to_lowercase();
    for one in all {
        let (info, metadata) = (&one["download_info"], &one["metadata"]);
        let needs =
            metadata["requires_dist"].as_array().into_iter().flatten().map(|need| need.as_str().unwrap());
        let needs: Vec<String> = needs
            .map(|need| {
                need.split(['<', '>', '=', '!', '~', ';', ' ', '[', '(']).next().unwrap().to_lowercase()
            })
            // Those of extras and of other Pythons are not there.
            .filter(|need| all.iter().any(|one| name(one) == *need))
            .map(|need| format!("{{ name = {need:?} }}"))
            .collect();
        let url = info["url"].as_str().unwrap();
        write!(
            lock,
            "\n[[packages]]\nname = {:?}\nversion = {}\ndependencies = [{}]\nwheels = [{{ name = {:?}, url = {url:?}, hashes = {{ sha256 = {} }} }}]\n",
            name(one),
            metadata["version"],
            needs.join(", "),
            url.rsplit('/').next().unwrap(),
            info["archive_info"]["hashes"]["sha256"],
        )
        .unwrap();
    }
    lock
}

/// The lock is made by uv in the build, which trusts the authorities that the manifest names.
#[test]
fn the_real_index_is_resolved_in_the_build() {
    let shelf = Shelf::new(containerd());
    let authorities = std::fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    shelf.project.write("authorities.pem", authorities).unwrap();
    shelf.project.write("requirements.txt", "jinja2==3.1.6\n").unwrap();
    let manifest = syntax()
        + "python: {certificates: authorities.pem}\nservices:\n  api: {from: 'python:3.13-slim', requirements: [requirements.txt]}\n";
    shelf.project.write("layerset.yaml", manifest).unwrap();
    let tag = format!("real-index:{}", shelf.tag);
    ok(build(shelf.engine, &shelf.project).args(&["--load", "--tag", &tag]));
    let script = "import jinja2, markupsafe; print(jinja2.Template('a {{ b|e }}').render(b='<'))";
    let said =
        ok(shelf.engine.docker(&["run", "--rm", "--network=none", &tag, "python3", "-c", script])).stdout;
    assert_eq!(said, "a &lt;\n");
    let lock = ok(build(shelf.engine, &shelf.project).arg("--call=lock")).stdout;
    assert!(
        lock.contains("jinja2-3.1.6-py3-none-any.whl") && lock.contains("name = \"markupsafe\""),
        "{lock}"
    );
    assert_eq!(shelf.index.log(), Vec::<String>::new());
    ok(shelf.engine.docker(&["image", "rm", &tag]));
}

#[test]
fn packages_of_the_real_index_work() {
    let mut shelf = Shelf::new(containerd());
    let lock = lock_of(&["jinja2==3.1.6", "numpy==2.3.4", "flask==3.1.2"]);
    assert_eq!(lock.matches("[[packages]]").count(), 8, "{lock}");
    shelf.project.write("pylock.toml", &lock).unwrap();
    shelf.project.write("page.txt", "jinja2==3.1.6\n").unwrap();
    shelf.project.write("requirements.txt", "flask==3.1.2\nnumpy==2.3.4\n").unwrap();
    let page = "from: 'python:3.13-slim', requirements: [page.txt]";
    shelf.manifest("", "", &[service("page", page), service("api", REST)]);
    let manifest = std::fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    let index = format!("index: [{:?}]", shelf.index.simple());
    shelf.project.write("layerset.yaml", manifest.replace(&index, "lock: pylock.toml")).unwrap();
    let done = progress(bake(shelf.engine, &shelf.project).arg("--push"));
    assert!(done.steps().iter().any(|(name, _)| name.contains("numpy-2.3.4-cp313")), "{done:?}");

    let rendered = shelf.python("page", "import jinja2; print(jinja2.Template('a {{ b|e }}').render(b='<'))");
    assert_eq!(rendered, "a &lt;\n");
    let script = "import flask, numpy; print(numpy.linalg.det(numpy.eye(3) * 2), flask.Flask('x').test_client().get('/').status_code)";
    let computed = shelf.python("api", script);
    assert!(computed.starts_with("7.99999") || computed.starts_with("8.0"), "{computed}");
    assert!(computed.ends_with(" 404\n"), "{computed}");
    assert!(shelf.run("api", &["flask", "--version"]).contains("Flask 3.1.2"));
    let shared = shelf.image("page").layers;
    let all = shelf.image("api").layers;
    assert!(
        shared.iter().skip(1).all(|layer| all.contains(layer)),
        "jinja2 and what it needs: {shared:?} {all:?}"
    );
}
