//! Archives and directories: whatever their form, the images in them are the same.

use layerset_report::{Figures, Place, Request};
use serde_json::{Value, json};

use crate::made::{Blobs, Made, Packing, amd64, contents, packed, reported, shop, told};

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
fn a_saved_image_may_have_no_layers() {
    let (mut files, links) = Blobs::saved(&shop());
    let mut list: Value = serde_json::from_slice(&files.0["manifest.json"]).unwrap();
    // As Go writes an empty list, there and in the configuration.
    let config =
        br#"{"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": null}}"#;
    files.0.insert("none.json".into(), config.to_vec());
    let none = json!({"Config": "none.json", "RepoTags": ["shop/none:1"], "Layers": null});
    list.as_array_mut().unwrap().push(none);
    files.0.insert("manifest.json".into(), list.to_string().into_bytes());
    let figures = reported(&["-"], files.archive(&links)).unwrap();
    assert_eq!(figures.images.keys().collect::<Vec<_>>(), ["shop/api:1", "shop/none:1", "shop/web:1"]);
    assert_eq!((figures.images["shop/none:1"].bytes, figures.totals.layers), (0, 3));
}

#[test]
fn a_layer_may_have_no_bytes() {
    let mut layout = Blobs::default();
    let layer = layout.put("application/vnd.oci.image.layer.v1.tar", Vec::new());
    let config = json!({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [layer["digest"]]}});
    let config = layout.put("application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": [layer]});
    let entry = layout.put("application/vnd.oci.image.manifest.v1+json", manifest.to_string().into_bytes());
    let index = json!({"schemaVersion": 2, "manifests": [entry]});
    layout.0.insert("index.json".into(), index.to_string().into_bytes());
    let folder = tempfile::tempdir().unwrap();
    layout.write(folder.path());
    let path = format!("{}/", folder.path().display());
    for (place, input) in [("-", layout.archive(&[])), (path.as_str(), Vec::new())] {
        let totals = reported(&[place], input).unwrap().totals;
        assert_eq!((totals.images, totals.layers, totals.stored_bytes), (1, 1, 0), "{place}");
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
    let index = json!({"schemaVersion": 2, "manifests": entries});
    layout.0.insert("index.json".into(), index.to_string().into_bytes());
    let figures = reported(&["-"], layout.archive(&[])).unwrap();
    assert_eq!(figures.images.keys().collect::<Vec<_>>(), ["-#1", "-#2"]);
    // Of one image for several platforms it is one.
    let with = |entry: &Value, architecture: &str| {
        let mut entry = entry.clone();
        entry["platform"] = json!({"os": "linux", "architecture": architecture});
        entry
    };
    let entries = [with(&entries[0], "amd64"), with(&entries[1], "arm64")];
    let index = json!({"schemaVersion": 2, "manifests": entries});
    layout.0.insert("index.json".into(), index.to_string().into_bytes());
    let figures = reported(&["-"], layout.archive(&[])).unwrap();
    assert_eq!(figures.images.keys().collect::<Vec<_>>(), ["-"]);
}

/// The shop with more entries in its index.
fn with_more(change: impl Fn(&mut Blobs, &mut Vec<Value>)) -> Blobs {
    let mut layout = Blobs::layout(&shop(), Packing::Gzip);
    let mut index: Value = serde_json::from_slice(&layout.0["index.json"]).unwrap();
    let mut entries = index["manifests"].as_array().unwrap().clone();
    change(&mut layout, &mut entries);
    index["manifests"] = entries.into();
    layout.0.insert("index.json".into(), index.to_string().into_bytes());
    layout
}

/// An entry for a manifest of these fields, with a blob that is no layer of files.
fn artifact(layout: &mut Blobs, config: &str, artifact_type: &str) -> Value {
    let config = layout.put(config, b"{}".to_vec());
    let layer = layout.put("application/vnd.dev.cosign.simplesigning.v1+json", b"{\"sig\": 1}".to_vec());
    let manifest =
        json!({"schemaVersion": 2, "artifactType": artifact_type, "config": config, "layers": [layer]});
    layout.put("application/vnd.oci.image.manifest.v1+json", manifest.to_string().into_bytes())
}

