//! What a plan comes to: bytes of images, of distinct layers, on an engine's disk. This is what
//! `--call=plan` adds to the plan itself, and what two plans are compared by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::facts::Facts;
use super::holds::holds;
use super::packages::Packages;
use super::sizes::{Size, Sizes};
use super::stack::{self, Level, Stack};
use super::wheel_figures::{WheelFigures, wheels};
use super::{Layer, Plan};

/// Figures of a whole manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Sums over everything.
    pub totals: Totals,
    /// Images by their services.
    pub images: BTreeMap<String, ImageFigures>,
    /// Distinct layers of files, by their ids.
    pub layers: BTreeMap<String, LayerFigures>,
}

/// Sums. Bytes are those of files as they are, before any compression, and of layers of files alone:
/// what base images and commands hold is not known before it is built.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Number of images.
    pub images: usize,
    /// Number of distinct layers.
    pub layers: usize,
    /// How often an image has a layer.
    pub uses: usize,
    /// Sum over the images, which is what each image by itself would store.
    pub image_bytes: u64,
    /// Sum over the distinct layers.
    pub stored_bytes: u64,
    /// The part of the images that is stored already: 1 − stored / images.
    pub reuse: f64,
    /// If every file were stored once for each place, owner and mode that any image gives it.
    pub ideal_bytes: u64,
    /// stored / ideal.
    pub overhead: f64,
    /// What an engine with all images holds: a layer is on disk once for each different stack below it.
    pub disk_bytes: u64,
    /// Layers whose size is not known before they are built, because their files are.
    pub unknown_layers: usize,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFigures {
    /// The image or context that it is built on in the end.
    pub base: String,
    /// That one's layers, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_layers: Option<usize>,
    /// Layers that packages and commands of stages make.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub steps: usize,
    /// Its layers of files with those of its stages, bottom first.
    pub layers: Vec<String>,
    /// What they hold.
    pub bytes: u64,
    /// The same in files.
    pub files: u64,
    /// Changes with the image's configuration.
    pub config: String,
}

/// A layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFigures {
    /// For people: what it holds.
    pub holds: String,
    /// What it holds, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The same in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// The services whose images have it.
    pub images: Vec<String>,
    /// The packages it holds, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wheels: Vec<WheelFigures>,
}

/// Works out the figures of a plan. `sizes` are those of its layers.
pub fn figures(plan: &Plan, facts: &Facts, sizes: &Sizes) -> Figures {
    let stacks = stack::images(plan, facts);
    let mut figures = Figures::default();
    for (name, stack) in &stacks {
        let mut image = ImageFigures {
            base: stack.base.to_string(),
            base_layers: stack.base_layers,
            steps: stack.layer_count() - stack.base_layers.unwrap_or_default() - stack.files().count(),
            config: plan.images.get(*name).map(|image| fingerprint(&image.config)).unwrap_or_default(),
            ..ImageFigures::default()
        };
        for id in stack.files() {
            let layer = &plan.layers[id];
            let size = sizes.layers.get(id).copied().flatten();
            let known = figures
                .layers
                .entry(layer.id.clone())
                .or_insert_with(|| described(layer, size, &facts.packages));
            // An image may have one twice, under and over something else.
            if known.images.last().is_none_or(|last| last != name) {
                known.images.push((*name).to_owned());
            }
            image.layers.push(layer.id.clone());
            let Size { bytes, files } = size.unwrap_or_default();
            image.bytes += bytes;
            image.files += files;
        }
        figures.images.insert((*name).to_owned(), image);
    }
    figures.totals = totals(&figures, sizes.ideal.bytes, disk(plan, &stacks, sizes));
    figures
}

fn described(layer: &Layer, size: Option<Size>, packages: &Packages) -> LayerFigures {
    let holds_packages = layer.packages.is_some();
    LayerFigures {
        holds: holds(layer),
        bytes: size.map(|size| size.bytes),
        // How many files are in wheels is not known before they are installed.
        files: size.filter(|_| !holds_packages).map(|size| size.files),
        images: Vec::new(),
        wheels: wheels(layer, packages),
    }
}

fn totals(figures: &Figures, ideal_bytes: u64, disk_bytes: u64) -> Totals {
    let image_bytes = figures.images.values().map(|image| image.bytes).sum();
    let stored_bytes = figures.layers.values().filter_map(|layer| layer.bytes).sum();
    Totals {
        images: figures.images.len(),
        layers: figures.layers.len(),
        uses: figures.images.values().map(|image| image.layers.len()).sum(),
        image_bytes,
        stored_bytes,
        reuse: if image_bytes == 0 { 0.0 } else { rounded(1.0 - ratio(stored_bytes, image_bytes)) },
        ideal_bytes,
        overhead: rounded(ratio(stored_bytes, ideal_bytes)),
        disk_bytes,
        unknown_layers: figures.layers.values().filter(|layer| layer.bytes.is_none()).count(),
    }
}

