//! How well images share: read from registries, engines and archives, and counted. Knows nothing of builds.
//!
//! The flow is visible in the modules: [`Place`] says where an image is, `source` gets it from there, `layer` reads each
//! of its layers once, `shelf` keeps what was read, `figures` counts. [`read`] does all but the last.

mod digest;
mod figures;
mod http;
mod image;
mod layer;
#[cfg(test)]
mod made;
mod place;
mod platform;
mod problem;
mod read;
mod shelf;
mod source;

pub use digest::Digest;
pub use figures::{
    Amount, Change, Duplicate, Exceeded, Figures, How, ImageFigures, LayerFigures, Limits, Offender, Totals,
    Waste, changes, figures,
};
pub use image::{Image, Layer};
pub use place::Place;
pub use platform::Platform;
pub use problem::{Problem, Problems};
pub use read::{Contents, Progress, Request, read};
pub use shelf::Shelf;
pub use source::{Reference, Surroundings};
