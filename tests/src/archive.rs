//! Image archives as `docker save` writes them, from plain directories: no engine is needed, and the same
//! directory gives the same image ID on every engine that loads it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Doing, Result};
use crate::{debian, run};

/// Writes an image of one layer to `archive`, with a work directory beside it.
///
/// `config` is the image configuration's `config` object.
pub fn write(archive: &Path, tags: &[&str], config: &Value, rootfs: &Path) -> Result<()> {
    let work = archive.with_extension("work");
    if work.exists() {
        fs::remove_dir_all(&work).doing_to("clear", &work)?;
    }
    fs::create_dir_all(&work).doing_to("make", &work)?;
    let layer = work.join("layer.tar");
    // Device nodes are the engine's to make.
    run::output(
        run::command("tar")
            .args(["--sort=name", "--numeric-owner", "--exclude=./dev/*", "--exclude=./proc/*", "-C"])
            .arg(rootfs)
            .arg("-cf")
            .arg(&layer)
            .arg("."),
    )?;
    let image = json!({
        "architecture": debian::architecture()?,
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": config,
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", sha256_of(&layer)?)] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "layerset test base image" }],
    });
    let list = json!([{ "Config": "config.json", "RepoTags": tags, "Layers": ["layer.tar"] }]);
    for (name, value) in [("config.json", &image), ("manifest.json", &list)] {
        let path = work.join(name);
        fs::write(&path, value.to_string()).doing_to("write", &path)?;
    }
    let unfinished = work.join("archive");
    run::output(run::command("tar").arg("-C").arg(&work).arg("-cf").arg(&unfinished).args([
        "manifest.json",
        "config.json",
        "layer.tar",
    ]))?;
    fs::rename(&unfinished, archive).doing_to("make", archive)?;
    fs::remove_dir_all(&work).doing_to("clear", &work)
}

/// The hexadecimal SHA-256 of a file, by a program that is faster than a debug build.
pub fn sha256_of(path: &Path) -> Result<String> {
    let printed = run::output(run::command("sha256sum").arg("--binary").arg(path))?;
    let digest = printed.split_whitespace().next().unwrap_or_default();
    // GNU's sha256sum begins the line with a backslash if it had to escape the path.
    Ok(digest.trim_start_matches('\\').to_owned())
}
