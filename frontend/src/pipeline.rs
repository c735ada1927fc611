//! parse → check → plan: what a build, a call and the command line have in common.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Severity, Source, Span};
use crate::emit::Sources;
use crate::failure::Failure;
use crate::manifest::model::{Manifest, Selection};
use crate::manifest::{self, Inputs};
use crate::outside::{Outside, Refused};
use crate::plan::{self, Plan, Target, Targets, UnknownTarget};
use crate::platform::Platform;

/// A manifest that passed `check`.
#[derive(Debug)]
pub struct Checked {
    /// Its text.
    pub source: Source,
    /// What it says.
    pub manifest: Manifest,
    /// What is odd about it.
    pub warnings: Vec<Diagnostic>,
    /// Exclusion patterns of the context.
    pub ignore: Vec<String>,
}

/// Reads and checks the manifest.
pub async fn check(outside: &impl Outside, inputs: &Inputs<'_>) -> Result<Checked, Failure> {
    let file = outside.manifest().await?;
    let loaded = manifest::load(&file.name, &file.bytes, inputs);
    let ignore = file.ignore.map(|bytes| plan::ignore_patterns(&String::from_utf8_lossy(&bytes)));
    match loaded.manifest {
        Some(manifest) => Ok(Checked {
            source: loaded.source,
            manifest,
            warnings: loaded.diagnostics,
            ignore: ignore.unwrap_or_default(),
        }),
        None => Err(Failure::Manifest { file: Box::new(loaded.source), diagnostics: loaded.diagnostics }),
    }
}

impl Checked {
    /// The target to build; an error lists those there are.
    pub fn target(&self, requested: Option<&str>) -> Result<Target, Failure> {
        plan::choose(&self.manifest, requested).map_err(|unknown| self.unknown_target(&unknown))
    }

    /// Every service, as targets.
    pub fn services(&self) -> Vec<Target> {
        self.manifest.services.keys().cloned().map(Target::Service).collect()
    }

    /// Every service and stage, as targets.
    pub fn everything(&self) -> Vec<Target> {
        let stages = self.manifest.stages.keys().cloned().map(Target::Stage);
        self.services().into_iter().chain(stages).collect()
    }

    /// Plans for one platform; `targets` are those whose bases must be known.
    pub async fn plan(
        &self,
        outside: &impl Outside,
        targets: &[Target],
        platform: &Platform,
    ) -> Result<(Plan, Sources), Failure> {
        let reached = plan::bases_of(&self.manifest, targets);
        let resolved =
            outside.resolve(&reached.bases, platform).await.map_err(|refused| self.refused(refused))?;
        Ok((plan::plan(&self.manifest, &resolved.facts, self.ignore.clone()), resolved.sources))
    }

    /// Refuses selections of `targets` that select nothing because their source is not there.
    pub async fn find_missing(
        &self,
        outside: &impl Outside,
        plan: &Plan,
        targets: &[Target],
    ) -> Result<(), Failure> {
        let stages = plan::bases_of(&self.manifest, targets).stages;
        let of_stages =
            stages.iter().filter_map(|name| self.manifest.stages.get(name)).flat_map(|s| &s.files);
        let services = targets.iter().filter_map(|target| self.manifest.services.get(target.name()));
        let selections: Vec<&Selection> =
            services.flat_map(|service| &service.files).chain(of_stages).collect();
        let mut places: BTreeMap<&str, BTreeSet<Span>> = BTreeMap::new();
        for selection in selections.into_iter().filter(|selection| !selection.source.is_empty()) {
            places.entry(&selection.source).or_default().insert(selection.span);
        }
        if places.is_empty() {
            return Ok(());
        }
        let paths: Vec<String> = places.keys().map(|&path| path.to_owned()).collect();
        let missing = outside.missing(&plan.context, &paths).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let hint = if self.ignore.is_empty() {
            "paths are relative to the build context, the last argument of docker buildx build"
        } else {
            "paths are relative to the build context; see too whether .dockerignore excludes it"
        };
        let mut diagnostics: Vec<Diagnostic> = missing
            .iter()
            .flat_map(|path| places.get(path.as_str()).into_iter().flatten().map(move |span| (path, *span)))
            .map(|(path, span)| Diagnostic {
                severity: Severity::Error,
                rule: "missing-path",
                message: format!("no {path:?} in the build context"),
                span,
                labels: Vec::new(),
                hint: Some(hint.to_owned()),
            })
            .collect();
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }

    /// A base that the engine does not give, at the place that names it.
    fn refused(&self, refused: Refused) -> Failure {
        let message = match refused.failure {
            Failure::Engine(status) => status.message().to_owned(),
            other => return other,
        };
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            rule: "unresolved-base",
            message: format!("cannot use this base: {message}"),
            span: refused.span,
            labels: Vec::new(),
            hint: Some("the engine looks for it in its own store and in the registry of its name".into()),
        };
        Failure::at(&self.source, diagnostic)
    }

    fn unknown_target(&self, unknown: &UnknownTarget) -> Failure {
        let targets = Targets::of(&self.manifest);
        let known = known(&targets);
        let (message, hint) = match unknown {
            UnknownTarget::Name(name) => {
                let all = targets.services.iter().chain(&targets.stages);
                let near = manifest::nearest(name, all.map(String::as_str));
                let hint =
                    near.map_or_else(|| known.clone(), |near| format!("did you mean {near:?}? {known}"));
                (format!("no target {name:?}, expected a service or a stage"), hint)
            }
            UnknownTarget::Several => (
                "no target was named and there are several services".to_owned(),
                format!("use --target NAME; {known}"),
            ),
            UnknownTarget::NoService => (
                "no target was named and there is no service".to_owned(),
                format!("use --target NAME; {known}"),
            ),
        };
        let span = manifest::section_span(&self.source, "services").unwrap_or_default();
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            rule: "unknown-target",
            message,
            span,
            labels: Vec::new(),
            hint: Some(hint),
        };
        Failure::at(&self.source, diagnostic)
    }
}

/// `services: api, web; stages: base`, shortened where there are hundreds.
fn known(targets: &Targets) -> String {
    const SHOWN: usize = 30;
    let list = |what: &str, names: &[String]| {
        let more = names.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more, see --call=targets") } else { String::new() };
        let shown = &names[..names.len() - more];
        (!names.is_empty()).then(|| format!("{what}: {}{rest}", shown.join(", ")))
    };
    let parts = [list("services", &targets.services), list("stages", &targets.stages)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
