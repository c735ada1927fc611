//! File layers: a copy onto the empty file system, merged onto a base.

use buildkit_llb::{Copy, Edge, File, Merge, Metadata, Owner, User};

use super::{Built, Emitter, FILE_TIME};
use crate::manifest::model::{self, Id};
use crate::plan::{Layer, LayerId, Origin};

/// Directories that are symbolic links in today's distributions. A merge would put a directory in
/// the link's place, so what goes below them is copied onto the base, where links are followed.
const LINKED: [&str; 8] =
    ["/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/", "/var/run/", "/var/lock/"];

impl Emitter<'_> {
    /// `base` with `layers` on it, bottom first.
    pub(super) fn add_layers(&mut self, mut base: Built, layers: &[LayerId], name: &str) -> Built {
        let plan = self.plan;
        let mut inputs: Vec<Edge> = base.edge.into_iter().collect();
        for id in layers {
            let layer = &plan.layers[*id];
            let on_base = base.edge.is_some() && (!self.settings.merge || needs_base(layer));
            if on_base {
                let below = self.merge(&inputs, name);
                inputs = vec![self.copy(layer, below)];
            } else {
                let onto = if self.settings.merge { None } else { self.merge(&inputs, name) };
                let copied = self.copy(layer, onto);
                if self.settings.merge {
                    inputs.push(copied);
                } else {
                    inputs = vec![copied];
                }
            }
            base.config.layer_history(layer.name.clone());
        }
        base.edge = self.merge(&inputs, name);
        base
    }

    fn merge(&mut self, inputs: &[Edge], name: &str) -> Option<Edge> {
        match inputs {
            [] => None,
            [one] => Some(*one),
            many => {
                Some(self.graph.add(Merge::new(many.to_vec()), Metadata::named(format!("[{name}] merge"))))
            }
        }
    }

    fn copy(&mut self, layer: &Layer, onto: Option<Edge>) -> Edge {
        let from = match &layer.origin {
            Origin::Context => Some(self.context()),
            Origin::From(base) => {
                let span = layer.spans.first().copied().unwrap_or_default();
                self.base(base, span)
            }
        };
        let src =
            if layer.source.starts_with('/') { layer.source.clone() } else { format!("/{}", layer.source) };
        let mode = layer.filter.mode.map(|bits| self.mode(bits)).unwrap_or_default();
        let copy = Copy {
            from,
            src,
            dest: layer.target.clone(),
            owner: layer.filter.owner.as_ref().map(owner),
            mode: mode.bits,
            mode_str: mode.symbolic,
            follow_symlinks: true,
            dir_contents_only: true,
            create_dest_path: true,
            timestamp: Some(FILE_TIME),
            include_patterns: layer.filter.include.clone(),
            exclude_patterns: layer.filter.exclude.clone(),
            ..Copy::default()
        };
        let metadata = self.metadata(layer.name.clone(), &layer.spans);
        self.graph.add(File::on(onto).copy(copy), metadata)
    }

    /// A mode without any `x` would make directories that nobody can enter: it gives them `x` where
    /// it gives `r`. An engine that cannot say so gives it to the files too.
    fn mode(&self, bits: u32) -> Mode {
        if bits & 0o111 != 0 {
            return Mode { bits: Some(bits), symbolic: None };
        }
        if !self.settings.mode_string {
            return Mode { bits: Some(bits | (bits & 0o444) >> 2), symbolic: None };
        }
        let class = |who: char, bits: u32| {
            let r = if bits & 4 == 0 { "" } else { "rX" };
            let w = if bits & 2 == 0 { "" } else { "w" };
            format!("{who}={r}{w}")
        };
        let symbolic = [class('u', bits >> 6), class('g', bits >> 3), class('o', bits)].join(",");
        Mode { bits: None, symbolic: Some(symbolic) }
    }
}

/// Permissions as numbers or as chmod writes them.
#[derive(Default)]
struct Mode {
    bits: Option<u32>,
    symbolic: Option<String>,
}

/// Whether a layer cannot be made without its base: its destination passes a link of the base, or its
/// owner is a name that the base knows.
fn needs_base(layer: &Layer) -> bool {
    let named = |id: &Id| matches!(id, Id::Name(_));
    let owner = layer.filter.owner.as_ref();
    owner.is_some_and(|owner| named(&owner.user) || owner.group.as_ref().is_some_and(named))
        || LINKED.iter().any(|linked| layer.target.starts_with(linked))
}

/// Without a group, the group has the user's number or name, as with `COPY --chown`.
fn owner(owner: &model::Owner) -> Owner {
    let user = |id: &Id| match id {
        Id::Number(number) => User::Id(*number),
        Id::Name(name) => User::Name(name.clone()),
    };
    Owner { user: Some(user(&owner.user)), group: owner.group.as_ref().or(Some(&owner.user)).map(user) }
}
