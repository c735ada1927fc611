//! What the stages below an image hold already is not stored again above them.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::StageChain;
use super::consumer::Consumer;
use super::packages::{Packages, View};
use super::region::{Consumers, Region};
use super::target::Target;
use super::want::{Origin, Patterns, Want, nested};
use super::weight::beside;
use crate::manifest::model::Base;

/// Takes consumers out of regions that they have from a stage they are built on.
///
/// Who holds a region is said by the manifest alone, and so the same whichever target is built and whosever packages are
/// known. Where packages may lie over what a stage holds, the image gets the region once more, as its own.
pub(super) fn drop_inherited(
    regions: &mut Vec<Region>,
    consumers: &[Consumer],
    stages: &BTreeMap<String, StageChain>,
    packages: &Packages,
) {
    let below = stages_below(consumers, stages);
    let mut again = Vec::new();
    for region in regions.iter_mut() {
        let holders = std::mem::take(&mut region.consumers);
        let holds = |stage: &usize| {
            holders.binary_search(stage).is_ok() || selects_around(&consumers[*stage], region)
        };
        let mut left = Consumers::new();
        for who in &holders {
            let Some(at) = below[*who].iter().position(holds) else {
                left.push(*who);
                continue;
            };
            // Whatever was written over it since then has to be written over again, also by the stage that has it.
            let own = after_last(&consumers[below[*who][at]].wants, region);
            let since = || below[*who][..at].iter().chain([who]).map(|who| &consumers[*who]);
            if own.iter().chain(since().flat_map(|since| &since.wants)).any(|want| covers(want, region)) {
                left.push(*who);
            } else if since().any(|since| has_packages_around(since, region, packages)) {
                again.push(Region { consumers: vec![*who], ..region.clone() });
            }
        }
        region.consumers = left;
    }
    regions.extend(again);
}

/// For each wheel of each view the consumers that hold it: those that need it and have it from no stage.
pub(super) fn needed_wheels(
    packages: &Packages,
    consumers: &[Consumer],
    stages: &BTreeMap<String, StageChain>,
) -> Vec<Vec<Consumers>> {
    let of_view = |view: &View| {
        let mut holders: Vec<Consumers> = vec![Consumers::new(); view.wheels.len()];
        // What a stage and those below it hold. Stages come after those that they are built on.
        let mut held: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (number, consumer) in consumers.iter().enumerate() {
            let mut has = match &consumer.base {
                Base::Stage(name) if stages.contains_key(name) => {
                    held.get(name.as_str()).cloned().unwrap_or_default()
                }
                _ => BTreeSet::new(),
            };
            for wheel in view.needs.get(&consumer.name).into_iter().flatten() {
                if has.insert(*wheel) {
                    holders[*wheel].push(number);
                }
            }
            if let Target::Stage(name) = &consumer.target {
                held.insert(name, has);
            }
        }
        holders
    };
    packages.views.iter().map(of_view).collect()
}

/// For every consumer the stages below it whose files it still has, the nearest first. After a step
/// nobody knows what is left of the files, so nothing below it is relied on.
fn stages_below(consumers: &[Consumer], stages: &BTreeMap<String, StageChain>) -> Vec<Vec<usize>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut below: Vec<Vec<usize>> = Vec::with_capacity(consumers.len());
    // Stages come after those that they are built on.
    for (number, consumer) in consumers.iter().enumerate() {
        let kept = match &consumer.base {
            // Its own packages of Debian are installed before its files, and over what is below.
            _ if has_apt(&consumer.target, stages) => Vec::new(),
            Base::Stage(name) if stages.get(name).is_some_and(|stage| stage.steps.is_empty()) => {
                let stage = numbers.get(name.as_str()).copied();
                stage.into_iter().flat_map(|stage| [&[stage][..], &below[stage]].concat()).collect()
            }
            _ => Vec::new(),
        };
        below.push(kept);
        if let Target::Stage(name) = &consumer.target {
            numbers.insert(name, number);
        }
    }
    below
}

/// The selections behind the last one that has something of a region.
fn after_last<'w>(wants: &'w [Want], region: &Region) -> &'w [Want] {
    let has = |want: &Want| want.frame == region.frame && nested(&want.path, &region.path);
    wants.iter().rposition(has).map_or(wants, |last| &wants[last + 1..])
}

/// Whether a stage has all that is around a region, of another stage or image: nothing is taken out of that for others.
fn selects_around(consumer: &Consumer, region: &Region) -> bool {
    let around = |want: &Want| {
        want.frame == region.frame
            && want.patterns == Patterns::default()
            && region.path.starts_with(&want.path)
    };
    region.frame.origin != Origin::Context && consumer.wants.iter().any(around)
}

fn has_apt(target: &Target, stages: &BTreeMap<String, StageChain>) -> bool {
    matches!(target, Target::Stage(name) if stages.get(name).is_some_and(|stage| !stage.apt.is_empty()))
}

/// Whether packages of its own go to the places of a region, or around them.
fn has_packages_around(consumer: &Consumer, region: &Region, packages: &Packages) -> bool {
    let view = packages.of.get(&consumer.name).and_then(|view| packages.views.get(*view));
    let requires = |view: &&View| view.needs.get(&consumer.name).is_some_and(|needs| !needs.is_empty());
    let target = [&region.frame.target[..], &region.path].concat().join("/");
    view.filter(requires).is_some_and(|view| beside(&format!("/{target}"), &view.scheme))
}

