//! What selected paths are: whether they are there, and whether a file would take a directory's place.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, Planned};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::failure::Failure;
use crate::manifest::model::{Base, Selection, Stage};
use crate::outside::Outside;
use crate::plan::{self, Beneath, Found, Layer, Listing, Look, Looks, Origin, Part, Plan, Roots, Target};

impl Checked {
    /// What the sources that `targets` select are, by the context's listing if there is one. Refuses those
    /// that are not there, and files whose target was written as a directory.
    pub async fn kinds(
        &self,
        outside: &impl Outside,
        plan: &Plan,
        listing: Option<&Listing>,
        targets: &[Target],
    ) -> Result<Look, Failure> {
        let stages = plan::bases_of(&self.manifest, targets).stages;
        let of_stages =
            stages.iter().filter_map(|name| self.manifest.stages.get(name)).flat_map(Stage::selections);
        let services = targets.iter().filter_map(|target| self.manifest.services.get(target.name()));
        let selections: Vec<&Selection> = services
            .flat_map(|service| &service.files)
            .chain(of_stages)
            .filter(|s| !s.source.is_empty())
            .collect();
        let mut paths: BTreeSet<String> =
            selections.iter().map(|selection| selection.source.clone()).collect();
        // What others select inside of what these select, and is split from it.
        let chains = targets.iter().filter_map(|target| plan.chain(target));
        let chains =
            chains.chain(stages.iter().filter_map(|name| plan.stages.get(name).map(|stage| &stage.chain)));
        for chain in chains {
            let layers = chain.layers.iter().map(|id| &plan.layers[*id]);
            paths.extend(around(layers.clone()));
            let of_context = layers.filter(|layer| layer.origin == Origin::Context);
            paths
                .extend(of_context.flat_map(|layer| &layer.parts).flat_map(|part| inner(&chain.roots, part)));
        }
        let mut kinds = Look::new();
        if let Some(listing) = listing {
            kinds.extend(paths.iter().filter_map(|path| Some((path.clone(), listing.look_at(path)?))));
        }
        let unknown: Vec<String> = paths.into_iter().filter(|path| !kinds.contains_key(path)).collect();
        if !unknown.is_empty() {
            kinds.extend(outside.kinds(&plan.context, &unknown).await?);
        }
        let links = filtered_links(outside, plan, listing, &selections).await?;
        let problems: BTreeMap<Span, Diagnostic> = selections
            .into_iter()
            .filter_map(|selection| self.problem(selection, kinds.get(&selection.source), &links))
            .map(|diagnostic| (diagnostic.span, diagnostic))
            .collect();
        if problems.is_empty() {
            return Ok(kinds);
        }
        let diagnostics = problems.into_values().collect();
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }

    /// What [`Self::kinds`] refuses, as warnings: a plan can be shown all the same.
    pub async fn odd_kinds(
        &self,
        outside: &impl Outside,
        planned: &Planned,
        targets: &[Target],
    ) -> Result<Vec<Diagnostic>, Failure> {
        let found = self.kinds(outside, &planned.plan, planned.facts.listing.as_ref(), targets).await;
        let Err(Failure::Manifest { diagnostics, .. }) = found else { return found.map(|_| Vec::new()) };
        let warning = |diagnostic| Diagnostic { severity: Severity::Warning, ..diagnostic };
        Ok(diagnostics.into_iter().map(warning).collect())
    }

    /// What is wrong with a selection of what is of this kind. Where a copy with patterns begins at one of `links`, BuildKit's
    /// cache key has nothing of what is behind it (`cache/contenthash`, `includedPaths`).
    fn problem(
        &self,
        selection: &Selection,
        kind: Option<&Found>,
        links: &BTreeSet<String>,
    ) -> Option<Diagnostic> {
        let Selection { source, target, span, filter, .. } = selection;
        match kind {
            None => {
                let hint = if self.ignore.is_empty() {
                    "paths are relative to the build context, the last argument of docker buildx build"
                } else {
                    "paths are relative to the build context; see too whether .dockerignore excludes it"
                };
                let linked = if filter.include.is_empty() {
                    ""
                } else {
                    "; of a symbolic link nothing is sent with include: select what it points to"
                };
                let message = format!("no {source:?} in the build context");
                Some(Diagnostic::error("missing-path", *span, message).hint(format!("{hint}{linked}")))
            }
            Some(_) if is_filtered(selection) && links.contains(source) => {
                let message = format!(
                    "found the symbolic link {source:?}, expected a directory, because it has include or exclude"
                );
                let hint = "select what it points to, with the same target";
                Some(Diagnostic::error("filtered-link", *span, message).hint(hint))
            }
            Some(Found::File) if selection.directory => {
                let name = source.rsplit('/').next().unwrap_or(source);
                let message = format!(
                    "found the file {source:?}, expected a directory, because its target ends in \"/\""
                );
                let hint =
                    format!("write where the file itself goes: {}/{name}", target.trim_end_matches('/'));
                Some(Diagnostic::error("file-onto-directory", *span, message).hint(hint))
            }
            Some(_) => None,
        }
    }

