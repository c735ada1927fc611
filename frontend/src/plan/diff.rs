//! Two plans side by side: what has to be built and pushed after an edit of the manifest.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::figures::{Figures, ImageFigures, LayerFigures};

/// What an edit comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Layers that were not there, by their ids.
    pub new_layers: BTreeMap<String, LayerFigures>,
    /// Layers that were there and no image has any more.
    pub gone_layers: BTreeMap<String, LayerFigures>,
    /// Layers of the same selections that hold more or less than before.
    pub changed_layers: BTreeMap<String, LayerFigures>,
    /// Layers that stay as they are, in other images.
    pub moved_layers: BTreeMap<String, Moved>,
    /// Packages that are not as before, by name.
    pub packages: BTreeMap<String, PackageDiff>,
    /// Images that are not as before.
    pub images: BTreeMap<String, ImageDiff>,
    /// Bytes that no registry with the old images has, each once, as far as they are known.
    pub pushed_bytes: u64,
}

/// Who has a layer now, and who had it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// For people: what it holds.
    pub holds: String,
    /// Images that did not have it.
    pub to: Vec<String>,
    /// Images that have it no more.
    pub from: Vec<String>,
}

/// What becomes of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PackageDiff {
    /// The versions there were in any image, sorted; none if it is new.
    pub from: Vec<String>,
    /// The versions there are; none if it is gone.
    pub to: Vec<String>,
    /// Bytes of the wheels of versions that were not there, as far as they are known.
    pub new_bytes: u64,
}

/// What becomes of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageDiff {
    /// How far it changes.
    pub change: Change,
    /// Its layers that were not there before, or hold something else.
    pub new_layers: Vec<String>,
    /// Their bytes, as far as they are known.
    pub pushed_bytes: u64,
}

/// How far an image changes, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there.
    New,
    /// It is not there any more.
    Gone,
    /// It is built on something else.
    Base,
    /// It has other layers, or in another order.
    Layers,
    /// It has another configuration on the same layers.
    Configuration,
}

/// Compares the figures of two plans.
pub fn diff(old: &Figures, new: &Figures) -> Diff {
    let mut diff = Diff::default();
    for (id, layer) in &new.layers {
        let Some(before) = old.layers.get(id) else {
            diff.new_layers.insert(id.clone(), layer.clone());
            continue;
        };
        if (before.bytes, before.files) != (layer.bytes, layer.files) {
            diff.changed_layers.insert(id.clone(), layer.clone());
        }
        let (to, from) = (without(&layer.images, &before.images), without(&before.images, &layer.images));
        if !to.is_empty() || !from.is_empty() {
            diff.moved_layers.insert(id.clone(), Moved { holds: layer.holds.clone(), to, from });
        }
    }
    diff.packages = packages(old, new);
    let gone = old.layers.iter().filter(|(id, _)| !new.layers.contains_key(*id));
    diff.gone_layers = gone.map(|(id, layer)| (id.clone(), layer.clone())).collect();
    let fresh: BTreeMap<&String, &LayerFigures> =
        diff.new_layers.iter().chain(&diff.changed_layers).collect();
    diff.pushed_bytes = fresh.values().filter_map(|layer| layer.bytes).sum();
    let names: BTreeSet<&String> = old.images.keys().chain(new.images.keys()).collect();
    let mut images = BTreeMap::new();
    for name in names {
        let (before, after) = (old.images.get(name), new.images.get(name));
        let used = after.into_iter().flat_map(|image| &image.layers);
        let new_layers: Vec<String> = used.filter(|id| fresh.contains_key(id)).cloned().collect();
        if let Some(change) = change(before, after, new_layers.is_empty()) {
            let bytes = new_layers.iter().filter_map(|id| fresh.get(id).and_then(|layer| layer.bytes));
            let pushed_bytes = bytes.sum();
            images.insert(name.clone(), ImageDiff { change, new_layers, pushed_bytes });
        }
    }
    diff.images = images;
    diff
}

fn packages(old: &Figures, new: &Figures) -> BTreeMap<String, PackageDiff> {
    let versions = |figures: &Figures| {
        let mut all: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for wheel in figures.layers.values().flat_map(|layer| &layer.wheels) {
            let bytes = wheel.bytes.unwrap_or_default();
            all.entry(wheel.name.clone()).or_default().insert(wheel.version.clone(), bytes);
        }
        all
    };
    let (old, new) = (versions(old), versions(new));
    let none = BTreeMap::new();
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut packages = BTreeMap::new();
    for name in names {
        let (before, after) = (old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none));
        if !before.keys().eq(after.keys()) {
            let fresh = after.iter().filter(|(version, _)| !before.contains_key(*version));
            let diff = PackageDiff {
                from: before.keys().cloned().collect(),
                to: after.keys().cloned().collect(),
                new_bytes: fresh.map(|(_, bytes)| bytes).sum(),
            };
            packages.insert(name.clone(), diff);
        }
    }
    packages
}

