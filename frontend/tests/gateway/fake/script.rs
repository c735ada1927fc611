//! What the fake knows and how it behaves.

use std::collections::BTreeMap;

use buildkit_proto::gateway as gw;
use buildkit_proto::pb;
use buildkit_proto::{caps, stat};
use tonic::Status;

use super::call::{Call, ops};

/// Contents by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// An image of the fake's registry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub(crate) digest: String,
    pub(crate) config: String,
    /// What a policy puts in its place.
    pub(crate) rewritten: Option<String>,
}

/// What happens to a call.
pub(crate) enum Reaction {
    /// It is answered as the script says.
    Answer,
    /// It is refused.
    Fail(Status),
    /// The connection ends.
    HangUp,
}

/// The fake's knowledge.
pub(crate) struct Script {
    pub(crate) frontend_caps: Vec<&'static str>,
    pub(crate) llb_caps: Vec<&'static str>,
    /// Local sources by name.
    pub(crate) locals: BTreeMap<String, Files>,
    /// Images by full reference.
    pub(crate) images: BTreeMap<String, Image>,
    /// Definitions that the client hands in.
    pub(crate) inputs: BTreeMap<String, pb::Definition>,
    /// The files that steps write.
    pub(crate) answers: Files,
    /// What happens to each call.
    pub(crate) react: Box<dyn Fn(&Call) -> Reaction + Send + Sync>,
}

/// What a ref stands for.
pub(super) enum Stands {
    /// A local source, of which only some paths were asked for.
    Local { name: String, only: Option<Vec<String>> },
    /// Something built: it has what steps write.
    Built,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            frontend_caps: vec![
                "frontend.inputs",
                "gateway.evaluate",
                "gateway.warnings",
                "readdir",
                "resolveimage",
                "source.metaresolver",
                "statfile",
            ],
            llb_caps: vec!["file.copy.modestring", "mergeop"],
            locals: BTreeMap::new(),
            images: BTreeMap::new(),
            inputs: BTreeMap::new(),
            answers: Files::new(),
            react: Box::new(|_| Reaction::Answer),
        }
    }
}

impl Script {
    /// The engine's answer to Ping. A cap that is listed but not enabled is one it does not have.
    pub(super) fn pong(&self) -> gw::PongResponse {
        let cap = |id: &str, enabled| caps::ApiCap { id: id.to_owned(), enabled, ..Default::default() };
        let caps = |ids: &[&str], all: &[&str]| {
            let off = all.iter().filter(|id| !ids.contains(id)).map(|id| cap(id, false));
            ids.iter().map(|id| cap(id, true)).chain(off).collect()
        };
        let all = Self::default();
        gw::PongResponse {
            frontend_api_caps: caps(&self.frontend_caps, &all.frontend_caps),
            llb_caps: caps(&self.llb_caps, &all.llb_caps),
            workers: Vec::new(),
        }
    }

    pub(super) fn image(&self, reference: &str) -> Result<&Image, Status> {
        self.images.get(reference).ok_or_else(|| Status::unknown(format!("{reference}: not found")))
    }

    /// A file of a ref, if the ref has it.
    pub(super) fn file(&self, stands: &Stands, path: &str) -> Result<&[u8], Status> {
        let files = self.files(stands, path)?;
        files.get(path).map(Vec::as_slice).ok_or_else(|| missing(path))
    }

    /// What is at a path: a file or, above one, a directory.
    pub(super) fn stat(&self, stands: &Stands, path: &str) -> Result<stat::Stat, Status> {
        let files = self.files(stands, path)?;
        if let Some(data) = files.get(path) {
            let size = i64::try_from(data.len()).unwrap_or(i64::MAX);
            return Ok(stat::Stat { path: path.to_owned(), mode: 0o644, size, ..Default::default() });
        }
        let below = format!("{path}/");
        if files.range(below.clone()..).next().is_some_and(|(file, _)| file.starts_with(&below)) {
            return Ok(directory(path));
        }
        Err(missing(path))
    }

    /// The entries of a directory, `""` for the root.
    pub(super) fn entries(&self, stands: &Stands, path: &str) -> Result<Vec<stat::Stat>, Status> {
        let files = self.files(stands, path)?;
        let above = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut entries: BTreeMap<&str, stat::Stat> = BTreeMap::new();
        for name in files.keys().filter_map(|file| file.strip_prefix(&above)) {
            match name.split_once('/') {
                Some((name, _)) => entries.insert(name, directory(name)),
                None => entries
                    .insert(name, stat::Stat { path: name.to_owned(), mode: 0o644, ..Default::default() }),
            };
        }
        if entries.is_empty() { Err(missing(path)) } else { Ok(entries.into_values().collect()) }
    }

    /// The files behind a ref. A path that was not asked for was not sent.
    fn files(&self, stands: &Stands, path: &str) -> Result<&Files, Status> {
        let Stands::Local { name, only } = stands else { return Ok(&self.answers) };
        if only.as_ref().is_some_and(|only| !only.iter().any(|asked| asked == path)) {
            return Err(missing(path));
        }
        self.locals.get(name).ok_or_else(|| Status::unknown(format!("no local source {name:?}")))
    }
}

impl Stands {
    /// What the result of a definition stands for.
    pub(super) fn of(definition: &pb::Definition) -> Self {
        let all = ops(definition);
        let [pb::Op { op: Some(pb::op::Op::Source(source)), .. }] = &all[..] else { return Self::Built };
        let Some(name) = source.identifier.strip_prefix("local://") else { return Self::Built };
        let only = source.attrs.get("local.followpaths").and_then(|json| serde_json::from_str(json).ok());
        Self::Local { name: name.to_owned(), only }
    }
}

fn directory(path: &str) -> stat::Stat {
    stat::Stat { path: path.to_owned(), mode: 1 << 31 | 0o755, ..Default::default() }
}

/// `BuildKit` has no code for it, only the text of Go's error.
fn missing(path: &str) -> Status {
    Status::unknown(format!("lstat /{path}: no such file or directory"))
}
