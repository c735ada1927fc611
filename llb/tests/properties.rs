//! What holds of any graph, whatever was added to it.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use buildkit_llb::listing::Listing;
use buildkit_llb::{
    CacheSharing, Copy, Diff, Edge, Exec, File, Graph, Image, Local, Metadata, Mkdir, Mount, Platform,
};
use buildkit_proto::pb;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// An op to add; numbers pick inputs among the edges that are there.
#[derive(Clone, Debug)]
enum Step {
    Image(u8),
    Local(Vec<u8>),
    Mkdir(Option<usize>, u8),
    Copy(Option<usize>, Vec<(usize, u8)>),
    Exec(usize, u8, Option<usize>),
    Merge(Vec<usize>),
    Diff(usize, usize),
}

/// Few different values, so that equal ops come up often.
fn step() -> impl Strategy<Value = Step> {
    let edge = || any::<usize>();
    prop_oneof![
        (0..3_u8).prop_map(Step::Image),
        vec(0..4_u8, 0..3).prop_map(Step::Local),
        (proptest::option::of(edge()), 0..4_u8).prop_map(|(base, path)| Step::Mkdir(base, path)),
        (proptest::option::of(edge()), vec((edge(), 0..4_u8), 1..5))
            .prop_map(|(base, copies)| Step::Copy(base, copies)),
        (edge(), 0..4_u8, proptest::option::of(edge()))
            .prop_map(|(base, arg, bind)| Step::Exec(base, arg, bind)),
        vec(edge(), 2..5).prop_map(Step::Merge),
        (edge(), edge()).prop_map(|(lower, upper)| Step::Diff(lower, upper)),
    ]
}

fn add(graph: &mut Graph, edges: &[Edge], step: &Step) -> Option<Edge> {
    let pick = |number: usize| edges.get(number % edges.len().max(1)).copied();
    let metadata = Metadata::default();
    let edge = match step {
        Step::Image(tag) => {
            let platform = Platform { os: "linux".into(), ..Platform::default() };
            graph.add(Image::new(format!("image:{tag}")).platform(platform), metadata)
        }
        Step::Local(include) => {
            graph.add(Local::new("context").include(include.iter().map(|path| format!("p{path}"))), metadata)
        }
        Step::Mkdir(base, path) => {
            graph.add(File::on(base.and_then(pick)).mkdir(Mkdir::new(format!("/{path}"))), metadata)
        }
        Step::Copy(base, copies) => {
            let file = copies.iter().fold(File::on(base.and_then(pick)), |file, (from, path)| {
                let (src, dest) = ("/".into(), format!("/{path}"));
                file.copy(Copy { from: pick(*from), src, dest, ..Copy::default() })
            });
            graph.add(file, metadata)
        }
        Step::Exec(base, arg, bind) => {
            let exec = Exec::new(pick(*base), [arg.to_string()])
                .mount(Mount::bind("/bind", bind.and_then(pick)).readonly())
                .mount(Mount::cache("/cache", "id", CacheSharing::Locked))
                .mount(Mount::scratch("/out"));
            let output = exec.output_of("/out").unwrap();
            graph.add(exec, metadata).output(output)
        }
        Step::Merge(inputs) => return graph.merge(inputs.iter().map(|&input| pick(input)), metadata),
        Step::Diff(lower, upper) => graph.add(Diff::new(pick(*lower), pick(*upper)), metadata),
    };
    Some(edge)
}

fn build(steps: &[Step]) -> (Graph, Vec<Edge>) {
    let (mut graph, mut edges) = (Graph::new(), Vec::new());
    for step in steps {
        edges.extend(add(&mut graph, &edges, step));
    }
    (graph, edges)
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

proptest! {
    #[test]
    fn built_twice_the_bytes_are_the_same(steps in vec(step(), 1..40)) {
        let bytes = |(graph, edges): (Graph, Vec<Edge>)| {
            graph.definition(edges.last().copied()).encode_to_vec()
        };
        prop_assert_eq!(bytes(build(&steps)), bytes(build(&steps)));
    }

    #[test]
    fn every_input_is_an_earlier_op_and_every_op_is_there_once(steps in vec(step(), 1..40)) {
        let (graph, edges) = build(&steps);
        let Some(&edge) = edges.last() else { return Ok(()) };
        let definition = graph.definition(edge);
        let mut earlier = BTreeSet::new();
        for bytes in &definition.def {
            let op = pb::Op::decode(&bytes[..]).unwrap();
            for input in &op.inputs {
                prop_assert!(earlier.contains(&input.digest), "{} comes later or never", input.digest);
            }
            let digest = sha256(bytes);
            prop_assert!(definition.metadata.contains_key(&digest));
            prop_assert!(earlier.insert(digest), "an op is there twice");
        }
        let head = pb::Op::decode(&definition.def.last().unwrap()[..]).unwrap();
        prop_assert!(head.op.is_none());
        prop_assert_eq!(&head.inputs[0].digest, graph.digest(edge));
    }

    #[test]
    fn nothing_is_sent_that_is_not_needed(steps in vec(step(), 1..40)) {
        let (graph, edges) = build(&steps);
        let Some(&edge) = edges.last() else { return Ok(()) };
        let listing = Listing::of(&graph.definition(edge)).unwrap();
        let mut needed: BTreeSet<usize> = listing.head.iter().map(|head| head.op).collect();
        for (place, op) in listing.ops.iter().enumerate().rev() {
            prop_assert!(needed.contains(&place), "{} is not used", op.digest);
            needed.extend(op.inputs.iter().map(|input| input.op));
        }
    }

    #[test]
    fn adding_everything_again_adds_nothing(steps in vec(step(), 1..40)) {
        let (mut graph, edges) = build(&steps);
        let before = graph.len();
        let mut again = Vec::new();
        for step in &steps {
            again.extend(add(&mut graph, &again, step));
        }
        prop_assert_eq!(again, edges);
        prop_assert_eq!(graph.len(), before);
    }
}

/// Twice the work in about twice the time; the limit is far from what it takes, and far below what
/// anything quadratic would take.
#[test]
fn thousands_of_actions_and_vertices_take_no_time() {
    let start = Instant::now();
    let mut graph = Graph::new();
    let source = graph.source_info("layerset.yaml", "services:", "yaml", None);
    let context = graph.add(Local::new("context"), Metadata::default());
    let mut layers = Vec::new();
    for layer in 0..2_000 {
        let file = (0..20).fold(File::on(None), |file, number| {
            let (src, dest) = (format!("/{layer}/{number}"), format!("/app/{layer}/{number}"));
            file.copy(Copy { from: Some(context), src, dest, ..Copy::default() })
        });
        layers.push(graph.add(file, Metadata::named(format!("layer {layer}"))));
    }
    let many = (0..20_000).fold(File::on(None), |file, number| file.mkdir(Mkdir::new(format!("/{number}"))));
    layers.push(graph.add(many, Metadata::default()));
    for line in 1..20_000 {
        let place = buildkit_llb::Range::lines(line, line);
        graph.annotate(layers[0], Metadata::default().at(source, place));
    }
    let merged = graph.merge(layers, Metadata::default());
    assert_eq!(graph.len(), 2_003);
    assert_eq!(graph.definition(merged).def.len(), 2_004);
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(10), "took {taken:?}");
    println!("took {taken:?}");
}
