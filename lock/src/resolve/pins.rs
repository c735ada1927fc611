//! Versions that were found, for the next run of uv.

use std::fmt::Write as _;

use crate::lock::{Location, Lock, Package};

/// The packages of a resolution as constraints: exactly these.
pub(super) fn constraints(lock: &Lock, context: &str) -> String {
    let mut out = String::new();
    for package in &lock.packages {
        let _ = match (source(package, context), &package.version) {
            (Some(address), _) => writeln!(out, "{} @ {address}", package.name),
            (None, Some(version)) => writeln!(out, "{}=={version}", package.name),
            (None, None) => continue,
        };
    }
    out
}

/// The address of a package that is not taken from an index: a constraint by version alone could find
/// another one there.
fn source(package: &Package, context: &str) -> Option<String> {
    if let Some(vcs) = &package.vcs {
        let subdirectory =
            vcs.subdirectory.as_ref().map(|path| format!("#subdirectory={path}")).unwrap_or_default();
        return Some(format!("{}+{}@{}{subdirectory}", vcs.kind, vcs.url, vcs.commit_id));
    }
    let file = package.direct.then(|| package.wheels.first().or(package.sdist.as_ref())).flatten()?;
    Some(match &file.location {
        Location::Url(url) => url.clone(),
        Location::Path(path) => file_address(context, path),
    })
}

/// The `file:` address of a path in the context.
pub(super) fn file_address(context: &str, path: &str) -> String {
    let mut out = String::from("file://");
    for byte in context.bytes().chain([b'/']).chain(path.bytes()) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'+') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Versions to prefer, as the smallest `pylock.toml` that uv reads them from.
pub(super) fn preferences<'a>(packages: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::from("lock-version = \"1.0\"\ncreated-by = \"layerset\"\n");
    for (name, version) in packages {
        let _ = writeln!(out, "\n[[packages]]\nname = \"{name}\"\nversion = \"{version}\"");
    }
    out
}
