//! Which layers of packages are made before others: what many images share, before what few need. Images that share a
//! layer wait for it together, and an engine that keeps images unpacks what they share once for each that is ready at the same
//! time. So what little takes is to be ready early, and the others one after another (docs/decisions/0025).

use std::collections::BTreeMap;

use buildkit_llb::{Edge, Merge};
use buildkit_proto::pb;

use super::Emitter;
use crate::plan::{Installed, Layer, Target};

/// Turns before the rest. Each further one has less to gain, and the engine is asked once more in every build.
const TURNS: usize = 2;

/// Bytes of wheels whose download does not wait for any turn.
const LARGE: u64 = 100_000_000;

/// What is to be made before the graph of a target as a whole.
#[derive(Debug, Default)]
pub struct Ahead {
    /// One after another.
    pub in_turn: Vec<pb::Definition>,
    /// From the beginning: what takes long to download.
    pub at_once: Option<pb::Definition>,
}

/// The step that makes a layer of packages on nothing.
#[derive(Clone, Copy, Debug)]
struct Install {
    edge: Edge,
    /// Stages and services that need it.
    images: usize,
    large: bool,
}

impl Install {
    fn new(edge: Edge, layer: &Layer) -> Self {
        let bytes = layer.packages.as_ref().map_or(0, Installed::bytes);
        Self { edge, images: layer.consumers.len(), large: bytes >= LARGE }
    }
}

impl Emitter<'_> {
    /// Of what is emitted for `target` its own layers: what is only copied from another stage may not be needed once the copy is made.
    pub(super) fn ahead(&mut self, target: &Target) -> Ahead {
        let plan = self.input.plan;
        // Without merging every layer is made on the one below it.
        let Some(chain) = plan.chain(target).filter(|_| self.input.settings.merge) else {
            return Ahead::default();
        };
        let installs = chain.layers.iter().filter_map(|id| {
            let layer = &plan.layers[*id];
            let key = (target.name().to_owned(), layer.id.clone());
            Some(Install::new(*self.installed.get(&key)?, layer))
        });
        let (large, others): (Vec<_>, Vec<_>) = installs.partition(|one| one.large);
        let in_turn = turns(others);
        if in_turn.is_empty() {
            return Ahead::default();
        }
        let in_turn = in_turn.iter().map(|turn| self.together(turn)).collect();
        let at_once = (!large.is_empty()).then(|| self.together(&large));
        Ahead { in_turn, at_once }
    }

    /// A graph that has all of them made.
    fn together(&mut self, layers: &[Install]) -> pb::Definition {
        let edges: Vec<Edge> = layers.iter().map(|one| one.edge).collect();
        let edge = if let [one] = &edges[..] {
            *one
        } else {
            let metadata = self.metadata("[internal] merge what many images need".to_owned(), &[]);
            self.graph.add(Merge::new(edges), metadata)
        };
        self.graph.definition(edge)
    }
}

/// What is to be made before the rest: each turn has what more than half as many images need as the first of it.
fn turns(layers: impl IntoIterator<Item = Install>) -> Vec<Vec<Install>> {
    let mut by_images: BTreeMap<usize, Vec<Install>> = BTreeMap::new();
    for layer in layers {
        by_images.entry(layer.images).or_default().push(layer);
    }
    let mut turns: Vec<Vec<Install>> = Vec::new();
    let mut most = 0;
    for (images, layers) in by_images.into_iter().rev() {
        match turns.last_mut() {
            Some(turn) if images * 2 > most => turn.extend(layers),
            _ => {
                most = images;
                turns.push(layers);
            }
        }
    }
    // The last needs no turn of its own.
    turns.pop();
    turns.truncate(TURNS);
    turns
}

#[cfg(test)]
mod tests {
    use buildkit_llb::{Graph, Metadata, Mkdir};

    use super::*;

    /// Images that need the layers of each turn, of layers that so many need.
    fn of(counts: &[usize]) -> Vec<Vec<usize>> {
        let mut graph = Graph::new();
        let edge = graph.add(buildkit_llb::File::on(None).mkdir(Mkdir::new("/a")), Metadata::named("a"));
        let layers = counts.iter().map(|images| Install { edge, images: *images, large: false });
        turns(layers).iter().map(|turn| turn.iter().map(|one| one.images).collect()).collect()
    }

    #[test]
    fn what_most_need_is_first_and_what_few_need_has_no_turn() {
        assert_eq!(of(&[1, 22, 12, 22, 11, 10, 6, 2]), [vec![22, 22, 12], vec![11, 10, 6]]);
        assert_eq!(of(&[22, 11, 1]), [vec![22], vec![11]]);
        assert_eq!(of(&[22, 12, 1]), [vec![22, 12]]);
    }

    #[test]
    fn there_are_two_turns_at_most() {
        assert_eq!(of(&[1000, 500, 250, 100, 3]), [vec![1000], vec![500]]);
    }

    #[test]
    fn what_all_need_alike_is_made_at_once() {
        assert_eq!(of(&[22, 20, 12]), Vec::<Vec<usize>>::new());
        assert_eq!(of(&[1]), Vec::<Vec<usize>>::new());
        assert_eq!(of(&[]), Vec::<Vec<usize>>::new());
    }
}
