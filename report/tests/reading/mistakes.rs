//! What is wrong with images is told as what it is, and nothing leads out of a directory.

use layerset_report::Digest;
use serde_json::json;

use crate::made::{Blobs, Packing, layer, packed, shop, told};

/// A layout whose first layer is changed.
fn changed(change: impl Fn(&mut Vec<u8>)) -> Blobs {
    let mut layout = Blobs::layout(&shop(), Packing::Gzip);
    let digest = Digest::of(&packed(&layer(&shop()[0].layers[0]), Packing::Gzip));
    change(layout.0.get_mut(&format!("blobs/sha256/{}", digest.hex())).unwrap());
    layout
}

fn both_ways(layout: &Blobs) -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    layout.write(folder.path());
    let path = format!("{}/", folder.path().display());
    let here = told(&[&path], Vec::new());
    [told(&["-"], layout.archive(&[])), here]
}

#[test]
fn a_damaged_layer_is_told_by_every_image() {
    let damaged = changed(|layer| *layer.last_mut().unwrap() ^= 1);
    let truncated = changed(|layer| layer.truncate(layer.len() / 2));
    for told in both_ways(&damaged) {
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.contains("shop/api:1: layer ") && told.contains("shop/web:1: layer "), "{told}");
        assert!(told.contains("the blob is damaged"), "{told}");
    }
    let [archived, here] = both_ways(&truncated);
    assert!(archived.contains("the blob is damaged"), "{archived}");
    assert!(here.contains("the blob is truncated"), "{here}");
}

#[test]
fn what_is_no_layer_is_told() {
    let mut layout = Blobs::default();
    let made = &shop()[0];
    layout.image(made, Packing::Gzip);
    let text = b"not an archive at all";
    let blob = layout.put("application/vnd.oci.image.layer.v1.tar+gzip", text.to_vec());
    let config = json!({"rootfs": {"diff_ids": [Digest::of(text).to_string()]}});
    let config = layout.put("application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
    let with = |layer: serde_json::Value| {
        let mut layout = layout.clone();
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": [layer]});
        let entry = layout.put("", manifest.to_string().into_bytes());
        let index = json!({"schemaVersion": 2, "manifests": [entry]});
        layout.0.insert("index.json".into(), index.to_string().into_bytes());
        both_ways(&layout)
    };
    for told in with(blob.clone()) {
        assert!(told.contains("expected a tar archive") || told.contains("found no layer"), "{told}");
    }
    let mut unknown = blob.clone();
    unknown["mediaType"] = "application/vnd.wasm.content.layer.v1+wasm".into();
    for told in with(unknown) {
        assert!(told.contains("found a layer of media type \"application/vnd.wasm"), "{told}");
    }
    let mut absent = blob;
    absent["digest"] = Digest::of(b"absent").to_string().into();
    for told in with(absent.clone()) {
        assert!(told.contains("found no layer blobs/sha256/") || told.contains("cannot read "), "{told}");
    }
    // A digest is no path.
    absent["digest"] = "sha256:../../../../etc/passwd".into();
    for told in with(absent) {
        assert!(told.contains("found the digest \"sha256:../../../../etc/passwd\", expected"), "{told}");
    }
}

#[test]
fn layers_that_are_not_those_of_the_configuration_are_told() {
    let (mut files, links) = Blobs::saved(&shop());
    let path = files.0.keys().find(|path| path.ends_with("api:1-1/layer.tar")).unwrap().clone();
    files.0.insert(path, layer(&[("app/evil", "evil")]));
    let told = told(&["-"], files.archive(&links));
    assert!(
        told.starts_with("shop/api:1: layer sha256:") && told.contains("as the configuration says"),
        "{told}"
    );
}

#[test]
fn an_old_archive_leads_nowhere_else() {
    let list = json!([{"Config": "../../etc/hostname", "Layers": ["/etc/passwd"]}]);
    let mut files = Blobs::default();
    files.0.insert("manifest.json".into(), list.to_string().into_bytes());
    for told in both_ways(&files) {
        assert!(told.contains("found no ../../etc/hostname, the archive is not whole"), "{told}");
    }
}

#[test]
fn what_is_no_archive_of_images_is_told() {
    let mut nothing = Blobs::default();
    nothing.0.insert("a.txt".into(), b"a".to_vec());
    for told in both_ways(&nothing) {
        assert!(
            told.contains("found neither index.json nor manifest.json, expected an OCI layout"),
            "{told}"
        );
    }
    let whole = Blobs::layout(&shop(), Packing::Gzip).archive(&[]);
    let cut = told(&["-"], whole[..whole.len() / 2].to_vec());
    assert!(
        cut.starts_with("standard input: ") && cut.contains("truncated") || cut.contains("neither"),
        "{cut}"
    );
    let text = told(&["-"], b"no archive".to_vec());
    assert!(text.starts_with("standard input: found a blob that begins with the bytes 6e 6f"), "{text}");
    let missing = told(&["./nowhere.tar", "./neither/", "-"], Vec::new());
    assert_eq!(missing.lines().count(), 2, "all at once, before anything is read: {missing}");
    // What cannot be looked at may be there.
    let file = tempfile::NamedTempFile::new().unwrap();
    let below = told(&[&format!("{}/images.tar", file.path().display())], Vec::new());
    assert!(below.contains("images.tar: cannot read it: Not a directory"), "{below}");
}

#[test]
fn a_platform_that_is_not_there_is_told() {
    let layout = Blobs::layout(&shop()[..1], Packing::Gzip);
    let group = vec![layerset_report::Place::Input];
    let platform = layerset_report::Platform { architecture: "arm64".into(), ..crate::made::amd64() };
    let request = layerset_report::Request { groups: vec![group], platform, ..Default::default() };
    let told = crate::made::contents(&request, layout.archive(&[])).unwrap_err().to_string();
    let expected =
        "found no image for linux/arm64; there is linux/amd64, linux/s390x: choose with --platform";
    assert_eq!(told, format!("standard input: shop/api:1: {expected}"));
}
