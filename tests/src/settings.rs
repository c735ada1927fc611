//! The environment variables that the harness listens to, all read here.
#![allow(clippy::disallowed_methods, reason = "the one place where the harness reads its environment")]

use std::path::PathBuf;

/// Whether `LAYERSET_ENGINE=private` asks to leave the machine's own Docker alone.
pub fn private_only() -> bool {
    std::env::var("LAYERSET_ENGINE").is_ok_and(|value| value == "private")
}

/// `LAYERSET_ENGINE_DIR`: where engines live, instead of `target/engine`.
pub fn engine_dir() -> Option<PathBuf> {
    std::env::var("LAYERSET_ENGINE_DIR").ok().map(PathBuf::from)
}

/// Whether `LAYERSET_ENGINE_GC=off` asks for private engines that keep all they have built.
pub fn keeps_all() -> bool {
    std::env::var("LAYERSET_ENGINE_GC").is_ok_and(|value| value == "off")
}

/// `LAYERSET_FRONTEND`: the frontend's binary, instead of the one that cargo has built.
pub fn frontend() -> Option<PathBuf> {
    std::env::var("LAYERSET_FRONTEND").ok().map(PathBuf::from)
}

/// Whether `LAYERSET_KEEP=1` asks to leave the projects of tests on disk.
pub fn keep_projects() -> bool {
    std::env::var("LAYERSET_KEEP").is_ok_and(|value| value == "1")
}

/// The user's `PATH`, with the administrator's directories that a plain login may lack.
pub fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin:/usr/bin:/bin")
}
