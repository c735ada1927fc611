//! What an image is: its layers, bottom first, each with what made it. `document` has what registries and archives store,
//! `choose` picks the platform, `media` knows the types.

mod choose;
mod document;
mod media;

pub(crate) use choose::choose;
pub(crate) use document::{Config, Descriptor, Document, SavedImage, parse};
pub(crate) use media::ACCEPT;

use crate::digest::Digest;
use crate::platform::Platform;
use crate::problem::Problem;

/// An image of one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// As the user wrote it, or its tag.
    pub name: String,
    /// What it runs on.
    pub platform: Platform,
    /// Its layers, bottom first.
    pub layers: Vec<Layer>,
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The blob as stored.
    pub blob: Digest,
    /// Without compression.
    pub diff_id: Digest,
    /// It and all that is below it.
    pub chain_id: Digest,
    /// The line of the image's history.
    pub made_by: String,
}

impl Image {
    /// Joins the blobs of an image manifest and what the configuration says of them.
    pub(crate) fn new(name: &str, config: Config, blobs: &[Digest]) -> Result<Self, Problem> {
        let ids = config.rootfs.diff_ids;
        if ids.len() != blobs.len() {
            let found = format!("found {} layers, and {} in the configuration", blobs.len(), ids.len());
            return Err(Problem::mistake(found));
        }
        let mut history = config.history.into_iter().filter(|line| !line.empty_layer);
        let mut chain = None;
        let mut layers = Vec::new();
        for (blob, diff_id) in blobs.iter().zip(ids) {
            let chain_id = Digest::chained(chain.as_ref(), &diff_id);
            chain = Some(chain_id);
            let line = history.next().unwrap_or_default();
            let made_by = if line.created_by.is_empty() { line.comment } else { line.created_by };
            layers.push(Layer { blob: *blob, diff_id, chain_id, made_by: tidy(&made_by) });
        }
        Ok(Self { name: name.to_owned(), platform: config.platform, layers })
    }
}

/// A line of a history without what every builder puts around it.
fn tidy(line: &str) -> String {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.strip_suffix("# buildkit").unwrap_or(&line).trim();
    if let Some(instruction) = line.strip_prefix("/bin/sh -c #(nop) ") {
        return instruction.trim().to_owned();
    }
    let command = line.strip_prefix("RUN ").unwrap_or(line).strip_prefix("/bin/sh -c ");
    command.map_or_else(|| line.to_owned(), |command| format!("RUN {command}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_say_what_made_a_layer() {
        for (line, tidied) in [
            ("RUN /bin/sh -c pip install   torch # buildkit", "RUN pip install torch"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("/bin/sh -c #(nop) COPY file:1 in /app ", "COPY file:1 in /app"),
            ("COPY . /app # buildkit", "COPY . /app"),
            ("RUN |1 A=b /bin/sh -c make # buildkit", "RUN |1 A=b /bin/sh -c make"),
            ("", ""),
        ] {
            assert_eq!(tidy(line), tidied);
        }
        let config = br#"{"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": ["A", "B"]}, "history": [
            {"created_by": "ADD root"}, {"created_by": "ENV x", "empty_layer": true}, {"comment": "imported"}]}"#;
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let text = String::from_utf8_lossy(config)
            .replace("\"A\"", &format!("\"{a}\""))
            .replace("\"B\"", &format!("\"{b}\""));
        let config = parse::<Config>(text.as_bytes(), "a configuration").unwrap();
        let image = Image::new("x", config.clone(), &[b, a]).unwrap();
        assert_eq!(image.platform.to_string(), "linux/amd64");
        let made: Vec<_> = image.layers.iter().map(|layer| layer.made_by.as_str()).collect();
        assert_eq!(made, ["ADD root", "imported"]);
        assert_eq!(image.layers[1].chain_id, Digest::chained(Some(&a), &b));
        let told = Image::new("x", config, &[a]).unwrap_err().to_string();
        assert_eq!(told, "found 1 layers, and 2 in the configuration");
    }
}