/// Layers in the tree of all stacks: equal stacks are unpacked once, up to where they part.
fn disk(plan: &Plan, stacks: &BTreeMap<&str, Stack<'_>>, sizes: &Sizes) -> u64 {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Step<'a> {
        Base(&'a crate::manifest::model::Base),
        Files(&'a str),
        Steps(&'a str),
    }
    let mut nodes: BTreeMap<(usize, Step<'_>), usize> = BTreeMap::new();
    let mut bytes = 0;
    for stack in stacks.values() {
        let mut at = 0;
        let levels = stack.levels.iter().map(|level| match level {
            Level::Files(id) => (Step::Files(&plan.layers[*id].id), sizes.layers.get(*id).copied().flatten()),
            Level::Steps(stage, _) => (Step::Steps(stage), None),
        });
        for (step, size) in std::iter::once((Step::Base(stack.base), None)).chain(levels) {
            let next = nodes.len() + 1;
            at = *nodes.entry((at, step)).or_insert_with(|| {
                bytes += size.unwrap_or_default().bytes;
                next
            });
        }
    }
    bytes
}

/// Of two sums of bytes; 1 if there is nothing.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn fingerprint(config: &super::ImageConfig) -> String {
    let text = serde_json::to_string(config).unwrap_or_default();
    let mut digits = format!("{:x}", Sha256::digest(text.as_bytes()));
    digits.truncate(12);
    digits
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_zero(value: &usize) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::super::listing::tests::sized;
    use super::super::{Facts, measure, plan};
    use super::*;
    use crate::manifest::{Inputs, load};

    fn of(manifest: &str, files: &[(&str, u64)]) -> Figures {
        let inputs = Inputs::default();
        let manifest = load("layerset.yaml", manifest.as_bytes(), &inputs).manifest.unwrap();
        let listing = sized(files);
        let facts = Facts { listing: Some(listing.clone()), ..Facts::default() };
        let plan = plan(&manifest, &facts, Vec::new());
        figures(&plan, &facts, &measure(&plan, &listing))
    }

    const FILES: [(&str, u64); 5] =
        [("lib/a", 100), ("lib/b/c", 20), ("api/x", 3), ("web/y", 4), ("unused", 1000)];

    #[test]
    fn shared_bytes_are_stored_once() {
        let figures = of(
            "services:\n  api: {from: scratch, files: [lib, api]}\n  web: {from: scratch, files: [lib, web]}\n",
            &FILES,
        );
        let totals = figures.totals;
        assert_eq!((totals.image_bytes, totals.stored_bytes, totals.ideal_bytes), (247, 127, 127));
        assert_eq!((totals.images, totals.layers, totals.uses), (2, 3, 4));
        assert_eq!((totals.reuse, totals.overhead, totals.disk_bytes), (0.4858, 1.0, 127));
        let api = &figures.images["api"];
        assert_eq!((api.bytes, api.files, api.layers.len()), (123, 3, 2));
        let shared = &figures.layers[&api.layers[0]];
        assert_eq!(
            (shared.holds.as_str(), &shared.images[..]),
            ("lib", &["api".to_owned(), "web".into()][..])
        );
    }

    #[test]
    fn what_is_in_no_image_is_not_needed() {
        let figures = of(
            "stages:\n  page: {from: 'busybox:1', files: [lib], run: [make]}\n\
             services:\n  api: {from: 'busybox:1', files: [api], copy: [{from: page, source: /page}]}\n",
            &FILES,
        );
        assert_eq!((figures.totals.stored_bytes, figures.totals.ideal_bytes), (3, 3));
    }

    #[test]
    fn stages_count_for_every_image_on_them() {
        let figures = of(
            "stages:\n  base: {from: 'busybox:1', apt: [curl], files: [lib], run: [a, b]}\n\
             services:\n  api: {from: base, files: [api]}\n  web: {from: 'busybox:1', files: [lib]}\n",
            &FILES,
        );
        let api = &figures.images["api"];
        assert_eq!((api.base.as_str(), api.steps, api.bytes, api.base_layers), ("busybox:1", 3, 123, None));
        // lib is on disk twice: once on packages, once on the base itself.
        assert_eq!((figures.totals.stored_bytes, figures.totals.disk_bytes), (123, 243));
    }

    #[test]
    fn two_places_of_a_file_are_two_files() {
        let figures = of(
            "services:\n  api: {from: scratch, files: [lib, {source: lib, target: /etc/lib}]}\n  \
               web: {from: scratch, files: [{source: lib/b, target: /etc/lib/b}]}\n",
            &FILES,
        );
        let totals = figures.totals;
        assert_eq!((totals.image_bytes, totals.stored_bytes, totals.ideal_bytes), (260, 240, 240));
    }

    #[test]
    fn what_is_not_of_the_context_has_no_size() {
        let figures = of(
            "services:\n  api: {from: scratch, files: [api], copy: [{from: 'busybox:1', source: /bin}]}\n",
            &FILES,
        );
        assert_eq!((figures.totals.unknown_layers, figures.images["api"].bytes), (1, 3));
    }
}
