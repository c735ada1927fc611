//! File layers: a copy onto the empty file system, merged onto a base.

use buildkit_llb::{Copy, Edge, File, Merge, Metadata, Mkdir, Owner, User};

use super::look;
use super::{Built, Emitter, FILE_TIME, Settings, inner};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::model::{self, Id};
use crate::plan::{Chain, Found, Layer, Look, Origin, Part, Roots};

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
        for layer in layers {
            built.edge = Some(self.copy(layer, built.edge, &below, name));
            built.config.layer_history(layer.name.clone());
        }
        let inner = inner::find(roots, layers, self.input.context);
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
        for layer in layers {
            if built.edge.is_some() && (has_named_owner(layer) || look::in_the_way(look, layer)) {
                let onto = self.merge(&inputs, name);
                inputs = vec![self.copy(layer, onto, &built, name)];
            } else {
                inputs.push(self.copy(layer, None, &built, name));
                merged.push(layer);
            }
            built.config.layer_history(layer.name.clone());
        }
        if let Some((restored, shown)) = self.restore(look, roots, &merged, name) {
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

    /// All parts of a layer in one op, onto scratch or onto a base. `below` is what the layers of `name` go onto.
    fn copy(&mut self, layer: &Layer, onto: Option<Edge>, below: &Built, name: &str) -> Edge {
        if let Some(packages) = &layer.packages {
            match (self.packages(layer, packages, below, name), onto) {
                (Ok(made), None) => return made,
                (Ok(made), Some(_)) => {
                    let metadata = self.layer_metadata(layer, layer.name.clone());
                    return self.copy_all(made, onto, metadata);
                }
                (Err(why), _) => {
                    let span = layer.spans.first().copied().unwrap_or_default();
                    let message = format!("cannot install {}: {why}", layer.name);
                    self.problems.push(Diagnostic::error("no-packages", span, message));
                }
            }
        }
        let from = match &layer.origin {
            Origin::Context => Some(self.context()),
            Origin::From(base) => {
                let span = layer.spans.first().copied().unwrap_or_default();
                self.base(base, span)
            }
            Origin::Packages => None,
        };
        let op = layer.parts.iter().fold(File::on(onto), |op, part| {
            let copy = self.copy_of(layer, part, from);
            match part.target.rsplit_once('/') {
                // Missing parents would get the owner and mode of what is copied, and a merge would
                // give these to the parents of other layers' files.
                Some((parent, _)) if !parent.is_empty() && has_attributes(part) => {
                    let op = op.mkdir(Mkdir { timestamp: Some(FILE_TIME), ..Mkdir::new(parent) });
                    match self.own_directory(layer, part) {
                        Some(directory) => op.mkdir(directory).copy(copy),
                        None => op.copy(copy),
                    }
                }
                _ => op.copy(copy),
            }
        });
        let metadata = self.layer_metadata(layer, layer.name.clone());
        let made = self.graph.add(op, metadata);
        if onto.is_some() || !leaves_times(layer) {
            return made;
        }
        let metadata = self.layer_metadata(layer, format!("{}, file times", layer.name));
        self.copy_all(made, None, metadata)
    }

    /// The directory that a part's content goes into, made beforehand where the engine is so old that a copy gives its
    /// mode only to what is in it.
    fn own_directory(&self, layer: &Layer, part: &Part) -> Option<Mkdir> {
        let directory = matches!(self.kind(layer, part), Some(Found::Directory { .. }));
        // A mode in words, which a mode without any `x` becomes, is not given to it by newer engines either.
        let number = |bits: &u32| directory && !self.input.settings.mode_string && bits & 0o111 != 0;
        let mode = part.attributes.mode.filter(number)?;
        let owner = part.attributes.owner.as_ref().map(owner);
        Some(Mkdir { mode, owner, timestamp: Some(FILE_TIME), ..Mkdir::new(&part.target) })
    }

    /// What a part's source is, as far as that is known.
    fn kind(&self, layer: &Layer, part: &Part) -> Option<Found> {
        let known = self.input.context.get(part.source.trim_start_matches('/'));
        known.filter(|_| layer.origin == Origin::Context).copied()
    }

    /// The copy of a part. An engine that gives files and directories one mode gives files alone the right one.
    fn copy_of(&mut self, layer: &Layer, part: &Part, from: Option<Edge>) -> Copy {
        let mut copy = copy_attributes(part, from, self.input.settings);
        let Some(bits) = part.attributes.mode.filter(|bits| copy.mode.is_some_and(|given| given != *bits))
        else {
            return copy;
        };
        if self.kind(layer, part) == Some(Found::File) {
            copy.mode = Some(bits);
        } else {
            let span = layer.spans.first().copied().unwrap_or_default();
            self.inexact_modes.insert((span, bits), copy.mode.unwrap_or_default());
        }
        copy
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

/// The copy of a part, on any base.
pub(super) fn copy_attributes(part: &Part, from: Option<Edge>, settings: &Settings) -> Copy {
    let mode = part.attributes.mode.map(|bits| mode(bits, settings)).unwrap_or_default();
    Copy {
        from,
        src: part.source.clone(),
        dest: part.target.clone(),
        owner: part.attributes.owner.as_ref().map(owner),
        mode: mode.bits,
        mode_str: mode.symbolic,
        follow_symlinks: true,
        dir_contents_only: true,
        create_dest_path: true,
        timestamp: Some(FILE_TIME),
        include_patterns: part.patterns.include.clone(),
        exclude_patterns: part.patterns.exclude.clone(),
        ..Copy::default()
    }
}

/// A mode without any `x` would make directories that nobody can enter: it gives them `x` where
/// it gives `r`. An engine that cannot say so gives it to the files too.
fn mode(bits: u32, settings: &Settings) -> Mode {
    if bits & 0o111 != 0 {
        return Mode { bits: Some(bits), symbolic: None };
    }
    if !settings.mode_string {
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

/// Permissions as numbers or as chmod writes them.
#[derive(Default)]
struct Mode {
    bits: Option<u32>,
    symbolic: Option<String>,
}

/// Whether the copy leaves the time of the build on directories: on those that it makes only when a pattern
/// matches in them, and on those that a later action writes to. Copying the result once more sets them.
fn leaves_times(layer: &Layer) -> bool {
    layer.parts.len() > 1
        || layer.parts.iter().any(|part| {
            let patterns = &part.patterns;
            has_attributes(part)
                || !patterns.include.is_empty()
                || patterns.exclude.iter().any(|pattern| pattern.starts_with('!'))
        })
}

/// Whether a part says whose its files are, or with which permissions.
fn has_attributes(part: &Part) -> bool {
    part.attributes.owner.is_some() || part.attributes.mode.is_some()
}

/// Whether an owner is a name, which only the base knows.
fn has_named_owner(layer: &Layer) -> bool {
    let named = |id: &Id| matches!(id, Id::Name(_));
    let owners = layer.parts.iter().filter_map(|part| part.attributes.owner.as_ref());
    owners.into_iter().any(|owner| named(&owner.user) || owner.group.as_ref().is_some_and(named))
}

/// Without a group, the group has the user's number or name, as with `COPY --chown`.
fn owner(owner: &model::Owner) -> Owner {
    let user = |id: &Id| match id {
        Id::Number(number) => User::Id(*number),
        Id::Name(name) => User::Name(name.clone()),
    };
    Owner { user: Some(user(&owner.user)), group: owner.group.as_ref().or(Some(&owner.user)).map(user) }
}
