//! What goes to the engine in the end.

use std::collections::BTreeMap;

use buildkit_proto::gateway as gw;
use serde_json::json;

use super::image::Solved;
use crate::epoch::Epoch;
use crate::failure::Failure;
use crate::options::Options;
use crate::pipeline::Checked;
use crate::plan::Target;
use crate::platform::Platform;

/// The time that the build was told, on the command line or by the manifest.
pub(super) fn epoch(options: &Options, checked: &Checked) -> Result<Option<Epoch>, Failure> {
    let name = "SOURCE_DATE_EPOCH";
    // The manifest's has been checked.
    let said = options.build_args.get(name).or_else(|| checked.manifest.args.get(name));
    Epoch::parse(said.map_or("", String::as_str)).map_err(|bad| Failure::Request(bad.to_string()))
}

/// The annotations of a target, as metadata of its result.
pub(super) fn annotations(checked: &Checked, target: &Target) -> BTreeMap<String, Vec<u8>> {
    let Target::Service(name) = target else { return BTreeMap::new() };
    let of = checked.manifest.services.get(name).map(|service| &service.annotations);
    let keys = |(name, value): (&String, &String)| {
        crate::annotations::keys(name)
            .into_iter()
            .map(|key| (key, value.clone().into_bytes()))
            .collect::<Vec<_>>()
    };
    of.into_iter().flatten().flat_map(keys).collect()
}

/// One image, or one a platform. `refs.platforms` is there in both cases: attestations need it.
pub(super) fn result(
    options: &Options,
    epoch: Option<Epoch>,
    annotations: BTreeMap<String, Vec<u8>>,
    images: Vec<(Platform, Solved)>,
) -> Result<gw::Result, Failure> {
    let platforms: Vec<_> = images
        .iter()
        .map(|(platform, _)| json!({"ID": platform.to_string(), "Platform": platform}))
        .collect();
    let mut metadata = annotations;
    metadata
        .extend([("refs.platforms".to_owned(), json!({"Platforms": platforms}).to_string().into_bytes())]);
    let mut refs = BTreeMap::new();
    let mut attestations = BTreeMap::new();
    for (platform, image) in images {
        let suffix = if options.multi_platform { format!("/{platform}") } else { String::new() };
        metadata.insert(format!("containerimage.config{suffix}"), image.config);
        if let Some(base) = image.base {
            metadata.insert(format!("containerimage.base.config{suffix}"), base);
        }
        if let Some(epoch) = epoch {
            // Exporters before BuildKit 0.29 know no time of a platform.
            for suffix in [suffix.as_str(), ""] {
                metadata
                    .insert(format!("source.date.epoch{suffix}"), epoch.seconds().to_string().into_bytes());
            }
        }
        if !image.attestations.is_empty() {
            let attestation = gw::Attestations { attestation: image.attestations };
            attestations.insert(platform.to_string(), attestation);
        }
        refs.insert(platform.to_string(), gw::Ref { id: image.reference.0, def: None });
    }
    let refs = if options.multi_platform {
        gw::result::Result::Refs(gw::RefMap { refs })
    } else {
        let only = refs.into_values().next();
        gw::result::Result::Ref(only.ok_or_else(|| Failure::Request("no platform was asked for".into()))?)
    };
    Ok(gw::Result { result: Some(refs), metadata, attestations })
}
