//! What holds for any manifest.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot make its own manifest has failed")]

use std::collections::{BTreeMap, BTreeSet};

use layerset::diagnostic::Source;
use layerset::emit::{self, Input, Settings, Sources};
use layerset::manifest::{self, Inputs, Manifest};
use layerset::plan::{Facts, Look, Looks, Plan, Target, plan};
use layerset::platform::Platform;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use prost::Message;
use serde_json::{Map, Value, json};

/// Paths that overlap in all the ways that paths can.
const PATHS: [&str; 9] = ["a", "a/b", "a/b/c", "a-b", "d", "d/e", "f/g", "f/h", "z"];
const NAMES: [&str; 6] = ["api", "web", "worker", "cron", "mail", "auth"];

/// What one service or stage says.
#[derive(Clone, Debug)]
struct Body {
    files: Vec<String>,
    targets: Vec<bool>,
    environment: Vec<String>,
    on_stage: Option<Index>,
}

fn body() -> impl Strategy<Value = Body> {
    let files = subsequence(PATHS.to_vec(), 0..6).prop_shuffle();
    let environment = subsequence(vec!["A", "B", "C"], 0..3);
    let targets = prop::collection::vec(prop::bool::weighted(0.2), PATHS.len());
    (files, targets, environment, prop::option::of(any::<Index>())).prop_map(
        |(files, targets, environment, on_stage)| Body {
            files: files.into_iter().map(str::to_owned).collect(),
            targets,
            environment: environment.into_iter().map(str::to_owned).collect(),
            on_stage,
        },
    )
}

/// A manifest as JSON, which is YAML: stages in a chain, services on any of them or on an image.
fn documents() -> impl Strategy<Value = Value> {
    let stages = prop::collection::vec(body(), 0..3);
    let services = prop::collection::vec(body(), 1..NAMES.len());
    (stages, services).prop_map(|(stages, services)| {
        let mut known: Vec<String> = Vec::new();
        let mut said = Map::new();
        for (number, stage) in stages.iter().enumerate() {
            let name = format!("stage{number}");
            said.insert(name.clone(), written(stage, &known));
            known.push(name);
        }
        let services = services.iter().zip(NAMES);
        let services: Map<String, Value> =
            services.map(|(service, name)| (name.to_owned(), written(service, &known))).collect();
        if said.is_empty() {
            json!({"name": "shop", "services": services})
        } else {
            json!({"name": "shop", "stages": said, "services": services})
        }
    })
}

fn written(body: &Body, stages: &[String]) -> Value {
    let from = match &body.on_stage {
        Some(index) if !stages.is_empty() => index.get(stages).clone(),
        _ => "python:3.13-slim".to_owned(),
    };
    let files = body.files.iter().zip(&body.targets).map(|(path, moved)| match moved {
        true => json!({"source": path, "target": format!("/srv/{path}")}),
        false => json!(path),
    });
    let environment: Map<String, Value> =
        body.environment.iter().map(|name| (name.clone(), "1".into())).collect();
    json!({"from": from, "files": files.collect::<Vec<_>>(), "environment": environment, "working_dir": "/app"})
}

