//! Limits of images, checked before anything is built: those of `budget`, and the one of engines.

use std::fmt::Write as _;

use super::facts::Facts;
use super::fold::LIMIT;
use super::holds::holds;
use super::sizes::{Size, Sizes, human};
use super::stack::{self, Level, Stack};
use super::{Plan, Target};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::model::{Budget, Manifest};

/// More layers than an engine can mount.
pub(crate) const TOO_MANY_LAYERS: &str = "too-many-layers";
/// More than the manifest allows.
pub(crate) const OVER_BUDGET: &str = "over-budget";

/// Most layers that a message lists.
const SHOWN: usize = 8;

/// What is over its limits among `targets`. Without `sizes` only layers are counted. A base whose
/// configuration is not known counts nothing.
pub fn over_budget(
    manifest: &Manifest,
    plan: &Plan,
    facts: &Facts,
    sizes: Option<&Sizes>,
    targets: &[Target],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for target in targets {
        let (chain, span, budget) = match target {
            Target::Stage(name) => {
                let stage = manifest.stages.get(name).zip(plan.stages.get(name));
                let Some((stage, planned)) = stage else { continue };
                (&planned.chain, stage.span, None)
            }
            Target::Service(name) => {
                let service = manifest.services.get(name).zip(plan.images.get(name));
                let Some((service, planned)) = service else { continue };
                (&planned.chain, service.span, service.budget.as_ref())
            }
        };
        let image = Image { plan, sizes, name: target.name(), stack: stack::of(plan, facts, chain) };
        found.extend(image.over_limit(span));
        found.extend(budget.into_iter().flat_map(|budget| image.over(budget)));
    }
    found
}

struct Image<'a> {
    plan: &'a Plan,
    sizes: Option<&'a Sizes>,
    name: &'a str,
    stack: Stack<'a>,
}