#[test]
fn artifacts_are_passed_over() {
    let image = "application/vnd.oci.image.config.v1+json";
    let empty = "application/vnd.oci.empty.v1+json";
    let kinds = [(image, ""), (empty, ""), (empty, "application/vnd.dev.cosign.artifact.sig.v1+json")];
    let plain = Blobs::layout(&shop(), Packing::Gzip);
    for (config, artifact_type) in kinds {
        let layout = with_more(|layout, entries| entries.push(artifact(layout, config, artifact_type)));
        let figures = reported(&["-"], layout.archive(&[])).unwrap();
        assert_eq!(figures, reported(&["-"], plain.archive(&[])).unwrap(), "{config} {artifact_type}");
        // Alone it is told as what it is.
        let alone = with_more(|layout, entries| *entries = vec![artifact(layout, config, artifact_type)]);
        let told = told(&["-"], alone.archive(&[]));
        assert!(told.contains("found a layer of media type \"application/vnd.dev.cosign"), "{told}");
    }
    // Those of an image in an index of their own.
    let layout = with_more(|layout, entries| {
        let mut entry = artifact(layout, empty, "application/x.sbom");
        entry["artifactType"] = "application/x.sbom".into();
        let index = json!({"schemaVersion": 2, "manifests": [entry]});
        let media_type = "application/vnd.oci.image.index.v1+json";
        entries.push(layout.put(media_type, index.to_string().into_bytes()));
    });
    assert_eq!(reported(&["-"], layout.archive(&[])).unwrap().totals.images, 2);
}

/// The shop with one more image, whose manifest is changed.
fn with_changed(change: impl Fn(&mut Value)) -> Blobs {
    with_more(|layout, entries| {
        let files = vec![("etc/more", "more")];
        let entry = layout.image(&Made { tag: "shop/more:1", layers: vec![files] }, Packing::Gzip);
        let digest = entry["digest"].as_str().unwrap().trim_start_matches("sha256:");
        let mut manifest = serde_json::from_slice(&layout.0[&format!("blobs/sha256/{digest}")]).unwrap();
        change(&mut manifest);
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let mut entry = layout.put(media_type, manifest.to_string().into_bytes());
        entry["annotations"] = json!({"io.containerd.image.name": "docker.io/shop/more:1"});
        entries.push(entry);
    })
}

#[test]
fn images_whose_configurations_have_old_types_are_images() {
    for media_type in ["application/octet-stream", "application/json", "text/html", ""] {
        let layout = with_changed(|manifest| manifest["config"]["mediaType"] = media_type.into());
        let figures = reported(&["-"], layout.archive(&[])).unwrap();
        assert!(figures.images.contains_key("shop/more:1"), "{media_type}: {:?}", figures.images);
    }
}

#[test]
fn layers_that_cannot_be_read_make_no_artifact() {
    for media_type in [
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "application/vnd.oci.image.layer.v1.tar+encrypted",
        "application/vnd.oci.image.layer.nydus.blob.v1",
        "",
    ] {
        let layout = with_changed(|manifest| manifest["layers"][0]["mediaType"] = media_type.into());
        let told = told(&["-"], layout.archive(&[]));
        let expected = format!("shop/more:1: found a layer of media type {media_type:?}, expected");
        assert!(told.contains(&expected), "{told}");
    }
}

#[test]
fn what_is_passed_over_is_told() {
    let empty = "application/vnd.oci.empty.v1+json";
    let layout = with_more(|layout, entries| {
        let mut entry = artifact(layout, empty, "application/x.sbom");
        entries.push(entry.clone());
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": "api.sig"});
        entries.push(entry);
    });
    let request = Request { groups: vec![vec![Place::Input]], platform: amd64(), ..Request::default() };
    let found = contents(&request, layout.archive(&[])).unwrap().artifacts.into_iter().collect::<Vec<_>>();
    assert!(
        matches!(&found[..], [name, digest] if name == "-:api.sig" && digest.starts_with("sha256:")),
        "{found:?}"
    );
    let plain = Blobs::layout(&shop(), Packing::Gzip);
    assert!(contents(&request, plain.archive(&[])).unwrap().artifacts.is_empty());
}

#[test]
fn tags_of_one_image_are_one_image() {
    let layout = with_more(|_, entries| {
        let mut again = entries[0].clone();
        again["annotations"]["io.containerd.image.name"] = "docker.io/shop/api:latest".into();
        entries.push(again);
    });
    check(&reported(&["-"], layout.archive(&[])).unwrap());

    let (mut files, links) = Blobs::saved(&shop());
    let mut list: Value = serde_json::from_slice(&files.0["manifest.json"]).unwrap();
    list[0]["RepoTags"] = json!(["shop/api:1", "shop/api:latest"]);
    let mut again = list[1].clone();
    again["RepoTags"] = json!(["shop/web:latest"]);
    list.as_array_mut().unwrap().push(again);
    files.0.insert("manifest.json".into(), list.to_string().into_bytes());
    check(&reported(&["-"], files.archive(&links)).unwrap());
}
