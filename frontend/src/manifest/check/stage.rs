//! A stage: what it starts from, and its steps.

use super::{Check, names, path};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::manifest::document::{self, Document, Requirement};
use crate::manifest::model::Stage;
use crate::manifest::node::quote;
use crate::manifest::read::{List, Text};
use crate::manifest::rules;

impl Check<'_> {
    /// Checks a stage. `None`: an error was reported.
    pub(super) fn stage(&mut self, name: &Text, stage: &document::Stage) -> Option<Stage> {
        let args = self.define(stage.args.as_ref(), stage.broken);
        self.local = args;
        let apt = stage.apt.iter().flat_map(|apt| &apt.0);
        let apt: Vec<Spanned<String>> = apt.filter_map(|text| self.spanned(text, names::package)).collect();
        let environment = self.variables(stage.environment.as_ref(), "variable", true);
        let working_dir = stage.working_dir.as_ref().and_then(|dir| self.spanned(dir, path::absolute));
        let user = stage.user.as_ref().and_then(|user| self.spanned(user, names::user));
        let shell = self.shell(stage.shell.as_ref());
        let files = self.files(stage.files.as_ref());
        let copy = self.copies(stage.copy.as_ref());
        let run = self.steps(stage.run.as_ref());
        let from = if let Some(from) = &stage.from {
            self.base(from)
        } else {
            if !stage.broken {
                let message = format!("the stage {} has no \"from\"", quote(&name.value));
                self.missing(name.span, &message, "write for example from: python:3.13-slim");
            }
            None
        };
        let args = std::mem::take(&mut self.local);
        self.unused_args(&args);
        Some(Stage {
            span: name.span,
            from: from?,
            apt,
            environment,
            working_dir,
            user,
            shell,
            files,
            copy,
            run,
        })
    }

    /// Reports keys that are part of the language and not yet of this program, after a look at their values.
    pub(super) fn not_supported(&mut self, document: &Document) {
        let stages = document.stages.iter().flat_map(|named| &named.0);
        let services = document.templates.iter().chain(&document.services).flat_map(|named| &named.0);
        let lists = (stages.map(|(_, stage)| stage.requirements.as_ref()))
            .chain(services.map(|(_, service)| service.requirements.as_ref()));
        for list in lists.flatten() {
            self.requirements(list);
        }
        if let Some(python) = &document.python {
            if let Some(lock) = &python.lock {
                self.parse(lock, path::context);
            }
            self.refuse(python.place.0, "python");
        }
    }

    fn requirements(&mut self, list: &List<Requirement>) {
        for requirement in &list.0 {
            match requirement {
                Requirement::File(file) => drop(self.parse(file, path::context)),
                Requirement::Group(mapping) => {
                    if let Some(group) = &mapping.group {
                        self.parse(group, names::project);
                    } else if !mapping.broken {
                        let hint = "write for example {group: ml}";
                        self.missing(mapping.place.0, "an entry of \"requirements\" has no \"group\"", hint);
                    }
                }
            }
        }
        self.refuse(list.1.0, "requirements");
    }

    fn refuse(&mut self, span: Span, key: &str) {
        self.problems.push(
            Diagnostic::error(rules::NOT_SUPPORTED, span, format!("\"{key}\" is not supported yet"))
                .hint("install packages in a stage with \"run\" until then"),
        );
    }
}
