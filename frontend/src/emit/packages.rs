//! Layers of Python packages: each wheel downloaded once and checked, then installed by a step on the
//! frontend's own image, without network. Neither the base image nor the resolver is an input, so a patched base
//! installs nothing again.

use buildkit_llb::{Edge, Exec, Http, Metadata, Mount, NetMode};

use super::Emitter;
use crate::plan::{Installed, Layer, WheelSource};

/// Where a step finds its wheels.
const WHEELS: &str = "/wheels";
/// Where it installs them.
const ROOT: &str = "/layer";

impl Emitter<'_> {
    /// The layer on nothing; `None` if this process does not know the image it runs in.
    pub(super) fn packages(&mut self, layer: &Layer, packages: &Installed) -> Option<Edge> {
        let own = self.input.settings.own_image.as_ref()?;
        let program = self.graph.import(&own.definition).ok()??;
        let scheme = serde_json::to_string(&packages.scheme).unwrap_or_default();
        let mut argv = vec![own.program.clone(), "unwheel".into(), scheme, ROOT.into()];
        let mut mounts = vec![Mount::scratch(ROOT)];
        for (number, wheel) in packages.wheels.iter().enumerate() {
            let directory = format!("{WHEELS}/{number}");
            let (mount, path) = self.wheel(&wheel.source, directory)?;
            mounts.push(mount.readonly());
            argv.push(path);
        }
        let exec = Exec::new(program, argv).network(NetMode::None);
        let exec = mounts.into_iter().fold(exec, Exec::mount);
        let output = exec.output_of(ROOT)?;
        let metadata = self.metadata(layer.name.clone(), &layer.spans);
        Some(self.graph.add(exec, metadata).output(output))
    }

    /// The mount that has a wheel below `directory`, and its path.
    fn wheel(&mut self, source: &WheelSource, directory: String) -> Option<(Mount, String)> {
        match source {
            WheelSource::Url { filename, .. } => {
                let path = format!("{directory}/{filename}");
                Some((Mount::bind(directory, self.download(source)?), path))
            }
            WheelSource::Context { filename, path, .. } => {
                let to = format!("{directory}/{filename}");
                Some((Mount::bind(&to, self.context()).selector(format!("/{path}")), to))
            }
            WheelSource::Sdist { .. } => None,
        }
    }

    /// A file by its address and hash.
    pub(super) fn download(&mut self, source: &WheelSource) -> Option<Edge> {
        let WheelSource::Url { filename, url, sha256, secret } = source else { return None };
        let http = Http::new(url.clone()).checksum(format!("sha256:{sha256}")).filename(filename.clone());
        let http = match secret {
            Some(secret) => http.auth_header_secret(secret.clone()),
            None => http,
        };
        Some(self.graph.add(http, Metadata::named(format!("[wheels] download {filename}"))))
    }
}
