//! Installs wheels into a layer.

use std::path::{Path, PathBuf};

use unwheel::{Runtime, Scheme, WheelFile};

use super::compile::compile;
use super::verified::verified;
use crate::failure::Failure;

/// More problems than anybody reads: a wheel can have as many as it has files.
const SHOWN: usize = 100;

/// Installs `wheels` for an interpreter, whose scheme is JSON, into the empty directory `root`, and compiles their
/// modules if it is said by what, a [`Runtime`] as JSON. Gives the warnings. A wheel is `PATH`, or
/// `sha256:HEX=PATH` if nobody has verified it yet.
pub(super) fn install(
    scheme: &str,
    root: &Path,
    wheels: &[String],
    runtime: Option<&str>,
) -> Result<Vec<String>, Failure> {
    let internal = |error: serde_json::Error| Failure::Request(format!("internal error: {error}"));
    let scheme: Scheme = serde_json::from_str(scheme).map_err(internal)?;
    let runtime: Option<Runtime> = runtime.map(serde_json::from_str).transpose().map_err(internal)?;
    let files: Result<Vec<WheelFile>, Failure> = wheels.iter().map(|wheel| file(verified(wheel)?)).collect();
    let installed = unwheel::install(&files?, &scheme, root).map_err(|problems| {
        let mut lines: Vec<String> = problems.iter().take(SHOWN).map(ToString::to_string).collect();
        let more = problems.len() - lines.len();
        if more > 0 {
            lines.push(format!("and {more} more problems"));
        }
        Failure::Request(lines.join("\n"))
    })?;
    if let Some(runtime) = runtime {
        compile(&runtime, &scheme, root)?;
    }
    Ok(installed.warnings.iter().map(ToString::to_string).collect())
}

/// A wheel, or the one wheel in a directory: its name is not known before it is built.
fn file(path: &Path) -> Result<WheelFile, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::Request(format!("cannot read {}: {error}", path.display()));
    let mut path = path.to_owned();
    if path.is_dir() {
        let inside: Result<Vec<PathBuf>, _> = std::fs::read_dir(&path)
            .map_err(unreadable)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect();
        let mut wheels: Vec<PathBuf> = inside.map_err(unreadable)?;
        wheels.retain(|wheel| wheel.extension().is_some_and(|extension| extension == "whl"));
        match &wheels[..] {
            [wheel] => path.clone_from(wheel),
            other => {
                let text = format!("expected one wheel in {}, found {}", path.display(), other.len());
                return Err(Failure::Request(text));
            }
        }
    }
    let filename = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    Ok(WheelFile { path, filename })
}
