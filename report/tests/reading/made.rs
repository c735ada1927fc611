//! Images for the tests, made in memory.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use layerset_report::{
    Contents, Digest, Figures, Place, Platform, Problems, Progress, Request, figures, read,
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::{Value, json};

/// How a layer is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// An image: layers of files.
pub(crate) struct Made {
    pub(crate) tag: &'static str,
    pub(crate) layers: Vec<Vec<(&'static str, &'static str)>>,
}

/// Two images with a layer in common, a file in two layers and one that is hidden.
pub(crate) fn shop() -> Vec<Made> {
    let base = vec![("etc/os-release", "shop linux"), ("bin/sh", "the shell of both")];
    let api = vec![("app/api", "api"), ("app/shared", "in both of them"), ("etc/os-release", "changed")];
    let web = vec![("srv/web", "web"), ("srv/shared", "in both of them")];
    vec![
        Made { tag: "shop/api:1", layers: vec![base.clone(), api] },
        Made { tag: "shop/web:1", layers: vec![base, web] },
    ]
}

pub(crate) fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn packed(plain: &[u8], packing: Packing) -> Vec<u8> {
    match packing {
        Packing::Plain => plain.to_vec(),
        Packing::Zstd => compress_to_vec(plain, CompressionLevel::Fastest),
        Packing::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// Files by path, as an OCI layout has them.
#[derive(Clone, Default)]
pub(crate) struct Blobs(pub(crate) BTreeMap<String, Vec<u8>>);

impl Blobs {
    /// Puts a blob there, and describes it.
    pub(crate) fn put(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let digest = Digest::of(&bytes);
        let size = bytes.len();
        self.0.insert(format!("blobs/sha256/{}", digest.hex()), bytes);
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": size})
    }

    /// Puts an image there; the descriptor of its image manifest.
    pub(crate) fn image(&mut self, made: &Made, packing: Packing) -> Value {
        let (mut layers, mut ids) = (Vec::new(), Vec::new());
        for files in &made.layers {
            let plain = layer(files);
            ids.push(Digest::of(&plain).to_string());
            let end = match packing {
                Packing::Plain => "",
                Packing::Gzip => "+gzip",
                Packing::Zstd => "+zstd",
            };
            layers.push(
                self.put(&format!("application/vnd.oci.image.layer.v1.tar{end}"), packed(&plain, packing)),
            );
        }
        let config = json!({
            "os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ids},
            "history": [{"created_by": "ADD base"}, {"created_by": "ENV A=b", "empty_layer": true}, {"created_by": "COPY own"}],
        });
        let config = self.put("application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
        self.put("application/vnd.oci.image.manifest.v1+json", manifest.to_string().into_bytes())
    }

    /// An index with an image for this platform, one for another that is not there, and an attestation.
    pub(crate) fn index(&mut self, made: &Made, packing: Packing) -> Value {
        let mut image = self.image(made, packing);
        image["platform"] = json!({"os": "linux", "architecture": "amd64"});
        let absent = |platform: Value| {
            json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1,
                "digest": Digest::of(platform.to_string().as_bytes()).to_string(), "platform": platform})
        };
        let mut attestation = absent(json!({"os": "unknown", "architecture": "unknown"}));
        attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
        let other = absent(json!({"os": "linux", "architecture": "s390x"}));
        let index = json!({"schemaVersion": 2, "manifests": [other, attestation, image]});
        self.put("application/vnd.oci.image.index.v1+json", index.to_string().into_bytes())
    }

    /// An OCI layout of images.
    pub(crate) fn layout(made: &[Made], packing: Packing) -> Self {
        let mut blobs = Self::default();
        let mut entries = Vec::new();
        for made in made {
            let mut entry = blobs.index(made, packing);
            entry["annotations"] = json!({"io.containerd.image.name": format!("docker.io/{}", made.tag)});
            entries.push(entry);
        }
        let index = json!({"schemaVersion": 2, "manifests": entries});
        blobs.0.insert("index.json".into(), index.to_string().into_bytes());
        blobs.0.insert("oci-layout".into(), br#"{"imageLayoutVersion": "1.0.0"}"#.to_vec());
        blobs
    }

    /// What `docker save` wrote before it knew OCI layouts: a layer of two images is there once, and a link to it.
    pub(crate) fn saved(made: &[Made]) -> (Self, Vec<(String, String)>) {
        let (mut files, mut links, mut list) = (Self::default(), Vec::new(), Vec::new());
        let mut first: BTreeMap<Digest, String> = BTreeMap::new();
        for made in made {
            let (mut layers, mut ids) = (Vec::new(), Vec::new());
            for (at, content) in made.layers.iter().enumerate() {
                let plain = layer(content);
                let digest = Digest::of(&plain);
                let path = format!("{}-{at}/layer.tar", made.tag.replace('/', "-"));
                if let Some(there) = first.get(&digest) {
                    links.push((path.clone(), format!("../{there}")));
                } else {
                    first.insert(digest, path.clone());
                    files.0.insert(path.clone(), plain);
                }
                ids.push(digest.to_string());
                layers.push(path);
            }
            let config =
                json!({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": ids}}).to_string();
            let name = format!("{}.json", Digest::of(config.as_bytes()).hex());
            files.0.insert(name.clone(), config.into_bytes());
            list.push(json!({"Config": name, "RepoTags": [made.tag], "Layers": layers}));
        }
        files.0.insert("manifest.json".into(), Value::from(list).to_string().into_bytes());
        (files, links)
    }

    /// As a tar archive.
    pub(crate) fn archive(&self, links: &[(String, String)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, &content[..]).unwrap();
        }
        for (path, target) in links {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            builder.append_link(&mut header, path, target).unwrap();
        }
        builder.into_inner().unwrap()
    }

    /// As a directory.
    pub(crate) fn write(&self, to: &std::path::Path) {
        for (path, content) in &self.0 {
            let file = to.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
    }
}

pub(crate) fn amd64() -> Platform {
    Platform { os: "linux".into(), architecture: "amd64".into(), variant: String::new() }
}

/// Reads images as the command line does, `input` being standard input.
pub(crate) fn contents(request: &Request, input: Vec<u8>) -> Result<Contents, Problems> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(read(request, &std::sync::Arc::new(Progress::default()), std::io::Cursor::new(input)))
}

/// The figures of one group of places.
pub(crate) fn reported(places: &[&str], input: Vec<u8>) -> Result<Figures, Problems> {
    let group = places.iter().map(|text| Place::parse(text).unwrap()).collect();
    let request = Request { groups: vec![group], platform: amd64(), ..Request::default() };
    let contents = contents(&request, input)?;
    Ok(figures(&contents.groups[0], &contents.shelf))
}

/// What went wrong.
pub(crate) fn told(places: &[&str], input: Vec<u8>) -> String {
    reported(places, input).unwrap_err().to_string()
}
