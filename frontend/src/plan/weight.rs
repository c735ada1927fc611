//! How high a layer is to lie in an image, by what an engine has to do again when something changes: what is heavy, what is
//! little, and what changes often.

use unwheel::Scheme;

use super::crowd::nested;
use super::facts::Facts;
use super::heavy::{LOW, SMALL, weighed};
use super::layers::{Layer, Made};
use super::want::Origin;

/// What is known of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    pub(super) tier: Tier,
    /// As far as they are known.
    pub(super) bytes: u64,
    /// How often images change because of it.
    pub(super) changes: usize,
}

/// Lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Heavy,
    Light,
    /// The smallest packages, which are the most and change most often, and what stages have made.
    Small,
    /// Packages that few images need, and little: those pay for a pin of theirs, and not for what all have besides.
    Few,
    /// What is put where packages are: it may be there instead of a file of theirs.
    Beside,
    /// Of the context: edited every day.
    Written,
}

/// How often images change because of what stages and other images have made, beside one package; it may be large, too.
const SELDOM: usize = 10;

/// Bytes in a layer of packages that all images may unpack again for a pin of something else.
const LITTLE: u64 = 1_000_000;

/// Bytes in a layer of packages, however small each is, that are not to be unpacked once for each mix of heavy ones below.
const MUCH: u64 = 4_000_000;

/// What lies above a layer that changes is unpacked again in every image that has it. So what is heavy is lowest, and what is
/// written here highest; between them small packages are above larger ones, and those that at most half of the images need
/// above what most do, if they are little. Of the small ones what changes seldom and in few images is lower.
/// `images` counts the stages that are planned with them; `scheme` says where the packages of the image go.
pub(super) fn weight_of(made: &Made, images: usize, scheme: Option<&Scheme>, facts: &Facts) -> Weight {
    let layer = &made.layer;
    let (tier, bytes, often) = match (&layer.packages, &layer.origin) {
        (Some(packages), _) => {
            let weights = || packages.wheels.iter().map(|wheel| wheel.weight(packages.bytecode));
            let all = |is: fn(u64) -> bool| weights().all(is);
            let few = made.consumers.len() * 2 <= images;
            let weight = weights().fold(0, u64::saturating_add);
            let tier = if weight >= MUCH || all(|bytes| bytes >= LOW) {
                Tier::Heavy
            } else if few && weight < LITTLE {
                Tier::Few
            } else if all(|bytes| bytes < SMALL) {
                Tier::Small
            } else {
                Tier::Light
            };
            (tier, packages.bytes(), packages.wheels.len())
        }
        (None, Origin::Context) => {
            let bytes = layer.parts.iter().filter_map(weighed).map(|source| facts.weight(source)).sum();
            (if bytes >= LOW { Tier::Heavy } else { Tier::Written }, bytes, 1)
        }
        (None, Origin::From(_) | Origin::Packages) => (Tier::Small, 0, SELDOM),
    };
    let beside = tier < Tier::Beside && scheme.is_some_and(|scheme| is_beside(layer, scheme));
    let tier = if beside { Tier::Beside } else { tier };
    // Of larger ones the bytes say what is lower, not how often it changes.
    let changes = if tier < Tier::Small { 0 } else { often * made.consumers.len() };
    Weight { tier, bytes, changes }
}

/// What packages put right into the directory for data, which often is `/usr/local`, where other things are too.
const DATA: [&str; 6] = ["bin", "etc", "include", "lib", "man", "share"];

/// Whether files are put into a directory that packages are put into, or around it. What packages have there is not known before
/// they are downloaded.
fn is_beside(layer: &Layer, scheme: &Scheme) -> bool {
    let mut targets = layer.parts.iter().map(|part| &part.target);
    layer.packages.is_none() && targets.any(|target| beside(target, scheme))
}

