//! What an image is made of, as it is attested: exact, valid, and with a scanner that is asked for.

use std::collections::{BTreeMap, BTreeSet};

use harness::{Engine, Project, run};
use serde_json::{Value, json};

use crate::python_support::{Shelf, service};
use crate::supply_chain::{both, dockerfile, push};
use crate::support::{build, containerd, ok, syntax};

const SPDX: &str = "https://spdx.dev/Document";

/// The documents of an image.
fn documents(engine: &Engine, reference: &str) -> Vec<Value> {
    let statements = engine.registry().statements(reference).unwrap();
    let spdx = statements.into_iter().filter(|statement| statement["predicateType"] == SPDX);
    spdx.map(|mut statement| statement["predicate"].take()).collect()
}

fn only(mut documents: Vec<Value>) -> Value {
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.remove(0)
}

/// The packages of a document by their package URLs up to the version.
fn packages(document: &Value) -> BTreeMap<String, Value> {
    let url = |entry: &Value| {
        let locator = entry["externalRefs"][0]["referenceLocator"].as_str()?;
        Some((locator.split('?').next()?.to_owned(), entry.clone()))
    };
    document["packages"].as_array().unwrap().iter().filter_map(url).collect()
}

/// Has the tools of the SPDX project read a document. They know no address whose host is a number, as `index` is one.
fn validate(document: &Value, index: &str) {
    let project = Project::new("spdx").unwrap();
    project
        .write("image.spdx.json", document.to_string().replace(index, "https://packages.example.com/"))
        .unwrap();
    let tools = project.path().join("tools");
    let mut install = run::command("python3");
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]).arg(&tools);
    run::output(install.arg("spdx-tools==0.8.*")).unwrap();
    let mut check = run::command("python3");
    check.env("PYTHONPATH", &tools).args(["-m", "spdx_tools.spdx.clitools.pyspdxtools", "--infile"]);
    // It ends with an error unless the document is valid, and tells nothing of one that is.
    let told = run::output(check.arg(project.path().join("image.spdx.json"))).unwrap();
    assert_eq!(told, "");
}

