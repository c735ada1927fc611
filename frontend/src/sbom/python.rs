//! Python packages: the wheels that were installed, and what an image had before. Licences are what the installed
//! `METADATA` says. Source: the core metadata specification, the layout of installed projects.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::name::without_credentials;
use pep440_rs::Version;

use super::license::License;
use super::root::Root;
use super::{Package, Wheel, purl};

/// The packages of an image. `wheels` are those that it was given.
pub(super) fn packages(root: &Root, wheels: &[Wheel]) -> Vec<Package> {
    let mut directories: BTreeSet<String> = usual(root);
    directories.extend(wheels.iter().flat_map(|wheel| wheel.directories.iter().cloned()));
    let installed: BTreeMap<&String, BTreeMap<String, Metadata>> =
        directories.iter().map(|directory| (directory, in_directory(root, directory))).collect();
    let mut ours: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut packages = Vec::new();
    let unknown = root.list("/").is_empty();
    for wheel in wheels {
        let places =
            wheel.directories.iter().filter_map(|directory| Some((directory, installed.get(directory)?)));
        let mut found = None;
        for (directory, there) in places {
            // A later command may have removed it, or installed another version, which is found with the rest.
            let same = |metadata: &&Metadata| is_version(&metadata.version, &wheel.version);
            if let Some(metadata) = there.get(&wheel.name).filter(same) {
                ours.insert((directory, &wheel.name));
                found = found.or(Some(metadata));
            }
        }
        if found.is_some() || unknown {
            packages.push(of_wheel(wheel, found));
        }
    }
    for (directory, there) in &installed {
        let others = there.iter().filter(|(name, _)| !ours.contains(&(directory.as_str(), name.as_str())));
        packages.extend(others.map(|(name, metadata)| of_metadata(name, metadata)));
    }
    packages
}

/// Whether both are one version, however they are written.
fn is_version(one: &str, other: &str) -> bool {
    let read = |text: &str| text.parse::<Version>().ok();
    one == other || read(one).is_some_and(|version| Some(version) == read(other))
}

/// Where images have Python packages that no system's package manager knows of.
fn usual(root: &Root) -> BTreeSet<String> {
    let mut directories = BTreeSet::new();
    for (library, kinds) in
        [("/usr/local/lib", &["site-packages", "dist-packages"][..]), ("/usr/lib", &["site-packages"])]
    {
        for name in root.list(library).iter().filter(|name| name.starts_with("python3")) {
            directories.extend(kinds.iter().map(|kind| format!("{library}/{name}/{kind}")));
        }
    }
    directories
}

/// What a package says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Metadata {
    version: String,
    license: Option<License>,
}

fn in_directory(root: &Root, directory: &str) -> BTreeMap<String, Metadata> {
    let names = root.list(directory);
    let infos = names.iter().filter(|name| name.ends_with(".dist-info"));
    infos.filter_map(|name| read(&root.read(&format!("{directory}/{name}/METADATA"))?)).collect()
}

/// The normalised name, and the rest.
fn read(text: &str) -> Option<(String, Metadata)> {
    let headers = headers(text);
    let all = |name: &str| -> Vec<&str> {
        let same = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.trim()).filter(|value| !value.is_empty() && *value != "UNKNOWN").collect()
    };
    let first = |name: &str| all(name).first().copied();
    let classifiers = all("Classifier");
    let classifiers: Vec<&str> =
        classifiers.iter().filter_map(|classifier| classifier.strip_prefix("License :: ")).collect();
    let text = first("License").map(License::of);
    let license = match (first("License-Expression").map(License::of), text) {
        (Some(license), _) | (None, Some(license @ License::Expression(_))) => Some(license),
        // A classifier with one meaning says more than a text without any.
        (None, text) => match (License::of_classifiers(&classifiers), text) {
            (Some(License::Text(_)) | None, Some(text)) => Some(text),
            (license, _) => license,
        },
    };
    let metadata = Metadata { version: first("Version").unwrap_or_default().to_owned(), license };
    Some((unwheel::normalise_name(first("Name")?), metadata))
}

/// Headers as in mail, with lines that continue them.
fn headers(text: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            headers.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    headers
}

fn of_wheel(wheel: &Wheel, installed: Option<&Metadata>) -> Package {
    let url = wheel.url.as_deref().map(public);
    let source = wheel.built.then(|| format!("built from the source distribution {}", wheel.filename));
    Package {
        kind: "python",
        name: wheel.name.clone(),
        version: wheel.version.clone(),
        purl: purl("pypi", "", &wheel.name, &wheel.version, &[elsewhere(&wheel.filename, url.as_deref())]),
        license: installed.and_then(|metadata| metadata.license.clone()),
        file: Some((wheel.filename.clone(), url, wheel.sha256.clone())),
        source,
    }
}

/// The hosts of PyPI's files. A package URL without more says that a package is PyPI's.
const PYPI: [&str; 2] = ["https://files.pythonhosted.org/", "https://pypi.org/"];

