//! Which file selections become which layers. Equal selections are one layer, whoever asks for them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::path;
use crate::diagnostic::Span;
use crate::manifest::model::{Base, CopyFrom, Filter, Selection};

/// Index of a layer in [`super::Plan::layers`].
pub type LayerId = usize;

/// Where a layer's files come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The build context.
    Context,
    /// A stage, an image or a named context.
    From(Base),
}

/// A set of files at its destination: one copy, rooted at the empty file system.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// For people: whose it is and what it holds.
    pub name: String,
    /// Where the files come from.
    pub origin: Origin,
    /// Path in `origin`: relative and clean for the context, absolute otherwise.
    pub source: String,
    /// Absolute destination.
    pub target: String,
    /// What of it, and how.
    #[serde(flatten)]
    pub filter: Filter,
    /// The services and stages whose images hold it, sorted.
    pub consumers: Vec<String>,
    /// Where the manifest asks for it.
    #[serde(skip)]
    pub spans: Vec<Span>,
}

impl Layer {
    /// Names the layer after its consumers. The name is only shown, it is never part of an op.
    pub(super) fn name_consumers(&mut self) {
        let what = if self.source.is_empty() { "." } else { &self.source };
        let from = match &self.origin {
            Origin::Context => String::new(),
            Origin::From(base) => format!(" from {base}"),
        };
        let arrow = if self.target.trim_start_matches('/') == what {
            String::new()
        } else {
            format!(" → {}", self.target)
        };
        let whose = match &self.consumers[..] {
            [one] => one.split_once(' ').map_or(one.as_str(), |(_, name)| name).to_owned(),
            many => format!("shared: {} images", many.len()),
        };
        self.name = format!("[{whose}] copy {what}{from}{arrow}");
    }
}

/// A selection with its destination resolved.
pub(super) struct Wanted {
    origin: Origin,
    source: String,
    target: String,
    filter: Filter,
    span: Span,
}

/// The selections of one service or stage, in the order written: `files`, then `copy`.
pub(super) fn wanted(files: &[Selection], copy: &[CopyFrom], working_dir: &str) -> Vec<Wanted> {
    let from_context = files.iter().map(|file| Wanted {
        origin: Origin::Context,
        source: file.source.clone(),
        target: path::resolve(working_dir, &file.target),
        filter: file.filter.clone(),
        span: file.span,
    });
    let from_others = copy.iter().map(|copy| Wanted {
        origin: Origin::From(copy.from.value.clone()),
        source: copy.source.clone(),
        target: path::resolve(working_dir, &copy.target),
        filter: copy.filter.clone(),
        span: copy.span,
    });
    from_context.chain(from_others).collect()
}

/// Collects the distinct layers of all consumers.
#[derive(Default)]
pub(super) struct Builder {
    layers: Vec<Layer>,
    known: BTreeMap<(Origin, String, String, Filter), LayerId>,
}

impl Builder {
    /// The layers `consumer` needs, in order, each once: a later repetition wins.
    pub(super) fn add(&mut self, consumer: &str, wanted: Vec<Wanted>) -> Vec<LayerId> {
        let mut ids: Vec<LayerId> = Vec::new();
        for Wanted { origin, source, target, filter, span } in wanted {
            let key = (origin, source, target, filter);
            let id = if let Some(id) = self.known.get(&key) {
                *id
            } else {
                let id = self.layers.len();
                self.layers.push(Layer {
                    name: String::new(),
                    origin: key.0.clone(),
                    source: key.1.clone(),
                    target: key.2.clone(),
                    filter: key.3.clone(),
                    consumers: Vec::new(),
                    spans: Vec::new(),
                });
                self.known.insert(key, id);
                id
            };
            let layer = &mut self.layers[id];
            if layer.consumers.last().is_none_or(|last| last != consumer) {
                layer.consumers.push(consumer.to_owned());
            }
            layer.spans.push(span);
            ids.retain(|known| *known != id);
            ids.push(id);
        }
        ids
    }

    pub(super) fn finish(self) -> Vec<Layer> {
        let mut layers = self.layers;
        for layer in &mut layers {
            layer.consumers.sort();
        }
        layers
    }
}

/// Puts what more images hold below what fewer hold, so that images share their lower part; layers
/// that write to the same places keep the order written, because there the later one wins.
pub(super) fn order(layers: &[Layer], ids: &mut [LayerId]) {
    let mut targets: Vec<Vec<&str>> = ids.iter().map(|id| layers[*id].target.split('/').collect()).collect();
    targets.sort();
    let overlap = targets.windows(2).any(|pair| pair[1].starts_with(&pair[0]));
    if !overlap {
        let key = |id: &LayerId| {
            let layer = &layers[*id];
            (std::cmp::Reverse(layer.consumers.len()), layer.target.clone(), layer.source.clone())
        };
        ids.sort_by_cached_key(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(source: &str) -> Selection {
        Selection {
            span: Span::default(),
            source: source.into(),
            target: source.into(),
            filter: Filter::default(),
        }
    }

    #[test]
    fn equal_selections_are_one_layer() {
        let mut builder = Builder::default();
        let api = builder.add("service api", wanted(&[selection("common"), selection("api")], &[], "/app"));
        let web = builder.add("service web", wanted(&[selection("common")], &[], "/app"));
        let other = builder.add("service other", wanted(&[selection("common")], &[], "/srv"));
        assert_eq!(api[0], web[0]);
        assert_ne!(web[0], other[0]);
        let layers = builder.finish();
        assert_eq!(layers[web[0]].consumers, ["service api", "service web"]);
        assert_eq!(layers[other[0]].target, "/srv/common");
    }

    #[test]
    fn shared_layers_come_first_unless_they_overlap() {
        let mut builder = Builder::default();
        let mut disjoint = builder.add("service a", wanted(&[selection("a"), selection("z")], &[], "/"));
        let mut nested = builder.add("service b", wanted(&[selection("z/own"), selection("z")], &[], "/"));
        let layers = builder.finish();
        order(&layers, &mut disjoint);
        assert_eq!(layers[disjoint[0]].source, "z");
        let written = nested.clone();
        order(&layers, &mut nested);
        assert_eq!(nested, written);
    }
}
