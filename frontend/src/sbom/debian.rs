//! What dpkg has installed: `var/lib/dpkg/status`, and `status.d` in images that were put together without dpkg.

use super::os_release::System;
use super::root::Root;
use super::{Package, purl};

/// The packages of an image; none where there is no dpkg.
pub(super) fn packages(root: &Root, system: &System) -> Vec<Package> {
    let mut packages = Vec::new();
    if let Some(text) = root.read("var/lib/dpkg/status") {
        packages.extend(stanzas(&text).filter(is_installed).filter_map(|stanza| package(&stanza, system)));
    }
    for name in root.list("var/lib/dpkg/status.d") {
        // Beside each there is a list of hashes.
        if let Some(text) =
            root.read(&format!("var/lib/dpkg/status.d/{name}")).filter(|_| !name.ends_with(".md5sums"))
        {
            packages.extend(stanzas(&text).filter_map(|stanza| package(&stanza, system)));
        }
    }
    packages
}

/// The fields of a package that are of interest.
struct Stanza<'a>(Vec<(&'a str, &'a str)>);

impl Stanza<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        field.map(|(_, value)| *value).filter(|value| !value.is_empty())
    }
}

fn stanzas(text: &str) -> impl Iterator<Item = Stanza<'_>> {
    text.split("\n\n").map(|stanza| {
        // A line that begins with white space continues the one before: none of ours has one.
        let lines = stanza.lines().filter(|line| !line.starts_with([' ', '\t']));
        let fields = lines.filter_map(|line| line.split_once(':'));
        Stanza(fields.map(|(key, value)| (key.trim(), value.trim())).collect())
    })
}

/// What was removed keeps its entry as long as its configuration files.
fn is_installed(stanza: &Stanza<'_>) -> bool {
    stanza.get("Status").is_some_and(|status| status.split_whitespace().nth(2) == Some("installed"))
}

fn package(stanza: &Stanza<'_>, system: &System) -> Option<Package> {
    let (name, version) = (stanza.get("Package")?, stanza.get("Version")?);
    let qualifiers = [("arch", stanza.get("Architecture").unwrap_or_default()), ("distro", &system.distro())];
    // The source package has another name or version only where it says so: `glibc (2.36-9)`.
    let source = stanza.get("Source").map(|source| format!("built from the source package {source}"));
    Some(Package {
        kind: "deb",
        name: name.to_owned(),
        version: version.to_owned(),
        purl: purl("deb", system.or("debian"), name, version, &qualifiers),
        source,
        ..Package::default()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_installed() {
        let image = tempfile::tempdir().unwrap();
        let dpkg = image.path().join("var/lib/dpkg");
        fs::create_dir_all(dpkg.join("status.d")).unwrap();
        let status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc (2.36-9)\n\
                      Version: 2.36-9+b1\nDescription: C\n Version: not this\n\nPackage: gone\n\
                      Status: deinstall ok config-files\nVersion: 1\n\nno stanza\n";
        fs::write(dpkg.join("status"), status).unwrap();
        fs::write(dpkg.join("status.d/base"), "Package: base-files\nVersion: 12.4\n").unwrap();
        fs::write(dpkg.join("status.d/base.md5sums"), "Package: x\nVersion: 1\n").unwrap();
        let system = System { id: "debian".into(), version: "12".into() };
        let found = packages(&Root::new(image.path()), &system);
        let purls: Vec<&str> = found.iter().map(|package| package.purl.as_str()).collect();
        let libc = "pkg:deb/debian/libc6@2.36-9%2Bb1?arch=amd64&distro=debian-12";
        assert_eq!(purls, [libc, "pkg:deb/debian/base-files@12.4?distro=debian-12"]);
        assert_eq!(found[0].source.as_deref(), Some("built from the source package glibc (2.36-9)"));
    }
}
