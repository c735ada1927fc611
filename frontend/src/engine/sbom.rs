//! An SBOM of an image: what is known of it goes to a step of our own, and a scanner is run if one is named.

use buildkit_proto::gateway as gw;
use buildkit_proto::pb;

use super::Engine;
use crate::emit::{self, BaseSource, Scanner, Sources};
use crate::epoch::Epoch;
use crate::failure::Failure;
use crate::gateway::Ref;
use crate::manifest::normalise;
use crate::options::{NoCache, Sbom};
use crate::plan::{Bill, Installed, Wheel, WheelSource};
use crate::sbom::{PREDICATE, Request, Wheel as Listed};

/// The name of an image's main document, as engines know it: its file is `sbom.spdx.json`.
const CORE: &str = "sbom";
/// The file of a second one.
const EXTRA: &str = "sbom-packages.spdx.json";

/// An image to be listed.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// The target.
    pub name: &'a str,
    /// What it is built from.
    pub image: &'a pb::Definition,
    /// What is known to be in it.
    pub bill: &'a Bill<'a>,
    /// Where bases come from.
    pub sources: &'a Sources,
    /// The time that the build was told.
    pub epoch: Option<Epoch>,
}

impl Engine {
    /// The attestations of an image. None if this process does not know its own image: then the engine has its own
    /// scanner look at the image, as with every frontend that hands over no SBOM.
    pub async fn sboms(&self, sbom: &Sbom, listing: Listing<'_>) -> Result<Vec<gw::Attestation>, Failure> {
        let Some(own) = &self.own_image else { return Ok(Vec::new()) };
        let scanned = match &sbom.generator {
            Some(generator) => self.scanned(sbom, generator, listing).await?,
            None => None,
        };
        let core = format!("{CORE}.spdx.json");
        let file = if scanned.is_some() { EXTRA } else { &core };
        let request = serde_json::to_vec(&request(listing)).unwrap_or_default();
        let definition = emit::own_sbom(own, listing.image, request, file, listing.name);
        let definition = definition
            .ok_or_else(|| Failure::Request("internal error: this frontend's own image is none".into()))?;
        let own = self.client.solve(definition, false).await?;
        Ok(scanned.into_iter().chain([own]).map(attestation).collect())
    }

    /// What a scanner gives; `None`: there is nothing to scan.
    async fn scanned(
        &self,
        sbom: &Sbom,
        generator: &str,
        listing: Listing<'_>,
    ) -> Result<Option<Ref>, Failure> {
        let platform = self.options.worker();
        let reference = normalise(generator);
        let log = format!("load metadata for {reference}");
        let found = self.image(&reference, &platform, log).await?;
        let BaseSource::Image(reference) = found.source else { return Ok(None) };
        if found.config.config.entrypoint.iter().chain(&found.config.config.cmd).flatten().next().is_none() {
            return Err(Failure::Request(format!(
                "the sbom generator {generator} has neither an entrypoint nor a command, expected a scanner's image"
            )));
        }
        let scanner = Scanner {
            reference,
            config: found.config,
            platform: pb::Platform {
                os: platform.os,
                architecture: platform.architecture,
                variant: platform.variant,
                ..pb::Platform::default()
            },
            environment: sbom.parameters.clone().into_iter().collect(),
        };
        let no_cache = self.options.no_cache == NoCache::All;
        match emit::scan(&scanner, listing.image, listing.name, no_cache) {
            Some(definition) => Ok(Some(self.client.solve(definition, false).await?)),
            None => Ok(None),
        }
    }
}

/// A bundle of SPDX documents. Source: moby/buildkit `solver/result/attestation.go`.
fn attestation(reference: Ref) -> gw::Attestation {
    let metadata = [("reason", "sbom"), ("sbom-core", CORE)];
    gw::Attestation {
        kind: gw::AttestationKind::Bundle.into(),
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec())).into(),
        r#ref: Some(gw::Ref { id: reference.0, def: None }),
        in_toto_predicate_type: PREDICATE.to_owned(),
        ..gw::Attestation::default()
    }
}

fn request(listing: Listing<'_>) -> Request {
    let base = match listing.sources.get(&listing.bill.base.to_string()) {
        Some(BaseSource::Image(reference) | BaseSource::OciLayout { reference, .. }) => {
            Some(reference.clone())
        }
        _ => None,
    };
    Request {
        name: listing.name.to_owned(),
        created: listing.epoch.unwrap_or(Epoch::OF_FILES).to_string(),
        base,
        wheels: listing.bill.wheels.iter().map(|(installed, wheel)| listed(installed, wheel)).collect(),
    }
}

fn listed(installed: &Installed, wheel: &Wheel) -> Listed {
    let mut source = &wheel.source;
    let mut built = false;
    while let WheelSource::Sdist { sdist } = source {
        source = sdist;
        built = true;
    }
    let (filename, url, sha256) = match source {
        WheelSource::Url { filename, url, sha256, .. } => {
            (filename.clone(), Some(url.clone()), sha256.clone())
        }
        WheelSource::Context { filename, sha256, .. } => (filename.clone(), None, sha256.clone()),
        WheelSource::Sdist { .. } => Default::default(),
    };
    let scheme = &installed.scheme;
    let mut directories = vec![scheme.purelib.clone(), scheme.platlib.clone()];
    directories.dedup();
    Listed {
        name: wheel.name.clone(),
        version: wheel.version.clone(),
        filename,
        url,
        sha256,
        built,
        directories,
    }
}
