//! Builds a wheel from a source distribution, on the stage that will have it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use layerset_lock::name::normalise;
use layerset_lock::{Problem, Settings};

use super::resolve::{ROOT, index_variables, program};
use super::verified::verified;
use crate::failure::Failure;
use crate::python::Build;

/// Linux's `ENOEXEC`: a program of another processor, and nothing emulates it.
const EXEC_FORMAT: i32 = 8;

/// Where the certificates of indexes are, below the mounts.
const CERTIFICATES: &str = "certificates.pem";

/// Writes the wheel of the package `name` into `out`. The source distribution is a `PATH`, or `sha256:HEX=PATH` if nobody has
/// verified it yet. `build` is JSON; what the build itself requires comes from the same indexes.
pub(super) fn build_wheel(
    out: &Path,
    python: &str,
    sdist: &str,
    name: &str,
    build: &str,
) -> Result<(), Failure> {
    // First: what has changed must not run.
    let sdist = verified(sdist)?;
    let Build { settings, mut credentials } =
        serde_json::from_str(build).map_err(|error| Failure::Request(format!("internal error: {error}")))?;
    // Whoever needs nothing of an index needs no secret of it.
    credentials.retain(|credential| Path::new(&credential.file).exists());
    let wrong = |problems: Vec<Problem>| {
        Failure::Request(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let uv = program(&Path::new(ROOT).join("uv")).map_err(wrong)?;
    let credentials = index_variables(&credentials).map_err(wrong)?;
    let mut command = Command::new(uv);
    command.args(["build", "--wheel", "--no-config", "--color", "never", "--python", python, "--out-dir"]);
    command.arg(out).arg(sdist);
    look(&mut command, &settings);
    command.envs(credentials);
    let cache = Path::new(ROOT).join("cache");
    let command =
        command.env("UV_CACHE_DIR", cache).env("SOURCE_DATE_EPOCH", "315532800").env("PYTHONHASHSEED", "0");
    let certificates = Path::new(ROOT).join(CERTIFICATES);
    if certificates.is_file() {
        command.env("SSL_CERT_FILE", certificates);
    }
    let file = sdist.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let failed = |why: String| {
        Failure::Request(format!(
            "{file} could not be built into a wheel: {why}; give the stage what it needs (apt), or choose a version with a wheel"
        ))
    };
    let status = command.stdin(Stdio::null()).status().map_err(|error| match error.raw_os_error() {
        Some(EXEC_FORMAT) => failed(format!("{error}, its platform is not this builder's")),
        _ => failed(error.to_string()),
    })?;
    if !status.success() {
        return Err(failed(status.to_string()));
    }
    match of_another(out, name).map_err(|error| failed(error.to_string()))? {
        None => Ok(()),
        Some(found) => Err(Failure::Request(format!(
            "{file} built into {found}, expected a wheel of {name}; it is another project's, or has another one above: name it by \
             its own name, or an archive of {name} alone"
        ))),
    }
}

/// The wheel in `out` that is not of the package `name`: an archive at an address may be of anything.
fn of_another(out: &Path, name: &str) -> std::io::Result<Option<String>> {
    for entry in std::fs::read_dir(out)? {
        let found = entry?.file_name().to_string_lossy().into_owned();
        let is_wheel = Path::new(&found).extension().is_some_and(|extension| extension == "whl");
        if is_wheel && found.split('-').next().and_then(normalise).as_deref() != Some(name) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Where uv looks for what the build requires.
fn look(command: &mut Command, settings: &Settings) {
    command.args(settings.index_arguments());
    if settings.no_index {
        command.arg("--no-index");
    }
    for links in &settings.find_links {
        let page = links.contains("://").then(|| PathBuf::from(links));
        command.arg("--find-links").arg(page.unwrap_or_else(|| Path::new(ROOT).join("context").join(links)));
    }
    // As one word: a value cannot be taken for an option.
    command.args(settings.trusted_hosts.iter().map(|host| format!("--allow-insecure-host={host}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_index_is_asked_first() {
        let first = ["index0=https://own/simple", "https://mirror/simple"].map(str::to_owned).to_vec();
        let settings = Settings { first, find_links: vec!["vendor".into()], ..Settings::default() };
        let mut command = Command::new("uv");
        look(&mut command, &settings);
        let arguments: Vec<_> = command.get_args().filter_map(|argument| argument.to_str()).collect();
        let expected = "--default-index https://mirror/simple --index index0=https://own/simple --find-links /.layerset/context/vendor";
        assert_eq!(arguments.join(" "), expected);
    }

    #[test]
    fn a_source_distribution_that_has_changed_is_not_built() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-1.tar.gz");
        std::fs::write(&path, "changed").unwrap();
        let sdist = format!("sha256:{}={}", "0".repeat(64), path.display());
        let told = build_wheel(folder.path(), "python3", &sdist, "a", "{}").unwrap_err().to_string();
        assert!(told.starts_with("a-1.tar.gz: found sha256 "), "{told}");
    }

    #[test]
    fn a_wheel_of_another_project_is_found() {
        let out = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(out.path().join(name), "").unwrap();
        write(".gitignore");
        write("My_Lib-1.0-py3-none-any.whl");
        assert_eq!(of_another(out.path(), "my-lib").unwrap(), None);
        let other = Some("My_Lib-1.0-py3-none-any.whl".to_owned());
        assert_eq!(of_another(out.path(), "lib").unwrap(), other);
    }
}
