//! Image configurations: the OCI's, with Docker's health check, shell and whatever else a base
//! image carries. Fields unknown here are kept as they came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::manifest::model::{Config, Healthcheck};

/// The `PATH` that Docker gives a process of an image that sets none.
pub(super) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An OCI image configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// Processor architecture, in Go's names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    /// Operating system, in Go's names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os: String,
    /// Variant of the architecture, `v7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// RFC 3339 time of creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// What containers of the image run with.
    #[serde(default)]
    pub config: ContainerConfig,
    /// One entry a layer, and some for steps without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub history: Vec<History>,
    /// Layer digests, filled in by the exporter.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub rootfs: Value,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The `config` of an image configuration; Docker's spelling.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContainerConfig {
    /// `user[:group]`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Ports as `8000/tcp`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub exposed_ports: BTreeMap<String, Map<String, Value>>,
    /// `NAME=value`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub env: Vec<String>,
    /// argv before the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// argv of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// Paths of volumes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub volumes: BTreeMap<String, Map<String, Value>>,
    /// Absolute path; empty: `/`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// Signal to stop with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    /// Docker's health check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<HealthConfig>,
    /// Shell of shell-form commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<String>>,
    /// Dockerfile triggers of a base image. They are Dockerfile text, so they are neither run nor passed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub on_build: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Docker's `HealthConfig`; durations in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HealthConfig {
    /// What to run.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub test: Vec<String>,
    /// Time between two checks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interval: u64,
    /// Time one check may take.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timeout: u64,
    /// Time during which failures do not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_period: u64,
    /// Time between two checks during the start period.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_interval: u64,
    /// Failures in a row until unhealthy.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u64,
}

/// One entry of an image's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// What made the layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether the step made no layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl ImageConfig {
    /// The directory that relative paths start from.
    pub fn working_dir(&self) -> &str {
        if self.config.working_dir.is_empty() { "/" } else { &self.config.working_dir }
    }

    /// Sets a variable, in its old place if there is one.
    pub fn set_env(&mut self, name: &str, value: &str) {
        set_env(&mut self.config.env, name, value);
    }

    /// Layers of the image, by its `rootfs`.
    pub fn layer_count(&self) -> usize {
        self.rootfs.get("diff_ids").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Dates the image and its history but for the first `of_base` entries: to `told`, or where nothing says when,
    /// to `otherwise` (RFC 3339).
    pub fn date(&mut self, of_base: usize, told: Option<&str>, otherwise: &str) {
        let entries = self.history.iter_mut().skip(of_base).map(|entry| &mut entry.created);
        for created in entries.chain([&mut self.created]) {
            match told {
                Some(told) => *created = Some(told.to_owned()),
                None => drop(created.get_or_insert_with(|| otherwise.to_owned())),
            }
        }
    }

    /// Adds the entry of a layer.
    pub fn layer_history(&mut self, created_by: String) {
        let created = self.created.clone();
        self.history.push(History {
            created,
            created_by: Some(created_by),
            comment: Some("layerset".into()),
            ..History::default()
        });
    }
}

/// Sets `name` in a list of `NAME=value`, keeping its place.
fn set_env(env: &mut Vec<String>, name: &str, value: &str) {
    let entry = format!("{name}={value}");
    let is_same = |old: &&mut String| old.split_once('=').is_some_and(|(key, _)| key == name);
    match env.iter_mut().find(is_same) {
        Some(old) => *old = entry,
        None => env.push(entry),
    }
}

/// The base's configuration with what a service says over it. As in a Dockerfile, a new entry point
/// clears the base's command.
pub(super) fn apply(base: &ImageConfig, service: &Config) -> ImageConfig {
    let mut image = base.clone();
    for (name, value) in &service.environment {
        image.set_env(name, value);
    }
    let config = &mut image.config;
    if let Some(entrypoint) = &service.entrypoint {
        config.entrypoint = Some(entrypoint.clone());
        config.cmd = None;
    }
    if let Some(command) = &service.command {
        config.cmd = Some(command.clone());
    }
    for port in &service.expose {
        config.exposed_ports.entry(port.clone()).or_default();
    }
    for path in &service.volumes {
        config.volumes.entry(path.clone()).or_default();
    }
    if let Some(user) = &service.user {
        config.user.clone_from(user);
    }
    if let Some(directory) = &service.working_dir {
        config.working_dir.clone_from(&directory.value);
    }
    config.labels.extend(service.labels.clone());
    if let Some(signal) = &service.stop_signal {
        config.stop_signal.clone_from(signal);
    }
    if let Some(check) = &service.healthcheck {
        config.healthcheck = Some(health(check, config.healthcheck.as_ref()));
    }
    if let Some(shell) = &service.shell {
        config.shell = Some(shell.clone());
    }
    image
}

/// What a service leaves out of its health check, the base's says.
fn health(check: &Healthcheck, base: Option<&HealthConfig>) -> HealthConfig {
    let base = base.cloned().unwrap_or_default();
    let or = |value: u64, base: u64| if value == 0 { base } else { value };
    HealthConfig {
        test: if check.test.is_empty() { base.test } else { check.test.clone() },
        interval: or(check.interval, base.interval),
        timeout: or(check.timeout, base.timeout),
        start_period: or(check.start_period, base.start_period),
        start_interval: or(check.start_interval, base.start_interval),
        retries: or(u64::from(check.retries), base.retries),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Docker writes `null` where it means an empty list.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_and_nulls_survive() {
        let text = r#"{"architecture":"amd64","os":"linux","moby.buildkit.x":1,
            "config":{"Env":null,"Volumes":null,"ArgsEscaped":true,"Cmd":["sh"]},"history":null}"#;
        let config: ImageConfig = serde_json::from_str(text).unwrap();
        let back = serde_json::to_value(&config).unwrap();
        assert_eq!(back["moby.buildkit.x"], 1);
        assert_eq!(back["config"]["ArgsEscaped"], true);
        assert_eq!(back["config"]["Cmd"][0], "sh");
    }

    #[test]
    fn variables_keep_their_place() {
        let mut env = vec!["PATH=/bin".to_owned(), "A=1".to_owned()];
        set_env(&mut env, "PATH", "/usr/bin");
        set_env(&mut env, "B", "2");
        assert_eq!(env, ["PATH=/usr/bin", "A=1", "B=2"]);
    }

    #[test]
    fn a_new_entry_point_clears_the_command() {
        let mut base = ImageConfig::default();
        base.config.cmd = Some(vec!["python3".into()]);
        let service = Config { entrypoint: Some(vec!["/init".into()]), ..Config::default() };
        let image = apply(&base, &service);
        assert_eq!(image.config.cmd, None);
        assert_eq!(image.config.entrypoint, Some(vec!["/init".to_owned()]));
    }

    #[test]
    fn a_health_check_keeps_what_it_does_not_say() {
        let base = HealthConfig { test: vec!["CMD".into(), "true".into()], retries: 5, ..Default::default() };
        let check = Healthcheck { interval: 7, ..Healthcheck::default() };
        let merged = health(&check, Some(&base));
        assert_eq!((merged.test.len(), merged.interval, merged.retries), (2, 7, 5));
    }
}
