//! `from`: a stage, an image, a named context or nothing at all; and cycles among stages.

use super::{Check, reference};
use crate::diagnostic::{Diagnostic, Severity, Span, Spanned};
use crate::manifest::document::{Document, Stage};
use crate::manifest::extends::cycle_error;
use crate::manifest::graph::order;
use crate::manifest::model::Base;
use crate::manifest::node::quote;
use crate::manifest::read::Text;
use crate::manifest::rules;
use crate::manifest::suggest::{list, suggest};

impl Check<'_> {
    /// What a `from` means. A stage comes first: a context of its name takes the stage's own place.
    pub(super) fn base(&mut self, text: &Text) -> Option<Spanned<Base>> {
        let value = self.text(text)?;
        self.named(Spanned { value, span: text.span })
    }

    /// The same of a text whose arguments are replaced.
    pub(super) fn named(&mut self, text: Spanned<String>) -> Option<Spanned<Base>> {
        let Spanned { value: name, span } = text;
        let base = if let Some(&stage) = self.stages.get(name.as_str()) {
            if self.current != Some(stage) {
                self.used[stage] = true;
            }
            if let Some(current) = self.current {
                self.edges[current].push((stage, span));
            }
            Base::Stage(name)
        } else if name == "scratch" {
            Base::Scratch
        } else if self.inputs.contexts.contains(&name) {
            Base::Context(name)
        } else if !reference::is_bare(&name) {
            Base::Image(self.report(span, reference::pinned(&name))?)
        } else {
            if !self.stages_lost {
                self.unknown_stage(span, &name);
            }
            return None;
        };
        Some(Spanned { value: base, span })
    }

    fn unknown_stage(&mut self, span: Span, name: &str) {
        let known = self.stages.keys().copied();
        let hint = self.hints.of(rules::UNKNOWN_STAGE, name, || {
            suggest(name, known.clone()).unwrap_or_else(|| {
                format!("{}; an image needs a tag, for example \"{name}:latest\"", list("stages", known))
            })
        });
        let message = format!("unknown stage {}", quote(name));
        self.problems.push(Diagnostic { hint, ..Diagnostic::error(rules::UNKNOWN_STAGE, span, message) });
    }

    /// Reports stages that need themselves, by `from` or `copy`.
    pub(super) fn stage_cycles(&mut self, stages: &[(Text, Stage)]) {
        let needs: Vec<Vec<usize>> =
            self.edges.iter().map(|edges| edges.iter().map(|edge| edge.0).collect()).collect();
        for cycle in order(&needs).cycles {
            let next = cycle.iter().cycle().skip(1);
            let hops: Vec<(&str, Span)> = cycle
                .iter()
                .zip(next)
                .map(|(&from, &to)| {
                    let edge = self.edges[from].iter().find(|edge| edge.0 == to);
                    (stages[from].0.value.as_str(), edge.map(|edge| edge.1).unwrap_or_default())
                })
                .collect();
            self.problems.push(cycle_error("needs", &hops));
        }
    }

    /// Warns of what is defined and never used.
    pub(super) fn unused(&mut self, document: &Document) {
        let args = std::mem::take(&mut self.global);
        self.unused_args(&args);
        self.global = args;
        self.unused_stages(document);
        let idle = std::mem::take(&mut self.idle);
        if self.problems.iter().all(|problem| problem.severity != Severity::Error) {
            self.problems.extend(idle);
        }
    }

    fn unused_stages(&mut self, document: &Document) {
        if document.services.as_ref().is_none_or(|services| services.0.is_empty()) {
            // Without services the stages are what is built.
            return;
        }
        for (number, (name, _)) in document.stages.iter().flat_map(|named| &named.0).enumerate() {
            if !self.used.get(number).copied().unwrap_or(true) {
                self.idle.push(
                    Diagnostic::warning(
                        rules::UNUSED_STAGE,
                        name.span,
                        format!("nothing uses the stage {}", quote(&name.value)),
                    )
                    .hint("remove it, or build it with --target"),
                );
            }
        }
    }
}
