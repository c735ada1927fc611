//! What the engine tells the frontend through its environment. This is the only file that reads it.
//! Source: moby/buildkit `frontend/gateway/gateway.go` (the variables), `frontend/dockerui` and
//! docker/buildx `build/opt.go` (the options).

mod attest;
mod machine;
mod others;
mod sandbox;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub use sandbox::{Resources, Sandbox, Ulimit};

use crate::platform::Platform;

pub use attest::Sbom;
pub use machine::surroundings;
pub use others::{NoPlace, args_for_others};

/// A cache to import from, as `--cache-from` gives it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CacheImport {
    /// `registry`, `local`, `gha` …
    #[serde(default)]
    pub r#type: String,
    /// Its attributes.
    #[serde(default)]
    pub attrs: BTreeMap<String, String>,
}

/// What is built without cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NoCache {
    /// Nothing.
    #[default]
    Nothing,
    /// Everything.
    All,
    /// These stages and services.
    Named(BTreeSet<String>),
}

/// The options of one build.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The manifest's path below its local source.
    pub filename: String,
    /// Name of the local source of the manifest.
    pub manifest_local: String,
    /// Name of the local source of the context.
    pub context_local: String,
    /// `--target`.
    pub target: Option<String>,
    /// `--platform`; empty: the worker's.
    pub platforms: Vec<Platform>,
    /// Whether the result is an index even for one platform.
    pub multi_platform: bool,
    /// The platforms that the worker runs, its own first; the others emulated.
    pub worker_platforms: Vec<Platform>,
    /// `--build-arg`.
    pub build_args: BTreeMap<String, String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--no-cache`, `--no-cache-filter`.
    pub no_cache: NoCache,
    /// `--cache-from`.
    pub cache_imports: Vec<CacheImport>,
    /// `--build-context` by name, `NAME` or `NAME::PLATFORM`.
    pub contexts: BTreeMap<String, String>,
    /// The session of this build.
    pub session: String,
    /// Sessions that bake shares between targets, by local source.
    pub local_sessions: BTreeMap<String, String>,
    /// `--call=NAME`, without `frontend.`.
    pub call: Option<String>,
    /// `--pull`: the image resolve mode.
    pub resolve_mode: String,
    /// What steps run in.
    pub sandbox: Sandbox,
    /// `--sbom`.
    pub sbom: Option<Sbom>,
    /// Every option as it came, for what is handed on untouched.
    pub raw: BTreeMap<String, String>,
}

/// An option with a value that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("option {name}: found {value:?}, expected {expected}")]
pub struct BadOption {
    name: &'static str,
    value: String,
    expected: &'static str,
}

impl BadOption {
    fn new(name: &'static str, value: &str, expected: &'static str) -> Self {
        Self { name, value: value.to_owned(), expected }
    }
}

/// Whether this process was started by an engine, as a frontend.
#[expect(clippy::disallowed_methods, reason = "this file is the reader of the environment")]
pub fn is_frontend() -> bool {
    std::env::var("BUILDKIT_SESSION_ID").is_ok() && std::env::var("BUILDKIT_WORKERS").is_ok()
}

/// Reads the environment of this process.
pub fn from_environment() -> Result<Options, BadOption> {
    parse(
        std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))),
    )
}

/// Reads any environment, given as names and values.
pub fn parse(environment: impl Iterator<Item = (String, String)>) -> Result<Options, BadOption> {
    let mut options = Options::default();
    let mut workers = String::new();
    for (key, value) in environment {
        if key.starts_with("BUILDKIT_FRONTEND_OPT_") {
            if let Some((name, value)) = value.split_once('=') {
                options.raw.insert(name.to_owned(), value.to_owned());
            }
        } else if key == "BUILDKIT_SESSION_ID" {
            options.session = value;
        } else if key == "BUILDKIT_WORKERS" {
            workers = value;
        }
    }
    options.worker_platforms = worker_platforms(&workers);
    options.read_raw()?;
    Ok(options)
}

impl Options {
    fn read_raw(&mut self) -> Result<(), BadOption> {
        let raw = std::mem::take(&mut self.raw);
        let text = |name: &str| raw.get(name).filter(|value| !value.is_empty()).cloned();
        self.filename = text("filename").unwrap_or_else(|| "layerset.yaml".into());
        self.manifest_local = text("dockerfilekey").unwrap_or_else(|| "dockerfile".into());
        self.context_local = text("contextkey").unwrap_or_else(|| "context".into());
        self.target = text("target");
        self.resolve_mode = text("image-resolve-mode").unwrap_or_default();
        self.call =
            text("requestid").map(|id| id.strip_prefix("frontend.").map_or(id.clone(), str::to_owned));
        for name in text("platform").iter().flat_map(|list| list.split(',')) {
            let bad = || BadOption {
                name: "platform",
                value: name.to_owned(),
                expected: "a platform such as linux/arm64",
            };
            let platform = Platform::parse(name).ok_or_else(bad)?;
            if !self.platforms.contains(&platform) {
                self.platforms.push(platform);
            }
        }
        let several = self.platforms.len() > 1;
        let multi = text("build-arg:BUILDKIT_MULTI_PLATFORM").or_else(|| text("multi-platform"));
        self.multi_platform = match multi {
            None => several,
            Some(value) => {
                let expected = match boolean(&value) {
                    None => "true or false",
                    Some(false) if several => "true: there are several platforms",
                    Some(_) => "",
                };
                if !expected.is_empty() {
                    return Err(BadOption { name: "multi-platform", value, expected });
                }
                boolean(&value) == Some(true)
            }
        };
        if let Some(value) = text("cache-imports") {
            self.cache_imports = serde_json::from_str(&value).map_err(|_| BadOption {
                name: "cache-imports",
                value,
                expected: "a JSON list of {\"Type\", \"Attrs\"}",
            })?;
        }
        for reference in text("cache-from").iter().flat_map(|list| list.split(',')) {
            let attrs = BTreeMap::from([("ref".to_owned(), reference.to_owned())]);
            self.cache_imports.push(CacheImport { r#type: "registry".into(), attrs });
        }
        self.no_cache = match raw.get("no-cache").map(String::as_str) {
            None => NoCache::Nothing,
            Some("") => NoCache::All,
            Some(names) => NoCache::Named(names.split(',').map(str::to_owned).collect()),
        };
        self.build_args = with_prefix(&raw, "build-arg:");
        self.labels = with_prefix(&raw, "label:");
        self.contexts = with_prefix(&raw, "context:");
        self.local_sessions = with_prefix(&raw, "local-sessionid:");
        self.sandbox = Sandbox::read(&raw, self.proxies())?;
        self.sbom = attest::sbom(&raw).map_err(|value| BadOption {
            name: "attest:sbom",
            value,
            expected: "generator=IMAGE, or nothing",
        })?;
        self.raw = raw;
        Ok(())
    }

    /// The session that holds the local source `name`.
    pub fn session_of(&self, name: &str) -> &str {
        self.local_sessions.get(name).unwrap_or(&self.session)
    }

    /// The named context `name` with its key, `NAME` or `NAME::PLATFORM`: one for `platform` before one for all.
    pub fn context(&self, name: &str, platform: &Platform) -> Option<(&str, &str)> {
        let own = self.contexts.get_key_value(&format!("{name}::{platform}"));
        own.or_else(|| self.contexts.get_key_value(name)).map(|(key, source)| (key.as_str(), source.as_str()))
    }

    /// Whether a build argument or option is set to something that Go takes for true.
    pub fn is_set(&self, option: &str) -> bool {
        self.raw.get(option).is_some_and(|value| boolean(value) == Some(true))
    }

    /// Proxy build arguments, by their lower-case names.
    fn proxies(&self) -> BTreeMap<String, String> {
        let proxies = self.build_args.iter().filter(|(name, _)| is_proxy(name));
        proxies.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
    }

    /// The platforms to build for.
    pub fn targets(&self) -> Vec<Platform> {
        if self.platforms.is_empty() { vec![self.worker()] } else { self.platforms.clone() }
    }

    /// The platform that steps run on if nobody says otherwise: the worker's, whatever this binary was built for.
    pub fn worker(&self) -> Platform {
        self.worker_platforms
            .first()
            .cloned()
            .unwrap_or_else(|| Platform::new("linux", std::env::consts::ARCH, ""))
    }
}

/// Standard base64, as Go marshals bytes into JSON.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The bytes behind Go's JSON of them; `None` if they are not base64.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn with_prefix(raw: &BTreeMap<String, String>, prefix: &str) -> BTreeMap<String, String> {
    let strip =
        |(key, value): (&String, &String)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone()));
    raw.iter().filter_map(strip).collect()
}

/// Whether a build argument is one of those that buildx adds to every request: the proxies of the client's machine.
fn is_proxy(name: &str) -> bool {
    const NAMES: [&str; 5] = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"];
    NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// Go's `strconv.ParseBool`.
fn boolean(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Those of the first worker, which is the one that builds.
fn worker_platforms(workers: &str) -> Vec<Platform> {
    let workers: serde_json::Value = serde_json::from_str(workers).unwrap_or_default();
    let platforms = workers.get(0).and_then(|worker| worker.get("platforms")?.as_array());
    let read = |platform: &serde_json::Value| {
        let field = |name: &str| platform.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        Platform::new(field("os"), field("architecture"), field("variant"))
    };
    platforms.into_iter().flatten().map(read).collect()
}

#[cfg(test)]
mod tests;
