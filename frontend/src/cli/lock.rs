//! `layerset lock`: the packages by the uv of this machine, and the digests that the lock has already.

use std::path::{Path, PathBuf};

use clap::Args;

use super::file::write;
use super::out::tell;
use super::platform;
use crate::calls::Answer;
use crate::disk::Disk;
use crate::failure::Failure;
use crate::inside;
use crate::outside::Pins;
use crate::pipeline::Checked;
use crate::platform::Platform;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Platforms to lock for; by default those that services name, or those of the lock there is, or this machine's
    #[arg(long, value_name = "OS/ARCH,…", value_parser = platform, value_delimiter = ',')]
    pub(super) platform: Vec<Platform>,
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
    /// `on` is the platform to plan for.
    pub(super) async fn answer(
        &self,
        checked: &Checked,
        disk: &Disk,
        on: &Platform,
    ) -> Result<Answer, Failure> {
        // What cannot be written is said before anything is resolved.
        let file = if self.write { Some(checked.lock_to_write(disk).await?) } else { None };
        let (images, missing) = checked.known_digests(disk, on, &self.platform).await?;
        let packages = if checked.has_packages_to_lock() {
            let (request, given_up) = checked.lock_request(disk, &self.python, on, &self.platform).await?;
            tell(&about_platforms(&given_up));
            let resolved = inside::resolve_here(&request, &self.uv, &disk.context);
            Some(resolved.map_err(|problems| checked.unresolved(&problems))?)
        } else {
            None
        };
        if packages.is_none() && images.is_empty() && missing.is_empty() {
            return Err(checked.nothing_to_lock());
        }
        for line in about_images(&images, &missing, &checked.call_lock()) {
            tell(&format!("layerset: {line}\n"));
        }
        let text = checked.with_images(packages, images)?;
        match file {
            Some(file) => written(&disk.context.join(file), &text),
            None => Ok(Answer { json: serde_json::json!({"lock": text}), text, status: 0 }),
        }
    }
}

fn written(path: &Path, text: &str) -> Result<Answer, Failure> {
    write(path, text)?;
    let text = format!("wrote {}\n", path.display());
    Ok(Answer { json: serde_json::json!({"wrote": path.display().to_string()}), text, status: 0 })
}

/// What is said of platforms that the new lock is not for any more.
fn about_platforms(given_up: &[Platform]) -> String {
    if given_up.is_empty() {
        return String::new();
    }
    let names: Vec<String> = given_up.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    format!(
        "layerset: the new lock is no more for {names}, as the one there is: name that with --platform too if it is to stay\n"
    )
}

/// What is said of images that only an engine knows.
fn about_images(kept: &Pins, missing: &[String], command: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if !kept.is_empty() {
        let names: Vec<&str> = kept.keys().map(String::as_str).collect();
        lines.push(format!(
            "kept the digests that the lock has, without looking for newer ones: {}",
            names.join(", ")
        ));
    }
    if !missing.is_empty() {
        lines.push(format!("found no digest of {}, only an engine does: {command}", missing.join(", ")));
    }
    lines
}
