//! `layerset lock`: the packages by the uv of this machine, and the digests that the lock has already.

use std::path::{Path, PathBuf};

use clap::Args;

use super::file::write;
use super::out::tell;
use crate::calls::Answer;
use crate::disk::Disk;
use crate::failure::Failure;
use crate::inside;
use crate::outside::Pins;
use crate::pipeline::Checked;
use crate::platform::Platform;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A version of Python to lock for, such as 3.13 or 3.13.5; by default those of the lock there is, or of the base images
    #[arg(long, value_name = "VERSION")]
    python: Vec<String>,
    /// The program uv
    #[arg(long, value_name = "PROGRAM", default_value = "uv")]
    uv: PathBuf,
    /// Write the lock to the file that the manifest names (lock), over what is there
    #[arg(long)]
    write: bool,
}

impl Options {
    /// `requested` are the platforms of the command line, `platform` the one to plan for.
    pub(super) async fn answer(
        &self,
        checked: &Checked,
        disk: &Disk,
        requested: &[Platform],
        platform: &Platform,
    ) -> Result<Answer, Failure> {
        let (images, missing) = checked.known_digests(disk, platform, requested).await?;
        let packages = if checked.has_packages_to_lock() {
            let request = checked.lock_request(disk, &self.python, platform, requested).await?;
            let resolved = inside::resolve_here(&request, &self.uv, &disk.context);
            Some(resolved.map_err(|problems| checked.unresolved(&problems))?)
        } else {
            None
        };
        if packages.is_none() && images.is_empty() && missing.is_empty() {
            return Err(checked.nothing_to_lock());
        }
        for line in about_images(&images, &missing) {
            tell(&format!("layerset: {line}\n"));
        }
        let text = checked.with_images(packages, images)?;
        if !self.write {
            return Ok(Answer { json: serde_json::json!({"lock": text}), text, status: 0 });
        }
        let Some(path) = checked.manifest.lock.as_ref().or(checked.manifest.python.lock.as_ref()) else {
            let text = "--write needs to know where: lock: pylock.toml, or python: {lock: pylock.toml}";
            return Err(Failure::Request(text.into()));
        };
        written(&disk.context.join(&path.value), &text)
    }
}

fn written(path: &Path, text: &str) -> Result<Answer, Failure> {
    write(path, text)?;
    let text = format!("wrote {}\n", path.display());
    Ok(Answer { json: serde_json::json!({"wrote": path.display().to_string()}), text, status: 0 })
}

/// What is said of images that only an engine knows.
fn about_images(kept: &Pins, missing: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    if !kept.is_empty() {
        let names: Vec<&str> = kept.keys().map(String::as_str).collect();
        lines.push(format!(
            "kept the digests that the lock has, without looking for newer ones: {}",
            names.join(", ")
        ));
    }
    if !missing.is_empty() {
        let how = "an engine does: docker buildx build -f layerset.yaml --call=lock .";
        lines.push(format!("found no digest of {}, only {how}", missing.join(", ")));
    }
    lines
}
