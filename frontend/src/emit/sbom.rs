//! Steps that list what an image is made of: one of our own, and that of a scanner. Both mount the image as it is
//! built, read-only. Source: moby/buildkit `frontend/attestations/sbom/sbom.go`, `docs/attestations/sbom-protocol.md`.

use buildkit_llb::{Edge, Exec, File, Graph, Image, Metadata, Mkfile, Mount, NetMode};
use buildkit_proto::pb;

use super::{FILE_TIME, OwnImage};
use crate::plan::ImageConfig;

/// Where a scanner finds the image.
const SOURCE: &str = "/run/src/core/sbom";
/// Where a scanner writes to.
const DESTINATION: &str = "/run/out/";

/// A scanner's image.
#[derive(Clone, Debug)]
pub struct Scanner {
    /// Its full reference, with digest.
    pub reference: String,
    /// Its configuration: what is run, and how.
    pub config: ImageConfig,
    /// The platform that it runs on.
    pub platform: pb::Platform,
    /// What it is told besides, `BUILDKIT_SCAN_NAME=value`.
    pub environment: Vec<(String, String)>,
}

/// A directory with the file `file`: our own list. `request` says what is known of the image; `None`: its own image is
/// none that a step could run on.
pub fn own_sbom(
    own: &OwnImage,
    image: &pb::Definition,
    request: Vec<u8>,
    file: &str,
    id: &str,
) -> Option<pb::Definition> {
    let mut graph = Graph::new();
    let program = graph.import(&own.definition).ok()??;
    let image = graph.import(image).ok()?;
    // A file, because an argument cannot have more than 128 KiB.
    let request = Mkfile { timestamp: Some(FILE_TIME), ..Mkfile::new("/request.json", request) };
    let request = graph.add(File::on(None).mkfile(request), Metadata::named("[internal] list of packages"));
    let argv = [own.program.as_str(), "sbom", "/out", file, "/request/request.json", "/image"];
    let exec = Exec::new(program, argv)
        .network(NetMode::None)
        .mount(Mount::bind("/request", request).readonly())
        .mount(Mount::scratch("/out"));
    let exec = match image {
        Some(image) => exec.mount(Mount::bind("/image", image).readonly()),
        None => exec,
    };
    let output = exec.output_of("/out")?;
    let edge = graph.add(exec, Metadata::named(format!("[{id}] list what the image is made of")));
    Some(graph.definition(edge.output(output)))
}

/// A directory with what a scanner finds in the image. `None`: the image has no files.
pub fn scan(scanner: &Scanner, image: &pb::Definition, id: &str, no_cache: bool) -> Option<pb::Definition> {
    let mut graph = Graph::new();
    let image = graph.import(image).ok()??;
    let source = Image::new(scanner.reference.clone()).platform(scanner.platform.clone());
    let root: Edge = graph.add(source, Metadata::default());
    let config = &scanner.config.config;
    let argv = config.entrypoint.iter().chain(&config.cmd).flatten().cloned();
    let mut exec = Exec::new(root, argv).platform(scanner.platform.clone()).cwd(scanner.config.working_dir());
    for entry in &config.env {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        exec = exec.env(name, value);
    }
    exec = exec.env("BUILDKIT_SCAN_DESTINATION", DESTINATION).env("BUILDKIT_SCAN_SOURCE", SOURCE);
    for (name, value) in &scanner.environment {
        exec = exec.env(format!("BUILDKIT_SCAN_{name}"), value);
    }
    let exec = exec
        .mount(Mount::tmpfs("/tmp", 0))
        .mount(Mount::bind(SOURCE, image).readonly())
        .mount(Mount::scratch(DESTINATION));
    let output = exec.output_of(DESTINATION)?;
    let metadata = Metadata::named(format!("[{id}] generating sbom using {}", scanner.reference));
    let edge = graph.add(exec, if no_cache { metadata.ignore_cache() } else { metadata });
    Some(graph.definition(edge.output(output)))
}
