//! What the user's machine says. Whoever calls reads it from the environment; nothing here does.

use std::path::PathBuf;

/// Variables of the environment that Docker's own programs read.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// `DOCKER_CONFIG`, or `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// `DOCKER_CERT_PATH`, if `DOCKER_TLS_VERIFY` or `DOCKER_TLS` is set: for the engine of `DOCKER_HOST`.
    pub docker_certificates: Option<PathBuf>,
    /// `HTTPS_PROXY`.
    pub proxy: Option<String>,
    /// `NO_PROXY`.
    pub no_proxy: Option<String>,
}
