//! Layers of Python packages: each wheel downloaded once and checked, then installed by a step on nothing but the
//! frontend's own program, without network. Neither the base image nor the resolver is an input, so a patched base
//! installs nothing again. What has to be built or compiled is, by steps on the stage.

use buildkit_llb::{CacheSharing, Edge, Exec, Http, Mount, NetMode, Secret};

use super::own::{OUT, OWN, STEP};
use super::step::limited;
use super::{Built, Emitter};
use crate::diagnostic::Span;
use crate::manifest::model::Network;
use crate::plan::{Installed, Layer, Wheel, WheelSource};

/// An output, or why there is none.
pub(super) type Made = Result<Edge, &'static str>;

pub(super) const NO_OWN_IMAGE: &str = "the engine does not tell this frontend its own image: name the frontend with a syntax line, or with gateway.v0";
pub(super) const NO_OUTPUT: &str = "internal error: a step has no output";
const NO_STAGE: &str = "a wheel is to be built or compiled with Python, and the service is built on nothing";
const NO_RUNTIME: &str =
    "its Python does not tell what it needs to compile modules: leave out bytecode: true";
const NO_CREDENTIALS: &str = "to download with the secret of an index the engine has to have BuildKit 0.21 or newer; build on such a \
     builder, or take wheels of the context: python.wheels";
const NO_FILE: &str = "internal error: a source distribution is no file";

/// The image of uv, where no context `uv` takes its place.
pub const UV_IMAGE: &str = "ghcr.io/astral-sh/uv:latest";

/// Where a step finds its wheels.
const WHEELS: &str = "/wheels";
/// Where it installs them.
const ROOT: &str = "/layer";

