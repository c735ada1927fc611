//! The copies that make one layer: whose files, with which permissions and times, and what an engine has to read for them.

use std::collections::BTreeSet;

use buildkit_llb::{Copy, Edge, File, Mkdir, Owner, Rm, User};

use super::inner::Inner;
use super::{Built, Emitter, FILE_TIME, Settings, look};
use crate::diagnostic::Diagnostic;
use crate::manifest::model::{self, Id};
use crate::plan::{Found, Layer, Origin, Part, Patterns};

impl Emitter<'_> {
    /// All parts of a layer in one op, onto scratch or onto a base. `below` is what the layers of `name` go onto; `first` are
    /// directories that are made before.
    pub(super) fn copy(
        &mut self,
        layer: &Layer,
        onto: Option<Edge>,
        first: &Inner<'_>,
        below: &Built,
        name: &str,
    ) -> Edge {
        if let Some(packages) = &layer.packages {
            match (self.packages(layer, packages, below, name), onto) {
                (Ok(made), None) => {
                    self.installed.insert((name.to_owned(), layer.id.clone()), made);
                    return made;
                }
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
        let on_the_way = first.keys().flat_map(|root| look::above(&root.target)).collect::<BTreeSet<_>>();
        let op = on_the_way.into_iter().fold(File::on(onto), |op, path| {
            op.mkdir(Mkdir { mode: 0o755, parents: false, timestamp: Some(FILE_TIME), ..Mkdir::new(path) })
        });
        let op = self.copy_directories(op, first);
        let op = layer.parts.iter().fold(op, |op, part| {
            let copy = self.copy_of(layer, part, from);
            let op = if may_be_behind_a_link(layer, part) { read_whole(op, &copy) } else { op };
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

/// Where what is only read is put for a moment.
const ASIDE: &str = "/.layerset-read";

/// Whether a part has patterns, and its source could be a link for all that is known here: what stages and images hold is not
/// known before they are built. In the context such links are refused.
fn may_be_behind_a_link(layer: &Layer, part: &Part) -> bool {
    matches!(layer.origin, Origin::From(_)) && part.patterns != Patterns::default() && part.source != "/"
}

/// Reads all of a copy's source before it. Of a copy with patterns BuildKit's cache key has nothing of what is behind a
/// link (`cache/contenthash`, `includedPaths`, does not resolve the last name): without this, the engine takes what was there once.
fn read_whole(op: File, copy: &Copy) -> File {
    let whole = Copy {
        from: copy.from,
        src: copy.src.clone(),
        dest: ASIDE.to_owned(),
        follow_symlinks: true,
        create_dest_path: true,
        ..Copy::default()
    };
    op.copy(whole).rm(Rm { path: ASIDE.to_owned(), ..Rm::default() })
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

/// Without a group, the group has the user's number or name, as with `COPY --chown`.
fn owner(owner: &model::Owner) -> Owner {
    let user = |id: &Id| match id {
        Id::Number(number) => User::Id(*number),
        Id::Name(name) => User::Name(name.clone()),
    };
    Owner { user: Some(user(&owner.user)), group: owner.group.as_ref().or(Some(&owner.user)).map(user) }
}
