//! Which target is asked for, and what it needs from outside.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Span;
use crate::manifest::model::{Base, CopyFrom, Manifest};

/// Something that can be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A service's image.
    Service(String),
    /// A stage, as an image.
    Stage(String),
}

/// All names that `--target` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Names of services.
    pub services: Vec<String>,
    /// Names of stages.
    pub stages: Vec<String>,
}

/// Why no target could be chosen.
#[derive(Debug, PartialEq, Eq)]
pub enum UnknownTarget {
    /// No such service or stage.
    Name(String),
    /// None was named and there is more than one service.
    Several,
    /// None was named and there is no service, only stages.
    NoService,
}

impl Target {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Service(name) | Self::Stage(name) => name,
        }
    }
}

impl Targets {
    /// Of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            services: manifest.services.keys().cloned().collect(),
            stages: manifest.stages.keys().cloned().collect(),
        }
    }
}

/// The target named `requested`; without a name the only service there is.
pub fn choose(manifest: &Manifest, requested: Option<&str>) -> Result<Target, UnknownTarget> {
    match requested {
        Some(name) if manifest.services.contains_key(name) => Ok(Target::Service(name.into())),
        Some(name) if manifest.stages.contains_key(name) => Ok(Target::Stage(name.into())),
        Some(name) => Err(UnknownTarget::Name(name.into())),
        None => {
            let mut names = manifest.services.keys();
            match (names.next(), names.next()) {
                (Some(only), None) => Ok(Target::Service(only.clone())),
                (None, _) => Err(UnknownTarget::NoService),
                _ => Err(UnknownTarget::Several),
            }
        }
    }
}

/// Stages, each after the one it is built on. Cycles were refused by `check`.
pub(super) fn stage_order(manifest: &Manifest) -> Vec<String> {
    let mut done = BTreeSet::new();
    let mut order = Vec::new();
    for start in manifest.stages.keys() {
        let mut pending = Vec::new();
        let mut next = Some(start);
        while let Some(name) = next.filter(|name| done.insert((*name).clone())) {
            pending.push(name.clone());
            next = manifest.stages.get(name).and_then(|stage| match &stage.from.value {
                Base::Stage(below) => Some(below),
                _ => None,
            });
        }
        order.extend(pending.into_iter().rev());
    }
    order
}

/// The stages that `target` needs, each after those that it is built on or copies from.
pub fn stages_for(manifest: &Manifest, target: &Target) -> Vec<String> {
    let needs = |name: &str| -> Vec<String> {
        let of = |from: &Base, copies: &mut dyn Iterator<Item = &CopyFrom>| {
            let all = std::iter::once(from).chain(copies.map(|copy| &copy.from.value));
            let stage = |base: &Base| if let Base::Stage(name) = base { Some(name.clone()) } else { None };
            all.filter_map(stage).collect()
        };
        let stage = manifest.stages.get(name).map(|stage| of(&stage.from.value, &mut stage.elsewhere()));
        let service = || manifest.services.get(name).map(|s| of(&s.from.value, &mut s.copy.iter()));
        stage.or_else(service).unwrap_or_default()
    };
    let mut order = Vec::new();
    let mut entered = BTreeSet::new();
    let mut path = vec![(target.name().to_owned(), needs(target.name()))];
    while let Some((_, open)) = path.last_mut() {
        if let Some(next) = open.pop() {
            if entered.insert(next.clone()) {
                let needed = needs(&next);
                path.push((next, needed));
            }
        } else if let Some((name, _)) = path.pop() {
            order.push(name);
        }
    }
    order.retain(|name| name != target.name());
    order
}

/// What a set of targets reaches.
#[derive(Debug, Default)]
pub struct Reached {
    /// Images and named contexts, each with the first place that names it.
    pub bases: BTreeMap<Base, Span>,
    /// Stages.
    pub stages: BTreeSet<String>,
}

/// The images and named contexts that `targets` are built on or copy from, at any depth.
pub fn bases_of<'a>(manifest: &'a Manifest, targets: impl IntoIterator<Item = &'a Target>) -> Reached {
    let mut reached = Reached::default();
    let mut pending: Vec<(&Base, Span)> = Vec::new();
    let source = |copy: &'a CopyFrom| (&copy.from.value, copy.from.span);
    let mut stages: Vec<&str> = Vec::new();
    for target in targets {
        match target {
            Target::Stage(name) => stages.push(name),
            Target::Service(name) => {
                if let Some(service) = manifest.services.get(name) {
                    pending.push((&service.from.value, service.from.span));
                    pending.extend(service.copy.iter().map(source));
                }
            }
        }
    }
    loop {
        if let Some(name) = stages.pop() {
            if let Some(stage) = manifest.stages.get(name).filter(|_| reached.stages.insert(name.to_owned()))
            {
                pending.push((&stage.from.value, stage.from.span));
                pending.extend(stage.elsewhere().map(source));
            }
        } else if let Some((base, span)) = pending.pop() {
            match base {
                Base::Scratch | Base::Download(_) => {}
                Base::Stage(name) => stages.push(name),
                Base::Image(_) | Base::Context(_) | Base::Fixed { .. } => {
                    reached.bases.entry(base.clone()).or_insert(span);
                }
            }
        } else {
            return reached;
        }
    }
}
