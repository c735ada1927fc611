//! Layers made each on the empty file system, and merged onto a base.

use std::collections::BTreeMap;

use buildkit_llb::{Copy, Edge, File, Merge, Metadata};

use super::covered::kept;
use super::inner::Inner;
use super::look;
use super::{Built, Emitter, FILE_TIME, inner};
use crate::diagnostic::Span;
use crate::manifest::model::Id;
use crate::plan::{Attributes, Beneath, Chain, Layer, Look, Roots};

impl Emitter<'_> {
    /// `base` with the layers of `chain` on it, bottom first.
    pub(super) fn add_layers(&mut self, base: Built, chain: &Chain, name: &str) -> Built {
        let plan = self.input.plan;
        let layers: Vec<&Layer> = chain.layers.iter().map(|id| &plan.layers[*id]).collect();
        if self.input.settings.merge {
            self.merge_layers(base, &layers, &chain.roots, name)
        } else {
            self.copy_layers(base, &layers, &chain.roots, name)
        }
    }

    /// One copy upon the other, for engines that cannot merge.
    fn copy_layers(&mut self, mut built: Built, layers: &[&Layer], roots: &Roots, name: &str) -> Built {
        let below = built.clone();
        let unknown = Look::new();
        for layer in layers {
            // Each copy finds the destination of its selection as that has it, whichever part of it comes first.
            let mut said = inner::find(roots, &[*layer], self.input.context, &unknown);
            said.retain(|root, _| root.attributes != Attributes::default());
            built.edge = Some(self.copy(layer, built.edge, &said, &below, name));
            built.config.layer_history(layer.name.clone());
        }
        let inner = inner::find(roots, layers, self.input.context, &unknown);
        if !inner.is_empty() {
            let shown = format!("[{name}] keep mode of {}", inner::shown(&inner).join(", "));
            let op = self.copy_directories(File::on(built.edge), &inner);
            let metadata = self.metadata_of(name, shown.clone());
            built.edge = Some(self.graph.add(op, metadata));
            built.config.layer_history(shown);
        }
        built
    }

    fn merge_layers(&mut self, mut built: Built, layers: &[&Layer], roots: &Roots, name: &str) -> Built {
        let looks = self.input.looks;
        let empty = Look::new();
        let look = looks.get(name).unwrap_or(&empty);
        let mut inputs: Vec<Edge> = built.edge.into_iter().collect();
        let mut merged: Vec<&Layer> = Vec::new();
        let (mut beneath, mut directories) = (Beneath::default(), BTreeMap::new());
        for layer in layers {
            let of_base = built.edge.is_some() && (has_named_owner(layer) || look::in_the_way(look, layer));
            if let Some(kept) = kept(&beneath, layer, self.input.context).filter(|_| !of_base) {
                directories.extend(kept);
                inputs.push(self.copy(layer, None, &Inner::new(), &built, name));
                merged.push(layer);
            } else {
                let onto = self.merge(&inputs, name);
                inputs = vec![self.copy(layer, onto, &Inner::new(), &built, name)];
            }
            built.config.layer_history(layer.name.clone());
            beneath.add(layer);
        }
        if let Some((restored, shown)) = self.restore(look, &directories, roots, &merged, name) {
            inputs.push(restored);
            built.config.layer_history(shown);
        }
        built.edge = self.merge(&inputs, name);
        built
    }

    fn merge(&mut self, inputs: &[Edge], name: &str) -> Option<Edge> {
        match inputs {
            [] => None,
            [one] => Some(*one),
            many => {
                let metadata = self.metadata_of(name, format!("[{name}] merge"));
                Some(self.graph.add(Merge::new(many.to_vec()), metadata))
            }
        }
    }

    /// Metadata of what is done for the whole of a stage or service: its place is where that says what it is built on.
    pub(super) fn metadata_of(&self, name: &str, shown: String) -> Metadata {
        let plan = self.input.plan;
        let stage = plan.stages.get(name).map(|stage| &stage.chain);
        let chain = stage.or_else(|| plan.images.get(name).map(|image| &image.chain));
        let place: Vec<Span> = chain.iter().map(|chain| chain.base_span).collect();
        self.metadata(shown, &place)
    }

    /// Metadata of one of the vertices that make a layer: progress shows them as one.
    pub(super) fn layer_metadata(&self, layer: &Layer, name: String) -> Metadata {
        let group = format!("layerset-{}", layer.id);
        self.metadata(name, &layer.spans).progress_group(group, layer.name.clone(), false)
    }

    /// Everything that `made` holds, onto nothing or onto a base, all of one time.
    pub(super) fn copy_all(&mut self, made: Edge, onto: Option<Edge>, metadata: Metadata) -> Edge {
        let all = Copy {
            from: Some(made),
            src: "/".to_owned(),
            dest: "/".to_owned(),
            dir_contents_only: true,
            timestamp: Some(FILE_TIME),
            ..Copy::default()
        };
        self.graph.add(File::on(onto).copy(all), metadata)
    }
}

/// Whether an owner is a name, which only the base knows.
fn has_named_owner(layer: &Layer) -> bool {
    let named = |id: &Id| matches!(id, Id::Name(_));
    let owners = layer.parts.iter().filter_map(|part| part.attributes.owner.as_ref());
    owners.into_iter().any(|owner| named(&owner.user) || owner.group.as_ref().is_some_and(named))
}