    /// Refuses files whose target is a directory, of the base or of another selection: they would take its place, and all that
    /// is in it.
    pub fn find_replaced(
        &self,
        plan: &Plan,
        kinds: &Look,
        looks: &Looks,
        targets: &[Target],
    ) -> Result<(), Failure> {
        let stages = plan::bases_of(&self.manifest, targets).stages.into_iter().map(Target::Stage);
        let mut problems: BTreeMap<(Span, &str), Diagnostic> = BTreeMap::new();
        for target in targets.iter().cloned().chain(stages) {
            let look = looks.get(target.name());
            let layers = || {
                plan.chain(&target).into_iter().flat_map(|chain| &chain.layers).map(|id| &plan.layers[*id])
            };
            let parts = || layers().flat_map(|layer| layer.parts.iter().map(move |part| (layer, part)));
            let selected: BTreeMap<&str, &str> = parts()
                .filter_map(|(layer, part)| Some((part.target.as_str(), directory_of(layer, part, kinds)?)))
                .collect();
            for (layer, part) in parts() {
                let Some(source) = file_of(layer, part, kinds) else { continue };
                let of_base = look.and_then(|look| look.get(&part.target));
                let found = match (of_base, selected.get(part.target.as_str())) {
                    (Some(Found::Directory { .. }), _) => {
                        format!("the directory {:?} in the base", part.target)
                    }
                    (_, Some(directory)) => format!("the directory {directory:?} at {:?}", part.target),
                    _ => continue,
                };
                let name = source.rsplit('/').next().unwrap_or(source);
                let span = layer.spans.first().copied().unwrap_or_default();
                let message = format!("found {found}, where the file {source:?} is to go");
                let diagnostic = Diagnostic::error("file-onto-directory", span, message)
                    .hint(format!("write where the file itself goes: {}/{name}", part.target));
                problems.insert((span, &part.target), diagnostic);
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        let diagnostics = problems.into_values().collect();
        Err(Failure::Manifest { file: Box::new(self.source.clone()), diagnostics })
    }
}

/// Those sources of selections with patterns that are symbolic links.
async fn filtered_links(
    outside: &impl Outside,
    plan: &Plan,
    listing: Option<&Listing>,
    selections: &[&Selection],
) -> Result<BTreeSet<String>, Failure> {
    let filtered = selections.iter().filter(|selection| is_filtered(selection));
    let filtered: BTreeSet<String> = filtered.map(|selection| selection.source.clone()).collect();
    match listing {
        Some(listing) => Ok(filtered.into_iter().filter(|path| listing.is_link(path)).collect()),
        None if filtered.is_empty() => Ok(filtered),
        None => outside.links(&plan.context, &filtered).await,
    }
}

/// Whether not all of what is there is selected.
fn is_filtered(selection: &Selection) -> bool {
    !selection.filter.include.is_empty() || !selection.filter.exclude.is_empty()
}

/// The directories that layers of the context put around what other layers hold.
fn around<'a>(layers: impl Iterator<Item = &'a Layer>) -> Vec<String> {
    let mut beneath = Beneath::default();
    let mut paths = Vec::new();
    for layer in layers {
        for part in &layer.parts {
            for (below, outer, rest) in beneath.around(part) {
                if below.origin == Origin::Context && !plan::is_split(outer, part, rest) {
                    let ways = plan::on_the_way(rest).filter(|way| !way.is_empty());
                    paths.extend(ways.map(|way| plan::source_in(outer, way)));
                }
            }
        }
        beneath.add(layer);
    }
    paths
}

/// A part's source, and the directories between it and the selection it is in.
fn inner(roots: &Roots, part: &Part) -> Vec<String> {
    let source = part.source.trim_start_matches('/');
    let mut paths = vec![source.to_owned()];
    if let Some((root, path)) = roots.above(part) {
        let start = root.source.trim_matches('/');
        let join = |path: &str| if start.is_empty() { path.to_owned() } else { format!("{start}/{path}") };
        paths.extend(plan::on_the_way(path).map(join));
    }
    paths.retain(|path| !path.is_empty());
    paths
}

/// What a part is called if it is known to be one file: of the context, or of the web.
fn file_of<'a>(layer: &'a Layer, part: &'a Part, kinds: &Look) -> Option<&'a str> {
    match &layer.origin {
        Origin::Context => {
            let source = part.source.trim_start_matches('/');
            (kinds.get(source) == Some(&Found::File)).then_some(source)
        }
        Origin::From(Base::Download(file)) => Some(file.url.split(['?', '#']).next().unwrap_or_default()),
        _ => None,
    }
}

/// The same of a directory of the context.
fn directory_of<'a>(layer: &Layer, part: &'a Part, kinds: &Look) -> Option<&'a str> {
    let source = part.source.trim_start_matches('/');
    let known = || matches!(kinds.get(source), Some(Found::Directory { .. }));
    (layer.origin == Origin::Context && known()).then_some(source)
}
