//! Arguments that several commands have.

use std::path::PathBuf;

use clap::Args;

use super::{Format, platform};
use crate::platform::Platform;

#[derive(Debug, Args)]
pub(super) struct Common {
    /// The manifest; by default layerset.yaml in CONTEXT
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// The build context
    #[arg(default_value = ".", value_name = "CONTEXT")]
    pub(super) context: PathBuf,
    /// Set a build argument
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) build_arg: Vec<(String, String)>,
    /// Name a context that the build will be given
    #[arg(long, value_name = "NAME=SOURCE", value_parser = pair)]
    pub(super) build_context: Vec<(String, String)>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
}

/// What images are for.
#[derive(Debug, Args)]
pub(super) struct On {
    /// Platform to plan for
    #[arg(long, value_name = "OS/ARCH", value_parser = platform)]
    pub(super) platform: Option<Platform>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("found {text:?}, expected NAME=VALUE")),
    }
}