#[test]
fn an_sbom_has_every_wheel_and_the_packages_of_the_base() {
    let mut shelf = Shelf::new(containerd());
    let wheels = [
        shelf.wheel("one", "1.0+local.1", 100).says("License-Expression: MIT OR Apache-2.0"),
        shelf.wheel("two", "2.0", 100).says("License: see the file"),
        shelf.wheel("three_parts", "3", 100).says("Classifier: License :: OSI Approved :: MIT License"),
        shelf.wheel("other", "4", 100),
    ];
    for wheel in &wheels {
        shelf.index.add(wheel).unwrap();
    }
    shelf.project.write("api.txt", "one\ntwo\nthree-parts\n").unwrap().write("web.txt", "other\n").unwrap();
    let rest = |file: &str| format!("from: 'python:3.13-slim', requirements: [{file}]");
    shelf.manifest("", "", &[service("api", &rest("api.txt")), service("web", &rest("web.txt"))]);
    shelf.lock();
    let text = std::fs::read_to_string(shelf.project.path().join("layerset.yaml")).unwrap();
    shelf.project.write("layerset.yaml", text.replace("python: {", "python: {lock: pylock.toml, ")).unwrap();
    let name = shelf.name("api");
    let push = |more: &[&str]| {
        ok(build(shelf.engine, &shelf.project)
            .args(&["--target=api", "--push", "--provenance=false", "--tag", &name])
            .args(more));
        only(documents(shelf.engine, &format!("python/api:{}", shelf.tag)))
    };
    let document = push(&["--sbom=true"]);
    validate(&document, shelf.index.simple().trim_end_matches("simple/"));
    let found = packages(&document);
    for (wheel, url, license) in [
        (&wheels[0], "pkg:pypi/one@1.0%2Blocal.1", Some("MIT OR Apache-2.0")),
        (&wheels[1], "pkg:pypi/two@2.0", None),
        (&wheels[2], "pkg:pypi/three-parts@3", Some("MIT")),
    ] {
        let package = &found[url];
        let sha256 = shelf.index.sha256(&wheel.filename()).unwrap();
        assert_eq!(package["checksums"], json!([{"algorithm": "SHA256", "checksumValue": sha256}]));
        assert_eq!(package["downloadLocation"], json!(shelf.index.url(&wheel.filename())));
        match license {
            Some(license) => assert_eq!(package["licenseDeclared"], license),
            None => {
                assert_eq!(
                    document["hasExtractedLicensingInfos"][0]["licenseId"],
                    package["licenseDeclared"]
                );
            }
        }
    }
    assert_eq!(document["hasExtractedLicensingInfos"][0]["extractedText"], "see the file");
    assert!(!found.keys().any(|url| url.contains("/other@")), "what another service has");
    assert!(
        found.keys().any(|url| url.starts_with("pkg:pypi/pip@")),
        "what the base has: {:?}",
        found.keys()
    );
    // Debian's own list, asked in a container.
    let listed = shelf.run("api", &["dpkg-query", "--show", "--showformat=${binary:Package} ${Version}\\n"]);
    let listed: BTreeSet<(&str, &str)> = listed.lines().filter_map(|line| line.split_once(' ')).collect();
    let debs = document["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["SPDXID"].as_str().unwrap().starts_with("SPDXRef-deb-"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let debs: BTreeSet<(String, String)> =
        debs.map(|entry| (text(&entry["name"]), text(&entry["versionInfo"]))).collect();
    let listed: BTreeSet<(String, String)> = listed
        .into_iter()
        .map(|(name, version)| (name.split(':').next().unwrap().to_owned(), version.to_owned()))
        .collect();
    assert!(listed.len() > 20, "{listed:?}");
    assert_eq!(debs, listed);
    // The same once more, and with another time.
    assert_eq!(push(&["--attest=type=sbom", "--no-cache"]), document);
    let later = push(&["--sbom=true", "--build-arg=SOURCE_DATE_EPOCH=1700000000"]);
    assert_eq!(later["creationInfo"]["created"], "2023-11-14T22:13:20Z");
    assert_eq!(later["packages"], document["packages"]);
}

#[test]
fn an_image_on_nothing_has_an_sbom() {
    let (engine, (project, tag)) = (containerd(), both());
    push(engine, build(engine, &project).args(&["--target=bare", "--sbom=true", "--provenance=false"]), &tag);
    let document = only(documents(engine, &format!("supply/app:{tag}")));
    assert_eq!(document["packages"].as_array().unwrap().len(), 1, "itself: {document:#}");
    assert_eq!(document["packages"][0]["name"], "bare");
}

#[test]
fn lists_of_alpine_and_of_images_without_dpkg_are_read() {
    let (engine, (project, tag)) = (containerd(), both());
    let manifest = syntax()
        + "services:\n  alpine: {from: scratch, files: [{source: alpine, target: /}]}\n  \
           distroless: {from: scratch, files: [{source: distroless, target: /}]}\n";
    project.write("layerset.yaml", manifest).unwrap();
    for (path, text) in [
        ("alpine/etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n"),
        ("alpine/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\n"),
        ("distroless/var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a-0+deb12u1\n"),
    ] {
        project.write(path, text).unwrap();
    }
    for (target, url, license) in [
        ("alpine", "pkg:apk/alpine/musl@1.2.5-r0", "MIT"),
        ("distroless", "pkg:deb/debian/tzdata@2024a-0%2Bdeb12u1", "NOASSERTION"),
    ] {
        let target = format!("--target={target}");
        push(engine, build(engine, &project).args(&[&target, "--sbom=true", "--provenance=false"]), &tag);
        let document = only(documents(engine, &format!("supply/app:{tag}")));
        validate(&document, "none");
        assert_eq!(packages(&document)[url]["licenseDeclared"], license);
    }
}

/// A scanner of busybox: it lists the root, and what it was told.
const SCAN: &str = r#"#!/bin/sh
set -eu
files=$(ls "$BUILDKIT_SCAN_SOURCE" | tr '\n' ' ')
cat > "$BUILDKIT_SCAN_DESTINATION/$(basename "$BUILDKIT_SCAN_SOURCE").spdx.json" <<END
{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
 "predicate": {"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0",
  "name": "$files", "documentNamespace": "urn:scan:$BUILDKIT_SCAN_MOOD",
  "creationInfo": {"created": "2020-01-01T00:00:00Z", "creators": ["Tool: scan"]}}}
END
"#;

#[test]
fn a_named_scanner_is_run_as_the_dockerfile_frontend_runs_it() {
    let (engine, (project, tag)) = (containerd(), both());
    let scanner = format!("{}:{tag}", engine.registry().name("supply/scanner"));
    project.write("scan", SCAN).unwrap();
    project
        .write("scanner.Dockerfile", "FROM busybox:1.37\nCOPY scan /scan\nENTRYPOINT [\"sh\", \"/scan\"]\n")
        .unwrap();
    ok(dockerfile(engine, &project, "scanner.Dockerfile").args(&["--push", "--tag", &scanner]));
    let option = format!("--attest=type=sbom,generator={scanner},MOOD=good");
    let plain = ["--provenance=false", &option];
    push(engine, build(engine, &project).arg("--target=app").args(&plain), &tag);
    push(engine, dockerfile(engine, &project, "Dockerfile").args(&plain), &format!("{tag}-dockerfile"));
    let theirs = only(documents(engine, &format!("supply/app:{tag}-dockerfile")));
    let ours = documents(engine, &format!("supply/app:{tag}"));
    assert_eq!(ours.len(), 2, "the scanner's and our own: {ours:?}");
    assert_eq!(ours[0], theirs);
    assert_eq!(theirs["documentNamespace"], "urn:scan:good");
    assert!(theirs["name"].as_str().unwrap().starts_with("a.txt bin "), "{theirs}");
    assert_eq!(ours[1]["packages"][0]["name"], "app");
}

#[test]
fn documents_are_beside_a_directory_too() {
    let (engine, (project, _)) = (containerd(), both());
    let out = project.path().join("out");
    let output = format!("--output=type=local,dest={}", out.display());
    ok(build(engine, &project).args(&["--target=app", "--sbom=true", "--provenance=false", &output]));
    let statement: Value =
        serde_json::from_slice(&std::fs::read(out.join("sbom.spdx.json")).unwrap()).unwrap();
    assert_eq!(statement["predicateType"], SPDX);
    assert!(out.join("a.txt").is_file());
}
