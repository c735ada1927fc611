//! Archives and directories: whatever their form, the images in them are the same.

use layerset_report::Figures;

use crate::made::{Blobs, Packing, packed, reported, shop};

/// What does not depend on how layers are stored.
fn common(figures: &Figures) -> (Vec<String>, [u64; 5], Vec<String>) {
    let totals = &figures.totals;
    let sums = [
        totals.layers as u64,
        totals.uses as u64,
        totals.disk_bytes,
        totals.duplicated_bytes,
        totals.wasted_bytes,
    ];
    let hidden = figures.wasted.iter().map(|one| one.path.clone()).collect();
    (figures.images.keys().cloned().collect(), sums, hidden)
}

fn check(figures: &Figures) {
    let (images, sums, hidden) = common(figures);
    assert_eq!(images, ["shop/api:1", "shop/web:1"]);
    // Base, api and web; the base is unpacked once.
    assert_eq!(sums, [3, 4, 27 + 25 + 18, 15, 10]);
    assert_eq!(hidden, ["/etc/os-release"]);
    assert_eq!(figures.duplicated[0].paths, ["/app/shared", "/srv/shared"]);
}

#[test]
fn an_oci_layout_is_read_however_it_is_packed() {
    for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
        let layout = Blobs::layout(&shop(), packing);
        let figures = reported(&["-"], layout.archive(&[])).unwrap();
        check(&figures);
        let made: Vec<&str> = figures.layers.values().map(|layer| layer.made_by.as_str()).collect();
        assert_eq!(made.iter().filter(|line| **line == "COPY own").count(), 2, "{made:?}");

        let folder = tempfile::tempdir().unwrap();
        layout.write(folder.path());
        let path = format!("{}/", folder.path().display());
        assert_eq!(
            reported(&[&path], Vec::new()).unwrap(),
            figures,
            "a directory and its archive are the same"
        );
    }
}

#[test]
fn what_docker_saved_before_is_read() {
    let (files, links) = Blobs::saved(&shop());
    let archive = files.archive(&links);
    let figures = reported(&["-"], archive.clone()).unwrap();
    check(&figures);
    let plain = reported(&["-"], Blobs::layout(&shop(), Packing::Plain).archive(&[])).unwrap();
    assert_eq!(figures.totals, plain.totals);
    // Archives are often packed once more.
    for packing in [Packing::Gzip, Packing::Zstd] {
        let again = reported(&["-"], packed(&archive, packing)).unwrap();
        assert_eq!(again.totals, figures.totals);
    }
}

#[test]
fn groups_share_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.tar");
    std::fs::write(&file, Blobs::layout(&shop(), Packing::Gzip).archive(&[])).unwrap();
    let path = file.to_str().unwrap();
    // Named twice it is one, and two places of the same images are told apart.
    assert_eq!(reported(&[path, path], Vec::new()).unwrap().totals.images, 2);
    let twice = reported(&[path, "-"], std::fs::read(path).unwrap()).unwrap();
    let names: Vec<&String> = twice.images.keys().collect();
    assert_eq!(names, ["shop/api:1", "shop/api:1 (2)", "shop/web:1", "shop/web:1 (2)"]);
    assert_eq!((twice.totals.layers, twice.totals.uses), (3, 8));
}

#[test]
fn images_without_names_are_numbered() {
    let mut layout = Blobs::default();
    let entries: Vec<_> = shop().iter().map(|made| layout.image(made, Packing::Gzip)).collect();
    let index = serde_json::json!({"schemaVersion": 2, "manifests": entries});
    layout.0.insert("index.json".into(), index.to_string().into_bytes());
    let figures = reported(&["-"], layout.archive(&[])).unwrap();
    assert_eq!(figures.images.keys().collect::<Vec<_>>(), ["-#1", "-#2"]);
    // Of one image for several platforms it is one.
    let with = |entry: &serde_json::Value, architecture: &str| {
        let mut entry = entry.clone();
        entry["platform"] = serde_json::json!({"os": "linux", "architecture": architecture});
        entry
    };
    let entries = [with(&entries[0], "amd64"), with(&entries[1], "arm64")];
    let index = serde_json::json!({"schemaVersion": 2, "manifests": entries});
    layout.0.insert("index.json".into(), index.to_string().into_bytes());
    let figures = reported(&["-"], layout.archive(&[])).unwrap();
    assert_eq!(figures.images.keys().collect::<Vec<_>>(), ["-"]);
}