impl Emitter<'_> {
    /// The layer on nothing, for an image on `below`; else what a step needs and has not.
    pub(super) fn packages(
        &mut self,
        layer: &Layer,
        packages: &Installed,
        below: &Built,
        name: &str,
    ) -> Made {
        let own = self.input.settings.own_image.as_ref().ok_or(NO_OWN_IMAGE)?;
        let program = format!("{OWN}{}", own.program);
        let scheme = serde_json::to_string(&packages.scheme).unwrap_or_default();
        // On nothing, and this program alone is an input: then its content is the cache key. By the image's own key an engine that
        // has just pulled the image, to run this frontend, finds nothing in an imported cache (docs/decisions/0017).
        let own = Mount::bind(&program, self.own_root(own)?).selector(own.program.clone()).readonly();
        let mut argv = vec![program, "unwheel".into()];
        let mut mounts = vec![own, Mount::scratch(ROOT)];
        if packages.bytecode {
            mounts.extend(self.compiler(packages, (below, name), &mut argv)?);
        }
        argv.extend([scheme, ROOT.into()]);
        for (number, wheel) in packages.wheels.iter().enumerate() {
            let directory = format!("{WHEELS}/{number}");
            let (mount, path) = self.wheel(wheel, layer, packages, below, directory)?;
            mounts.push(mount.readonly());
            argv.push(path);
        }
        let exec = Exec::new(None, argv).network(NetMode::None);
        let exec = mounts.into_iter().fold(exec, Exec::mount);
        let output = exec.output_of(ROOT).ok_or(NO_OUTPUT)?;
        let metadata = limited(self.layer_metadata(layer, layer.name.clone()), self.input.settings);
        Ok(self.graph.add(exec, metadata).output(output))
    }

    /// The interpreter alone, for the stage or service `name` on `below`, which is told by `argv`. Only this much of the
    /// stage is an input: whatever else of it changes, nothing is installed again. Compiled modules are the
    /// same for every processor.
    fn compiler(
        &mut self,
        packages: &Installed,
        (below, name): (&Built, &str),
        argv: &mut Vec<String>,
    ) -> Result<Vec<Mount>, &'static str> {
        let stage = match self.native_below(name) {
            Some((stage, _)) => stage,
            None => below.edge.ok_or(NO_STAGE)?,
        };
        let runtime = packages.runtime.as_ref().ok_or(NO_RUNTIME)?;
        argv.extend(["--compile".into(), serde_json::to_string(runtime).unwrap_or_default()]);
        let alone = |path: &String| Mount::bind(path, stage).selector(path.clone()).readonly();
        Ok(runtime.paths.iter().map(alone).collect())
    }

    /// The mount that has a wheel below `directory`, and how the step is told of it.
    fn wheel(
        &mut self,
        wheel: &Wheel,
        layer: &Layer,
        packages: &Installed,
        below: &Built,
        directory: String,
    ) -> Result<(Mount, String), &'static str> {
        match &wheel.source {
            WheelSource::Url { filename, .. } => {
                let path = format!("{directory}/{filename}");
                Ok((Mount::bind(directory, self.download(&wheel.source, &layer.spans)?), path))
            }
            WheelSource::Context { filename, path, sha256 } => {
                let to = format!("{directory}/{filename}");
                let mount = Mount::bind(&to, self.context()).selector(format!("/{path}"));
                Ok((mount, format!("sha256:{sha256}={to}")))
            }
            WheelSource::Sdist { sdist } => {
                let built = self.built_wheel(wheel, sdist, layer, packages, below)?;
                Ok((Mount::bind(&directory, built), directory))
            }
        }
    }

    /// A file by its address and hash.
    fn download(&mut self, source: &WheelSource, spans: &[Span]) -> Made {
        let WheelSource::Url { filename, url, sha256, secret } = source else { return Err(NO_FILE) };
        let http = Http::new(url.clone()).checksum(format!("sha256:{sha256}")).filename(filename.clone());
        let http = match secret {
            Some(_) if !self.input.settings.http_auth => return Err(NO_CREDENTIALS),
            Some(secret) => http.auth_header_secret(secret.clone()),
            None => http,
        };
        // No progress group: of a group that fails nobody would see which file it was.
        let metadata = self.metadata(format!("[wheels] download {filename}"), spans);
        Ok(self.graph.add(http, metadata))
    }

    /// A directory with the wheel that a source distribution builds into.
    fn built_wheel(
        &mut self,
        wheel: &Wheel,
        sdist: &WheelSource,
        layer: &Layer,
        packages: &Installed,
        below: &Built,
    ) -> Made {
        let platform = self.platform_or(below.platform.as_ref());
        let uv = self
            .external_for("uv", "uv", platform.clone(), Span::default())
            .ok_or("the build context uv is empty: found scratch, expected an image with uv")?;
        let (mount, path) = match sdist {
            WheelSource::Url { filename, .. } => (
                Mount::bind(format!("{STEP}/sdist"), self.download(sdist, &layer.spans)?),
                format!("{STEP}/sdist/{filename}"),
            ),
            WheelSource::Context { filename, path, sha256 } => {
                let to = format!("{STEP}/sdist/{filename}");
                let mount = Mount::bind(&to, self.context()).selector(format!("/{path}"));
                (mount, format!("sha256:{sha256}={to}"))
            }
            WheelSource::Sdist { .. } => return Err(NO_FILE),
        };
        let python = packages.scheme.executable.clone();
        let (name, indexes) = (wheel.name.clone(), packages.requirements.indexes.clone());
        let argv = ["build-wheel".to_owned(), OUT.to_owned(), python, path, name, indexes];
        let exec = self.on_stage(below.edge.ok_or(NO_STAGE)?, platform, argv)?;
        let exec = self
            .sandboxed(with_environment(exec, below), Network::Default)
            .mount(mount.readonly())
            .mount(Mount::bind(format!("{STEP}/uv"), uv).readonly())
            .mount(self.cache(format!("{STEP}/cache"), "layerset-uv", CacheSharing::Shared));
        let exec = match &packages.requirements.wheels {
            Some(wheels) => exec.mount(self.wheels_directory(wheels)),
            None => exec,
        };
        let exec = match &packages.requirements.certificates {
            Some(file) => {
                let mount = Mount::bind(format!("{STEP}/certificates.pem"), self.context());
                exec.mount(mount.selector(format!("/{file}")).readonly())
            }
            None => exec,
        };
        let secrets = packages.requirements.secrets.iter();
        let exec = secrets.fold(exec, |exec, (id, file)| {
            exec.mount(Mount::secret(file, Secret { optional: true, ..Secret::new(id) }))
        });
        let output = exec.output_of(OUT).ok_or(NO_OUTPUT)?;
        let name = format!("[wheels] build {}=={}", wheel.name, wheel.version);
        let consumers = layer.consumers.iter().filter_map(|consumer| Some(consumer.split_once(' ')?.1));
        let metadata = self.step_metadata(self.metadata(name, &layer.spans), consumers);
        Ok(self.graph.add(exec, metadata).output(output))
    }

    /// A directory of wheels in the context, where steps on a stage look for it. Only this one: with the whole
    /// context a change of anything else would have the step run again.
    pub(super) fn wheels_directory(&mut self, wheels: &str) -> Mount {
        let mount = Mount::bind(format!("{STEP}/context/{wheels}"), self.context());
        mount.selector(format!("/{wheels}")).readonly()
    }
}

/// The environment of what is built so far.
fn with_environment(exec: Exec, below: &Built) -> Exec {
    let entries = below.config.config.env.iter().filter_map(|entry| entry.split_once('='));
    entries.fold(exec, |exec, (name, value)| exec.env(name, value))
}
