//! What apk has installed: records of one-letter fields. Source: apk-tools, the format of its installed database.

use super::license::License;
use super::os_release::System;
use super::root::Root;
use super::{Package, purl};

/// The packages of an image; none where there is no apk.
pub(super) fn packages(root: &Root, system: &System) -> Vec<Package> {
    let places = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
    let text = places.iter().find_map(|place| root.read(place)).unwrap_or_default();
    text.split("\n\n").filter_map(|record| package(record, system)).collect()
}

fn package(record: &str, system: &System) -> Option<Package> {
    let field = |name: &str| {
        let fields = || record.lines().filter_map(|line| line.split_once(':'));
        fields().find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
    };
    let (name, version) = (field("P")?, field("V")?);
    let qualifiers = [("arch", field("A").unwrap_or_default()), ("distro", &system.distro())];
    Some(Package {
        kind: "apk",
        name: name.to_owned(),
        version: version.to_owned(),
        purl: purl("apk", system.or("alpine"), name, version, &qualifiers),
        license: field("L").map(License::of),
        source: field("o")
            .filter(|origin| *origin != name)
            .map(|origin| format!("built from the source package {origin}")),
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
        fs::create_dir_all(image.path().join("lib/apk/db")).unwrap();
        let text = "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:ld-musl\n\nP:ssl_client\nV:1.36.1-r29\n\
                    A:x86_64\nL:GPL-2.0-only\no:busybox\n\n";
        fs::write(image.path().join("lib/apk/db/installed"), text).unwrap();
        let found =
            packages(&Root::new(image.path()), &System { id: "alpine".into(), version: "3.20.1".into() });
        let told: Vec<_> =
            found.iter().map(|package| (package.purl.as_str(), package.source.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1", None),
                (
                    "pkg:apk/alpine/ssl_client@1.36.1-r29?arch=x86_64&distro=alpine-3.20.1",
                    Some("built from the source package busybox")
                ),
            ]
        );
        assert_eq!(found[0].license, Some(License::Expression("MIT".into())));
    }
}
