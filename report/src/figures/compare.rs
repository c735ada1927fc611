//! Two groups of images side by side.

use serde::Serialize;

use super::{Figures, Totals, ratio};

/// A figure before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The field's name in [`Totals`].
    pub figure: &'static str,
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
    /// How many times as much it was before; nothing where nothing is left.
    pub times: Option<f64>,
}

/// Every sum that can be compared by a ratio.
pub fn changes(before: &Figures, after: &Figures) -> Vec<Change> {
    let of = |figure, of: fn(&Totals) -> u64| {
        let (before, after) = (of(&before.totals), of(&after.totals));
        let times = (after > 0).then(|| (ratio(before, after) * 100.0).round() / 100.0);
        Change { figure, before, after, times }
    };
    vec![
        of("image_bytes", |totals| totals.image_bytes),
        of("stored_bytes", |totals| totals.stored_bytes),
        of("disk_bytes", |totals| totals.disk_bytes),
        of("median_image_bytes", |totals| totals.median_image_bytes),
        of("largest_image_bytes", |totals| totals.largest_image_bytes),
        of("duplicated_bytes", |totals| totals.duplicated_bytes),
        of("wasted_bytes", |totals| totals.wasted_bytes),
        of("layers", |totals| totals.layers as u64),
    ]
}