/// JSON with the keys of every mapping in another order.
fn shuffled(value: &Value, turns: usize) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key:?}: {}", shuffled(value, turns + 1))).collect();
            let by = turns % entries.len().max(1);
            entries.rotate_left(by);
            if turns % 2 == 1 {
                entries.reverse();
            }
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(|item| shuffled(item, turns + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn load(text: &str) -> (Source, Manifest) {
    let inputs = Inputs::default();
    let loaded = manifest::load("layerset.yaml", text.as_bytes(), &inputs);
    let diagnostics = loaded.diagnostics;
    (loaded.source, loaded.manifest.unwrap_or_else(|| panic!("{text}\n{diagnostics:?}")))
}

fn planned(text: &str) -> (Source, Manifest, Plan) {
    let (source, manifest) = load(text);
    let plan = plan(&manifest, &Facts::default(), Vec::new());
    (source, manifest, plan)
}

/// The definitions of all targets.
fn emitted(text: &str) -> Vec<buildkit_proto::pb::Definition> {
    let (source, manifest, plan) = planned(text);
    let settings = Settings::offline(Platform::new("linux", "amd64", ""));
    let input = Input {
        plan: &plan,
        sources: &Sources::new(),
        looks: &Looks::new(),
        context: &Look::new(),
        source: &source,
        settings: &settings,
    };
    let stages = manifest.stages.keys().cloned().map(Target::Stage);
    let services = manifest.services.keys().cloned().map(Target::Service);
    stages.chain(services).map(|target| emit::emit(input, &target).definition).collect()
}

/// For every service and stage, what of the context is at which path of what it adds to its base, by
/// the rule of the manifest alone: a selected path and everything below it.
fn wanted(document: &Value) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let mut all = BTreeMap::new();
    for kind in ["stages", "services"] {
        for (name, body) in document[kind].as_object().into_iter().flatten() {
            let files = body["files"].as_array().unwrap().iter().map(|file| match file {
                Value::String(path) => (path.clone(), format!("/app/{path}")),
                file => (file["source"].as_str().unwrap().into(), file["target"].as_str().unwrap().into()),
            });
            all.insert(format!("{} {name}", kind.trim_end_matches('s')), files.collect());
        }
    }
    all
}

/// How often the layers of `consumer` hold `path`, put to `target`.
fn times(plan: &Plan, layers: &[usize], path: &str, target: &str) -> usize {
    let within = |outer: &str, inner: &str| {
        let rest = inner.strip_prefix(outer.trim_end_matches('/'));
        rest.filter(|rest| rest.is_empty() || rest.starts_with('/')).map(str::to_owned)
    };
    let parts = layers.iter().flat_map(|id| &plan.layers[*id].parts);
    let holds = |part: &&layerset::plan::Part| {
        let Some(below) = within(&part.source, &format!("/{path}")) else { return false };
        let same_place = format!("{}{below}", part.target.trim_end_matches('/')) == target;
        let relative = below.trim_start_matches('/');
        let left_out = part.patterns.exclude.iter().any(|pattern| within(pattern, relative).is_some());
        same_place && !left_out
    };
    parts.filter(holds).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_does_not_depend_on_the_order_of_keys(document in documents(), turns in 1usize..9) {
        let (_, _, straight) = planned(&document.to_string());
        let (_, _, turned) = planned(&shuffled(&document, turns));
        let json = |plan: &Plan| serde_json::to_string_pretty(plan).unwrap();
        prop_assert_eq!(json(&straight), json(&turned));
    }

    #[test]
    fn neither_does_any_op(document in documents(), turns in 1usize..9) {
        let ops = |text: &str| emitted(text).into_iter().map(|it| it.def).collect::<Vec<_>>();
        prop_assert_eq!(ops(&document.to_string()), ops(&shuffled(&document, turns)));
    }

    #[test]
    fn emitting_twice_gives_the_same_bytes(document in documents()) {
        let bytes = || -> Vec<Vec<u8>> {
            emitted(&document.to_string()).iter().map(Message::encode_to_vec).collect()
        };
        prop_assert_eq!(bytes(), bytes());
    }

    #[test]
    fn every_selection_is_there_once(document in documents()) {
        let (_, manifest, plan) = planned(&document.to_string());
        let chains = plan.stages.iter().map(|(name, stage)| (format!("stage {name}"), &stage.chain));
        let images = plan.images.iter().map(|(name, image)| (format!("service {name}"), &image.chain));
        let chains: BTreeMap<String, _> = chains.chain(images).collect();
        for (consumer, wanted) in wanted(&document) {
            // With the layers of the stages below, which are part of the image.
            let mut ids = Vec::new();
            let mut next = Some(consumer.clone());
            while let Some(name) = next {
                let chain = chains[&name];
                ids.extend(&chain.layers);
                next = match &chain.base {
                    manifest::model::Base::Stage(below) => Some(format!("stage {below}")),
                    _ => None,
                };
            }
            let mut distinct = ids.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), ids.len(), "{} holds a layer twice", &consumer);
            for (source, target) in &wanted {
                // Every path that anyone names, as far as this selection holds it.
                let named = PATHS.iter().filter_map(|path| {
                    let below = path.strip_prefix(source.as_str())?;
                    (below.is_empty() || below.starts_with('/')).then(|| (*path, format!("{target}{below}")))
                });
                for (path, target) in named {
                    let held = times(&plan, &ids, path, &target);
                    prop_assert!(held == 1, "{consumer} holds {path} at {target} {held} times");
                }
            }
        }
        prop_assert_eq!(manifest.services.len(), plan.images.len());
    }

    #[test]
    fn consumers_are_sorted_and_hold_the_layer(document in documents()) {
        let (_, _, plan) = planned(&document.to_string());
        for (id, layer) in plan.layers.iter().enumerate() {
            prop_assert!(!layer.consumers.is_empty());
            prop_assert!(layer.consumers.is_sorted(), "{:?}", layer.consumers);
            for consumer in &layer.consumers {
                let chain = match consumer.split_once(' ').unwrap() {
                    ("stage", name) => &plan.stages[name].chain,
                    (_, name) => &plan.images[name].chain,
                };
                prop_assert!(chain.layers.contains(&id), "{} does not hold its layer", consumer);
            }
        }
        let held: usize = plan.layers.iter().map(|layer| layer.consumers.len()).sum();
        let stages = plan.stages.values().map(|stage| stage.chain.layers.len());
        let images = plan.images.values().map(|image| image.chain.layers.len());
        prop_assert_eq!(held, stages.chain(images).sum::<usize>());
    }
}
