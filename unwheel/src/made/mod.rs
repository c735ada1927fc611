//! Wheels made for tests, good ones and every kind of bad one. The archives of the end-to-end tests are written by the
//! same `zip`, through the feature `made`.

pub mod zip;

#[cfg(test)]
mod wheel;

#[cfg(test)]
pub(crate) use wheel::{Made, listing, save};