fn change(before: Option<&ImageFigures>, after: Option<&ImageFigures>, same_layers: bool) -> Option<Change> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(Change::New),
        (Some(_), None) => Some(Change::Gone),
        (Some(before), Some(after)) => {
            if before.base != after.base {
                Some(Change::Base)
            } else if !same_layers || before.layers != after.layers || before.steps != after.steps {
                Some(Change::Layers)
            } else {
                (before.config != after.config).then_some(Change::Configuration)
            }
        }
    }
}

fn without(all: &[String], known: &[String]) -> Vec<String> {
    let known: BTreeSet<&String> = known.iter().collect();
    all.iter().filter(|name| !known.contains(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::WheelFigures;
    use super::*;

    /// Images by their layers; every layer has ten bytes for each letter of its id.
    fn figures(images: &[(&str, &[&str])]) -> Figures {
        let mut figures = Figures::default();
        for (name, layers) in images {
            let image = ImageFigures {
                base: "busybox:1".into(),
                layers: layers.iter().map(|&id| id.to_owned()).collect(),
                config: "c".into(),
                ..ImageFigures::default()
            };
            figures.images.insert((*name).to_owned(), image);
            for id in *layers {
                let layer = figures.layers.entry((*id).to_owned()).or_default();
                layer.bytes = Some(10 * id.len() as u64);
                layer.images.push((*name).to_owned());
            }
        }
        figures
    }

    fn keys<T>(map: &BTreeMap<String, T>) -> Vec<&str> {
        map.keys().map(String::as_str).collect()
    }

    #[test]
    fn the_same_plan_is_no_change() {
        let plan = figures(&[("api", &["lib", "api"]), ("web", &["lib"])]);
        assert_eq!(diff(&plan, &plan), Diff::default());
    }

    #[test]
    fn what_an_edit_pushes() {
        let old = figures(&[("api", &["lib", "api"]), ("web", &["lib", "web"]), ("old", &["lib"])]);
        let mut new =
            figures(&[("api", &["lib", "rest", "api"]), ("web", &["rest", "web"]), ("cron", &["lib"])]);
        new.layers.get_mut("web").unwrap().bytes = Some(31);
        let diff = diff(&old, &new);
        assert_eq!(keys(&diff.new_layers), ["rest"]);
        assert_eq!(keys(&diff.changed_layers), ["web"]);
        assert_eq!(keys(&diff.gone_layers), Vec::<&str>::new());
        let lib = &diff.moved_layers["lib"];
        assert_eq!(
            (&lib.to[..], &lib.from[..]),
            (&["cron".to_owned()][..], &["web".to_owned(), "old".into()][..])
        );
        let images: Vec<_> =
            diff.images.iter().map(|(name, i)| (name.as_str(), i.change, i.pushed_bytes)).collect();
        assert_eq!(
            images,
            [
                ("api", Change::Layers, 40),
                ("cron", Change::New, 0),
                ("old", Change::Gone, 0),
                ("web", Change::Layers, 71)
            ]
        );
        assert_eq!(diff.pushed_bytes, 71);
    }

    #[test]
    fn packages_by_their_versions() {
        let of = |wheels: &[(&str, &str, u64)]| {
            let mut figures = figures(&[("api", &["p"])]);
            let wheel = |(name, version, bytes): &(&str, &str, u64)| WheelFigures {
                name: (*name).into(),
                version: (*version).into(),
                bytes: Some(*bytes),
                ..WheelFigures::default()
            };
            figures.layers.get_mut("p").unwrap().wheels = wheels.iter().map(wheel).collect();
            figures
        };
        let old = of(&[("gone", "1", 1), ("same", "1", 2), ("torch", "2.5", 4)]);
        let new = of(&[("added", "3", 8), ("same", "1", 2), ("torch", "2.6", 16)]);
        let diff = diff(&old, &new);
        let said = |name: &str| {
            let PackageDiff { from, to, new_bytes } = &diff.packages[name];
            (from.join(","), to.join(","), *new_bytes)
        };
        assert_eq!(keys(&diff.packages), ["added", "gone", "torch"]);
        assert_eq!(said("added"), (String::new(), "3".into(), 8));
        assert_eq!(said("gone"), ("1".into(), String::new(), 0));
        assert_eq!(said("torch"), ("2.5".into(), "2.6".into(), 16));
    }

    #[test]
    fn base_and_configuration() {
        let old = figures(&[("api", &["lib"]), ("web", &["lib"])]);
        let mut new = old.clone();
        new.images.get_mut("api").unwrap().base = "busybox:2".into();
        new.images.get_mut("web").unwrap().config = "d".into();
        let diff = diff(&old, &new);
        assert_eq!(diff.images["api"].change, Change::Base);
        assert_eq!(diff.images["web"].change, Change::Configuration);
        assert_eq!(diff.pushed_bytes, 0);
    }
}
