//! The form of `docker save` before it knew OCI layouts: a list of images by the paths of their configurations and layers.

use std::collections::BTreeSet;

use super::{Files, Wanted};
use crate::digest::Digest;
use crate::image::{Config, Image, SavedImage, parse};
use crate::layer::Expected;
use crate::problem::Problem;

pub(super) fn saved(files: &impl Files, list: &[SavedImage], wanted: &Wanted) -> Vec<Result<Image, Problem>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, image) in list.iter().enumerate() {
        let names: Vec<String> = match wanted {
            // One configuration is one image, however many tags it has.
            Wanted::All(_) if !seen.insert(&image.config) => continue,
            Wanted::All(fallback) => match image.repo_tags.as_deref().unwrap_or_default() {
                [] if list.len() == 1 => vec![fallback.clone()],
                [] => vec![format!("{fallback}#{}", at + 1)],
                [first, ..] => vec![first.clone()],
            },
            Wanted::These(ids) => {
                let of_config = |id: &Digest| image.config.contains(&id.hex());
                ids.iter().filter(|(_, id)| of_config(id)).map(|(name, _)| name.clone()).collect()
            }
        };
        found.extend(
            names.iter().map(|name| saved_image(files, name, image).map_err(|problem| problem.of(name))),
        );
    }
    if let Wanted::These(ids) = wanted {
        let there: BTreeSet<String> = found.iter().flatten().map(|image| image.name.clone()).collect();
        let missing = ids.keys().filter(|name| !there.contains(*name));
        let told = |name: &String| {
            Err(Problem::mistake(format!("{name}: found no such image in what the engine sent")))
        };
        if found.iter().all(Result::is_ok) {
            found.extend(missing.map(told));
        }
    }
    found
}

fn saved_image(files: &impl Files, name: &str, image: &SavedImage) -> Result<Image, Problem> {
    let missing = || Problem::mistake(format!("found no {}, the archive is not whole", image.config));
    let config = files.document(&image.config)?.ok_or_else(missing)?;
    let config: Config = parse(&config, "a configuration")?;
    let mut blobs = Vec::new();
    for path in &image.layers {
        // Their names are no digests of what is stored; that it is the right archive is known by the configuration.
        blobs.push(files.layer(path, &Expected::default())?);
    }
    Image::new(name, config, &blobs)
}
