//! What must not be exceeded, and who is to blame where it is.

use std::cmp::Reverse;

use serde::Serialize;

use super::{Figures, LayerFigures, rounded};
use crate::digest::Digest;

/// The most offenders that are told.
const WORST: usize = 5;

/// The most, or the least, that is allowed; nothing where it does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Distinct layers.
    pub stored: Option<u64>,
    /// The largest image.
    pub image: Option<u64>,
    /// What an engine unpacks.
    pub disk: Option<u64>,
    /// Files in more than one layer.
    pub duplicated: Option<u64>,
    /// Files that are hidden in an image.
    pub wasted: Option<u64>,
    /// Layers of one image.
    pub layers: Option<u64>,
    /// The least reuse, as a part of one.
    pub reuse: Option<f64>,
}

/// A limit that does not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exceeded {
    /// Its name, as the option has it after `max-` or `min-`.
    pub limit: &'static str,
    /// What was found.
    pub found: Amount,
    /// What is allowed.
    pub allowed: Amount,
    /// Who has most of it.
    pub worst: Vec<Offender>,
}

/// Of what a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Amount {
    /// Bytes.
    Bytes(u64),
    /// A number of layers.
    Count(u64),
    /// A part of one.
    Part(f64),
}

/// One that is to blame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Offender {
    /// An image, a layer or a path, with what is known of it.
    pub what: String,
    /// Its part.
    pub amount: Amount,
}

impl Limits {
    /// The limits that do not hold.
    pub fn exceeded(&self, figures: &Figures) -> Vec<Exceeded> {
        let totals = &figures.totals;
        let most = |limit,
                    allowed: Option<u64>,
                    found: u64,
                    amount: fn(u64) -> Amount,
                    worst: &dyn Fn() -> Vec<Offender>| {
            let allowed = allowed.filter(|allowed| found > *allowed)?;
            Some(Exceeded { limit, found: amount(found), allowed: amount(allowed), worst: worst() })
        };
        let bytes = Amount::Bytes;
        // Of as many digits as the figure: a hair above it is no more.
        let least = self.reuse.map(rounded);
        let reuse = least.filter(|least| rounded(totals.reuse) < *least).map(|least| Exceeded {
            limit: "min-reuse",
            found: Amount::Part(totals.reuse),
            allowed: Amount::Part(least),
            worst: images(figures, Amount::Bytes, |image| image.own_bytes),
        });
        [
            most("max-stored", self.stored, totals.stored_bytes, bytes, &|| layers(figures)),
            most("max-image", self.image, totals.largest_image_bytes, bytes, &|| {
                let over = self.image.unwrap_or_default();
                let all = images(figures, Amount::Bytes, |image| image.bytes);
                all.into_iter()
                    .filter(|one| matches!(one.amount, Amount::Bytes(bytes) if bytes > over))
                    .collect()
            }),
            most("max-disk", self.disk, totals.disk_bytes, bytes, &|| layers(figures)),
            reuse,
            most("max-duplicated", self.duplicated, totals.duplicated_bytes, bytes, &|| duplicated(figures)),
            most("max-wasted", self.wasted, totals.wasted_bytes, bytes, &|| wasted(figures)),
            most("max-layers", self.layers, totals.most_layers as u64, Amount::Count, &|| {
                images(figures, Amount::Count, |image| image.layers.len() as u64)
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn images(
    figures: &Figures,
    amount: fn(u64) -> Amount,
    of: fn(&super::ImageFigures) -> u64,
) -> Vec<Offender> {
    let mut all: Vec<(u64, &String)> = figures.images.iter().map(|(name, image)| (of(image), name)).collect();
    all.sort_by_key(|(most, name)| (Reverse(*most), *name));
    let offender = |(most, name): (u64, &String)| Offender { what: name.clone(), amount: amount(most) };
    all.into_iter().take(WORST).map(offender).collect()
}

fn layers(figures: &Figures) -> Vec<Offender> {
    let mut all: Vec<(&Digest, &LayerFigures)> = figures.layers.iter().collect();
    all.sort_by_key(|(digest, layer)| (Reverse(layer.bytes), **digest));
    let offender = |(digest, layer): (&Digest, &LayerFigures)| Offender {
        what: match layer.made_by.as_str() {
            "" => format!("{} of {}", digest.short(), some(&layer.images)),
            made_by => format!("{} of {} ({made_by})", digest.short(), some(&layer.images)),
        },
        amount: Amount::Bytes(layer.bytes),
    };
    all.into_iter().take(WORST).map(offender).collect()
}

fn duplicated(figures: &Figures) -> Vec<Offender> {
    let offender = |one: &super::Duplicate| Offender {
        what: format!(
            "{} in {} layers of {}",
            one.paths.first().map_or("", String::as_str),
            one.copies,
            some(&one.images)
        ),
        amount: Amount::Bytes(one.duplicated_bytes),
    };
    figures.duplicated.iter().take(WORST).map(offender).collect()
}

fn wasted(figures: &Figures) -> Vec<Offender> {
    let offender = |one: &super::Waste| Offender {
        what: match one.by.as_str() {
            "" => format!("{} of {}", one.path, some(&one.images)),
            by => format!("{} of {}, hidden by {by}", one.path, some(&one.images)),
        },
        amount: Amount::Bytes(one.bytes),
    };
    figures.wasted.iter().take(WORST).map(offender).collect()
}

/// Names of images, not too many of them.
fn some(names: &[String]) -> String {
    match names {
        [one, two, three, rest @ ..] if !rest.is_empty() => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        few => few.join(", "),
    }
}
