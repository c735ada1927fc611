//! What the plan needs from outside, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use super::config::ImageConfig;
use super::heavy::LOW;
use super::listing::Listing;
use super::packages::Packages;
use crate::manifest::model::Base;

/// Facts by the name under which the manifest asks for them.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Configurations of base images and named contexts, by the base as it prints; one that is no image has an
    /// empty one.
    pub configs: BTreeMap<String, ImageConfig>,
    /// What the context holds. Asked for only where it is needed: see [`super::Plan::needs_listing`].
    pub listing: Option<Listing>,
    /// Of the sources that [`super::to_weigh`] names, the bytes of those that have [`super::LOW`] or more. A listing knows
    /// better.
    pub weights: BTreeMap<String, u64>,
    /// Of the paths that [`super::Plan::inside`] has, those that are links, if that was asked. A listing knows better.
    pub links: Option<BTreeSet<String>>,
    /// Python packages.
    pub packages: Packages,
}

impl Facts {
    /// The configuration of a base image or context, if it is known.
    pub fn config(&self, base: &Base) -> Option<&ImageConfig> {
        self.configs.get(&base.to_string())
    }

    /// Whether a path of the context is known to be a link.
    pub(super) fn is_link(&self, path: &str) -> bool {
        match (&self.listing, &self.links) {
            (Some(listing), _) => listing.is_link(path),
            (None, Some(links)) => links.contains(path),
            (None, None) => false,
        }
    }

    /// Bytes of a file of the context, or of the files right in a directory; 0 if they are less than [`LOW`] or not known.
    pub(super) fn weight(&self, path: &str) -> u64 {
        let bytes = match &self.listing {
            Some(listing) => listing.weigh(path),
            None => self.weights.get(path).copied().unwrap_or_default(),
        };
        if bytes < LOW { 0 } else { bytes }
    }
}