impl Image<'_> {
    fn over_limit(&self, span: Span) -> Option<Diagnostic> {
        let count = self.stack.layer_count();
        (count > LIMIT).then(|| {
            let message = format!(
                "the image {:?} gets {count} layers, expected {LIMIT} at the most: {}",
                self.name,
                self.made_of()
            );
            Diagnostic::error(TOO_MANY_LAYERS, span, message)
                .hint("put several commands into one, or select directories instead of single files")
        })
    }

    fn over(&self, budget: &Budget) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let count = self.stack.layer_count();
        if let Some(most) =
            budget.layers.and_then(|most| usize::try_from(most).ok()).filter(|most| count > *most)
        {
            let message = format!(
                "the image {:?} gets {count} layers, its budget has {most}: {}",
                self.name,
                self.made_of()
            );
            found.push(Diagnostic::error(OVER_BUDGET, budget.span, message).hint(self.largest()));
        }
        let bytes = self.bytes();
        if let Some((most, bytes)) = budget.size.zip(bytes).filter(|(most, bytes)| bytes > most) {
            let message = format!(
                "the files of the image {:?} have {}, its budget has {} for the whole image",
                self.name,
                human(bytes),
                human(most)
            );
            found.push(Diagnostic::error(OVER_BUDGET, budget.span, message).hint(self.largest()));
        }
        found
    }

    /// `12 of its base, 3 of commands, 40 of files`
    fn made_of(&self) -> String {
        let files = self.stack.files().count();
        let base = self.stack.base_layers;
        let steps = self.stack.layer_count() - files - base.unwrap_or_default();
        let of_base = base.map(|count| format!("{count} of its base"));
        let of_steps = (steps > 0).then(|| format!("{steps} of packages and commands{}", self.stages()));
        let parts = [of_base, of_steps, Some(format!("{files} of files"))];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn stages(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for level in &self.stack.levels {
            if let Level::Steps(stage, _) = level
                && !names.contains(stage)
            {
                names.push(stage);
            }
        }
        format!(" (stages {})", names.join(", "))
    }

    fn size(&self, id: usize) -> Option<Size> {
        self.sizes?.layers.get(id).copied().flatten()
    }

    fn bytes(&self) -> Option<u64> {
        self.sizes?;
        Some(self.stack.files().filter_map(|id| self.size(id)).map(|size| size.bytes).sum())
    }

    /// Its layers of files, the largest first where sizes are known.
    fn largest(&self) -> String {
        let mut layers: Vec<_> =
            self.stack.files().map(|id| (self.size(id).unwrap_or_default().bytes, id)).collect();
        layers.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let shown = layers.iter().take(SHOWN).map(|(bytes, id)| {
            let holds = holds(&self.plan.layers[*id]);
            if self.size(*id).is_some() { format!("{} {holds}", human(*bytes)) } else { holds }
        });
        let mut list = shown.collect::<Vec<_>>().join("; ");
        if layers.len() > SHOWN {
            let _ = write!(list, "; and {} more", layers.len() - SHOWN);
        }
        if self.sizes.is_some() {
            format!("its layers of files, the largest first: {list}")
        } else {
            format!("its layers of files: {list}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::listing::{Entry, Kind, Listing};
    use super::super::{ImageConfig, measure, plan};
    use super::*;
    use crate::manifest::{Inputs, load};

    fn found(text: &str, base_layers: usize) -> Vec<(&'static str, String)> {
        let inputs = Inputs::default();
        let manifest = load("layerset.yaml", text.as_bytes(), &inputs).manifest.unwrap();
        let file = |path: &str, size| Entry { path: path.into(), kind: Kind::File, size, mode: 0o644 };
        let listing = Listing::new(vec![file("lib/a", 900_000), file("api/b", 200_000)]);
        let rootfs = serde_json::json!({"type": "layers", "diff_ids": vec!["sha256:0"; base_layers]});
        let config = ImageConfig { rootfs, ..ImageConfig::default() };
        let facts = Facts { configs: BTreeMap::from([("busybox:1".into(), config)]), ..Facts::default() };
        let plan = plan(&manifest, &facts, Vec::new());
        let sizes = measure(&plan, &listing);
        let target = Target::Service("api".into());
        let found = over_budget(&manifest, &plan, &facts, Some(&sizes), &[target]);
        found
            .into_iter()
            .map(|d| (d.rule, format!("{}; {}", d.message, d.hint.unwrap_or_default())))
            .collect()
    }

    const STAGE: &str = "stages:\n  base: {from: 'busybox:1', apt: [curl], run: [a, b]}\nservices:\n";

    #[test]
    fn within_budget() {
        let text =
            format!("{STAGE}  api: {{from: base, files: [lib, api], budget: {{layers: 10, size: 2MB}}}}\n");
        assert_eq!(found(&text, 6), []);
    }

    #[test]
    fn too_many_layers_and_bytes() {
        let text =
            format!("{STAGE}  api: {{from: base, files: [lib, api], budget: {{layers: 9, size: 1MB}}}}\n");
        let problems = found(&text, 6);
        assert_eq!(
            problems,
            [
                (
                    "over-budget",
                    "the image \"api\" gets 10 layers, its budget has 9: 6 of its base, 3 of packages and \
                     commands (stages base), 1 of files; its layers of files, the largest first: 1.1 MB api, lib"
                        .to_owned()
                ),
                (
                    "over-budget",
                    "the files of the image \"api\" have 1.1 MB, its budget has 1.0 MB for the whole image; its \
                     layers of files, the largest first: 1.1 MB api, lib"
                        .to_owned()
                ),
            ]
        );
    }

    #[test]
    fn more_than_an_engine_can_mount() {
        let text = format!("{STAGE}  api: {{from: base, files: [lib]}}\n");
        assert_eq!(found(&text, 96), []);
        let problems = found(&text, 97);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].0, "too-many-layers");
        assert!(problems[0].1.contains("97 of its base"), "{problems:?}");
    }
}