/// The same of one target.
pub(super) fn beside(target: &str, scheme: &Scheme) -> bool {
    let Scheme { purelib, platlib, scripts, data, headers, .. } = scheme;
    let of_data = DATA.map(|name| format!("{}/{name}", data.trim_end_matches('/')));
    let mut directories = [purelib, platlib, scripts, headers].into_iter().chain(&of_data);
    directories.any(|directory| nested(target, directory))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::packages::{BuildRequirements, Packages, View, Wheel, WheelSource};
    use super::super::plan;
    use super::*;
    use crate::manifest::{Inputs, load};

    /// What is known of `packages`, by name and size in kilobytes, which `needs` them.
    fn view(packages: &[(&str, u64)], needs: &[(&str, &[usize])]) -> View {
        let wheel = |(name, size): &(&str, u64)| {
            let filename = format!("{name}-1-cp313-cp313-linux_x86_64.whl");
            let source = WheelSource::Context { path: filename.clone(), filename, sha256: "0".repeat(64) };
            Wheel { name: (*name).to_owned(), version: "1".into(), size: Some(size * 1000), source }
        };
        let scheme = |name: &str| format!("/venv/{name}");
        View {
            scheme: Scheme {
                purelib: scheme("lib"),
                platlib: scheme("lib"),
                scripts: scheme("bin"),
                data: scheme(""),
                headers: scheme("include"),
                executable: scheme("bin/python"),
                python: "3.13".into(),
            },
            python: "3.13".into(),
            wheels: packages.iter().map(wheel).collect(),
            needs: needs.iter().map(|(name, of)| (format!("service {name}"), of.to_vec())).collect(),
            places: BTreeMap::new(),
            reasons: BTreeMap::new(),
            bytecode: false,
            runtime: None,
            requirements: BuildRequirements::default(),
        }
    }

    /// Names of the layers of `image`, bottom first, if `built` are.
    fn layers(
        text: &str,
        packages: &[(&str, u64)],
        needs: &[(&str, &[usize])],
        built: &[&str],
        image: &str,
    ) -> Vec<String> {
        let manifest = load("layerset.yaml", text.as_bytes(), &Inputs::default()).manifest.unwrap();
        let of = built.iter().map(|name| (format!("service {name}"), 0)).collect();
        let facts =
            Facts { packages: Packages { views: vec![view(packages, needs)], of }, ..Facts::default() };
        let plan = plan(&manifest, &facts, Vec::new());
        plan.images[image].chain.layers.iter().map(|id| plan.layers[*id].name.clone()).collect()
    }

    fn assert_ascending(layers: &[String], parts: &[&str]) {
        let at = |part: &&str| layers.iter().position(|name| name.contains(*part)).unwrap();
        assert!(parts.iter().map(at).is_sorted(), "{layers:?}, expected {parts:?}");
    }

    #[test]
    fn an_image_is_the_same_whoever_else_is_built() {
        let text = "services:\n  a: {from: scratch, files: [x]}\n  b: {from: scratch, files: [x, y]}\n  \
                    c: {from: scratch, files: [y]}\n";
        let packages = [("few", 9000), ("most", 3000), ("small", 10)];
        let needs: [(&str, &[usize]); 3] = [("a", &[0, 1, 2]), ("b", &[1, 2]), ("c", &[1])];
        let layers = |built: &[&str], image: &str| layers(text, &packages, &needs, built, image);
        let all = ["a", "b", "c"];
        for image in all {
            assert_eq!(layers(&[image], image), layers(&all, image), "{image}");
        }
        assert_ascending(&layers(&all, "a"), &["most", "few", "small", "x"]);
    }

    #[test]
    fn little_of_few_images_is_above_small_ones_of_most() {
        let text = "services: {a: {from: scratch}, b: {from: scratch}, c: {from: scratch}}\n";
        let packages =
            [("tiny", 10), ("large", 1995), ("mine", 999), ("most", 300), ("own", 20), ("much", 1990)];
        let needs: [(&str, &[usize]); 3] = [("a", &[0, 1, 2, 3]), ("b", &[0, 1, 3, 4, 5]), ("c", &[0, 1])];
        let layers = |image| layers(text, &packages, &needs, &["a", "b", "c"], image);
        assert_ascending(&layers("a"), &["large", "most", "tiny", "mine"]);
        assert_ascending(&layers("b"), &["large", "most", "much", "tiny", "own"]);
    }

    #[test]
    fn what_is_put_where_packages_are_is_above_them() {
        let text = "services:\n  a:\n    from: scratch\n    copy:\n      \
                    - {from: 'tools:1', source: /one.pem, target: /venv/lib/certs/one.pem}\n      \
                    - {from: 'other:1', source: /two.pem, target: /venv/two.pem}\n    files: [x]\n  b: {from: scratch}\n";
        let layers = layers(text, &[("certs", 160)], &[("a", &[0])], &["a"], "a");
        assert_ascending(&layers, &["two.pem", "certs==1", "one.pem", "x"]);
    }

    /// What is written over other files is lifted, and nothing sinks below packages for it.
    #[test]
    fn what_overlaps_stays_above_packages() {
        let text = "stages:\n  ui: {from: scratch}\nservices:\n  a:\n    from: scratch\n    files: [{source: root, target: /}]\n    \
                    copy: [{from: ui, source: /dist, target: /app/static}]\n  b: {from: scratch}\n";
        let layers = layers(text, &[("certs", 160)], &[("a", &[0])], &["a"], "a");
        assert_ascending(&layers, &["certs==1", "root", "dist"]);
    }

    #[test]
    fn many_light_packages_of_most_are_below_heavy_ones_of_fewer() {
        let text = "services: {a: {from: scratch}, b: {from: scratch}, c: {from: scratch}}\n";
        let order = |size: u64| {
            let packages = [("one", size), ("two", size), ("three", size), ("heavy", 3000)];
            let needs: [(&str, &[usize]); 3] =
                [("a", &[0, 1, 2, 3]), ("b", &[0, 1, 2, 3]), ("c", &[0, 1, 2])];
            layers(text, &packages, &needs, &["a", "b", "c"], "a")
        };
        assert_ascending(&order(1333), &["heavy", "one"]);
        assert_ascending(&order(1334), &["one", "heavy"]);
    }
}