/// The qualifier of a package that is not from PyPI, which may have another of this name; else an empty one. Source: the
/// package-url specification, known qualifiers.
fn elsewhere<'a>(filename: &'a str, url: Option<&'a str>) -> (&'static str, &'a str) {
    match url {
        None => ("file_name", filename),
        Some(url) if PYPI.iter().any(|host| url.starts_with(host)) => ("", ""),
        Some(url) => ("download_url", url),
    }
}

/// An address for everybody to read: neither with a user's name and password, nor with a query, which may be a signature.
fn public(url: &str) -> String {
    without_credentials(url.split(['?', '#']).next().unwrap_or_default())
}

fn of_metadata(name: &str, metadata: &Metadata) -> Package {
    Package {
        kind: "python",
        name: name.to_owned(),
        version: metadata.version.clone(),
        purl: purl("pypi", "", name, &metadata.version, &[]),
        license: metadata.license.clone(),
        ..Package::default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn license(headers: &str) -> Option<License> {
        read(&format!("Metadata-Version: 2.1\nName: A_b\nVersion: 1\n{headers}\n\nLicense: body\n"))
            .unwrap()
            .1
            .license
    }

    #[test]
    fn the_licence_that_says_most() {
        let mit = Some(License::Expression("MIT".into()));
        assert_eq!(license("License-Expression: MIT\nLicense: x\nClassifier: License :: y"), mit);
        assert_eq!(license("License: MIT\nClassifier: License :: OSI Approved :: BSD License"), mit);
        assert_eq!(license("License: see file\nClassifier: License :: OSI Approved :: MIT License"), mit);
        let text = |text: &str| Some(License::Text(text.into()));
        assert_eq!(license("License: line one\n  line two"), text("line one\nline two"));
        assert_eq!(
            license("License: mine\nClassifier: License :: OSI Approved :: BSD License"),
            text("mine")
        );
        assert_eq!(license("License: UNKNOWN\nClassifier: License :: Other"), text("Other"));
        assert_eq!(license("Classifier: Topic :: x"), None);
    }

    #[test]
    fn what_is_not_from_pypi_says_where_it_is_from() {
        let of = |url: Option<&str>| {
            let (filename, url) = ("a-1.whl".into(), url.map(ToOwned::to_owned));
            let wheel = Wheel { name: "a".into(), version: "1".into(), filename, url, ..Wheel::default() };
            let package = of_wheel(&wheel, None);
            (package.purl, package.file.unwrap().1)
        };
        let pypi = "https://files.pythonhosted.org/packages/a-1.whl";
        assert_eq!(of(Some(pypi)), ("pkg:pypi/a@1".into(), Some(pypi.into())));
        assert_eq!(of(None), ("pkg:pypi/a@1?file_name=a-1.whl".into(), None));
        let own = "pkg:pypi/a@1?download_url=https:%2F%2Fown%2Fa-1.whl";
        let expected = (own.into(), Some("https://own/a-1.whl".into()));
        assert_eq!(of(Some("https://user:secret@own/a-1.whl?signature=secret#sha256=00")), expected);
    }

    #[test]
    fn wheels_are_ours_and_the_rest_is_found() {
        let image = tempfile::tempdir().unwrap();
        let site = "/usr/local/lib/python3.13/site-packages";
        for (name, text) in
            [("a_b-1", "Name: A_b\nVersion: 1\nLicense: MIT\n"), ("pip-9", "Name: pip\nVersion: 9\n")]
        {
            let info = image.path().join(&site[1..]).join(format!("{name}.dist-info"));
            fs::create_dir_all(&info).unwrap();
            fs::write(info.join("METADATA"), text).unwrap();
        }
        let wheel = Wheel {
            name: "a-b".into(),
            version: "1".into(),
            filename: "A_b-1-py3-none-any.whl".into(),
            url: Some("https://files.pythonhosted.org/packages/A_b-1-py3-none-any.whl".into()),
            sha256: "00".into(),
            directories: vec![site.into(), site.into()],
            ..Wheel::default()
        };
        let found = packages(&Root::new(image.path()), std::slice::from_ref(&wheel));
        let told: Vec<_> =
            found.iter().map(|package| (package.purl.as_str(), package.file.is_some())).collect();
        assert_eq!(told, [("pkg:pypi/a-b@1", true), ("pkg:pypi/pip@9", false)]);
        assert_eq!(found[0].license, Some(License::Expression("MIT".into())));
        // What a command has changed since is what there is.
        let changed = Wheel { version: "0.9".into(), ..wheel.clone() };
        let gone = Wheel { name: "gone".into(), ..wheel.clone() };
        let zero = Wheel { version: "1.0".into(), ..wheel.clone() };
        let told = |wheels: &[Wheel], root: &Root| -> Vec<String> {
            packages(root, wheels).into_iter().map(|package| package.purl).collect()
        };
        let there = Root::new(image.path());
        assert_eq!(told(&[changed, gone], &there), ["pkg:pypi/a-b@1", "pkg:pypi/pip@9"]);
        assert_eq!(told(&[zero], &there), ["pkg:pypi/a-b@1.0", "pkg:pypi/pip@9"]);
        let nothing = tempfile::tempdir().unwrap();
        assert_eq!(told(&[wheel], &Root::new(nothing.path())), ["pkg:pypi/a-b@1"]);
    }
}