/// Whether a selection of other files writes to the places of a region.
fn covers(want: &Want, region: &Region) -> bool {
    let other = [&want.frame.target[..], &want.path].concat();
    let own = [&region.frame.target[..], &region.path].concat();
    want.frame != region.frame && (other.starts_with(&own) || own.starts_with(&other))
}

#[cfg(test)]
mod tests {
    use crate::manifest::{Inputs, load};
    use crate::plan::{Facts, Plan, plan};

    fn planned(text: &str) -> Plan {
        let inputs = Inputs::default();
        let loaded = load("layerset.yaml", text.as_bytes(), &inputs);
        plan(&loaded.manifest.unwrap(), &Facts::default(), Vec::new())
    }

    /// The sources of what an image adds to its base.
    fn added(plan: &Plan, service: &str) -> Vec<String> {
        let layers = plan.images[service].chain.layers.iter().map(|id| &plan.layers[*id]);
        layers.flat_map(|layer| &layer.parts).map(|part| part.source.clone()).collect()
    }

    #[test]
    fn what_a_stage_holds_is_not_stored_again() {
        for (stage, service) in [("lib", "lib"), ("lib", "lib/deep"), ("lib/deep, lib", "lib/deep")] {
            let text = format!(
                "stages:\n  base: {{from: scratch, files: [{stage}]}}\n  \
                   next: {{from: base}}\n\
                 services:\n  api: {{from: next, files: [{service}, api]}}\n"
            );
            assert_eq!(added(&planned(&text), "api"), ["/api"], "{stage} below {service}");
        }
        let more = planned(
            "stages:\n  base: {from: scratch, files: [lib/deep]}\n\
             services:\n  api: {from: base, files: [lib]}\n",
        );
        let layers = more.images["api"].chain.layers.iter().map(|id| &more.layers[*id]);
        let parts: Vec<_> = layers.flat_map(|layer| &layer.parts).collect();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].patterns.exclude, ["deep"]);
    }

    #[test]
    fn after_a_step_nothing_is_relied_on() {
        let plan = planned(
            "stages:\n  base: {from: scratch, files: [lib], run: [make]}\n\
             services:\n  api: {from: base, files: [lib]}\n",
        );
        assert_eq!(added(&plan, "api"), ["/lib"]);
    }

    #[test]
    fn what_is_inside_of_a_copy_is_there_too() {
        let plan = planned(
            "stages:\n  build: {from: scratch, run: [make]}\n  \
               base: {from: scratch, copy: [{from: build, source: /out}]}\n\
             services:\n  api: {from: base, copy: [{from: build, source: /out/bin}, {from: build, source: /else}]}\n",
        );
        assert_eq!(added(&plan, "api"), ["/else"]);
    }

    #[test]
    fn packages_of_debian_may_lie_over_the_files_of_a_stage() {
        let text = |apt: &str| {
            format!(
                "stages:\n  one: {{from: scratch, files: [lib]}}\n  two: {{from: one{apt}}}\n\
                 services:\n  api: {{from: two, files: [lib]}}\n  own: {{from: one, files: [lib]}}\n"
            )
        };
        assert_eq!(added(&planned(&text("")), "api"), Vec::<String>::new());
        let plan = planned(&text(", apt: [nginx]"));
        assert_eq!((added(&plan, "api"), added(&plan, "own")), (vec!["/lib".to_owned()], Vec::new()));
        let plan = planned(
            "stages:\n  one: {from: scratch, files: [lib]}\n  two: {from: one, apt: [nginx], files: [lib]}\n\
             services: {api: {from: two, files: [lib]}}\n",
        );
        assert_eq!((plan.stages["two"].chain.layers.len(), added(&plan, "api").len()), (1, 0));
    }

    #[test]
    fn what_was_written_over_is_written_again() {
        let plan = planned(
            "stages:\n  base: {from: scratch, files: [{source: a, target: /x}]}\n  \
               next: {from: base, files: [{source: b, target: /x/y}]}\n\
             services:\n  \
               api: {from: next, files: [{source: a, target: /x}]}\n  \
               web: {from: base, files: [{source: c, target: /x}, {source: a, target: /x}]}\n  \
               cli: {from: base, files: [{source: a, target: /x}]}\n",
        );
        assert_eq!(added(&plan, "api"), ["/a"]);
        let own = planned(
            "stages:\n  base: {from: scratch, files: [{source: a, target: /x}, {source: b, target: /x}]}\n\
             services:\n  \
               first: {from: base, files: [{source: a, target: /x}]}\n  \
               last: {from: base, files: [{source: b, target: /x}]}\n  \
               part: {from: base, files: [{source: a/sub, target: /x/sub}]}\n",
        );
        assert_eq!(
            (added(&own, "first"), added(&own, "part")),
            (vec!["/a/sub".to_owned(), "/a".to_owned()], vec!["/a/sub".to_owned()])
        );
        assert_eq!(added(&own, "last"), Vec::<String>::new());
        assert_eq!(added(&plan, "web"), ["/c", "/a"]);
        assert_eq!(added(&plan, "cli"), Vec::<String>::new());
    }
}
