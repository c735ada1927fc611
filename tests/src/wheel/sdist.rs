//! Source distributions that build themselves, with a build backend of their own.

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Doing, Result};

const PYPROJECT: &str = "build-backend = \"backend\"\nbackend-path = [\".\"]\n";

/// Writes a wheel with a module that tells which Python has built it.
const BACKEND: &str = r#"
import base64, hashlib, sys, zipfile

NAME, VERSION = "{name}", "{version}"
INFO = f"{NAME}-{VERSION}.dist-info"

def get_requires_for_build_wheel(settings=None):
    return []

def build_wheel(directory, settings=None, metadata=None):
    filename = f"{NAME}-{VERSION}-py3-none-any.whl"
    files = {
        f"{NAME}.py": f"BUILT_BY = '{sys.version_info.major}.{sys.version_info.minor}'\n",
        f"{INFO}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
        f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    def row(path):
        data = files[path].encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        return f"{path},sha256={digest},{len(data)}\n"
    files[f"{INFO}/RECORD"] = "".join(map(row, files)) + f"{INFO}/RECORD,,\n"
    with zipfile.ZipFile(f"{directory}/{filename}", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(zipfile.ZipInfo(name), text)
    return filename
"#;

/// The archive `NAME-VERSION.tar.gz`; `requires` is what its build needs of an index.
pub fn bytes(name: &str, version: &str, requires: &[&str]) -> Result<Vec<u8>> {
    let doing = "write a source distribution";
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let backend = BACKEND.replace("{name}", name).replace("{version}", version);
    let pyproject = format!("[build-system]\nrequires = {requires:?}\n{PYPROJECT}");
    let info = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    for (file, text) in
        [("PKG-INFO", info.as_str()), ("pyproject.toml", &pyproject), ("backend.py", &backend)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{name}-{version}/{file}"), text.as_bytes()).doing(doing)?;
    }
    archive.into_inner().and_then(GzEncoder::finish).doing(doing)
}
