//! A stage: what it starts from, and its steps.

use super::{Check, names, path};
use crate::diagnostic::Spanned;
use crate::manifest::document;
use crate::manifest::model::Stage;
use crate::manifest::node::quote;
use crate::manifest::read::Text;

impl Check<'_> {
    /// Checks a stage. `None`: an error was reported.
    pub(super) fn stage(&mut self, name: &Text, stage: &document::Stage) -> Option<Stage> {
        let args = self.define(stage.args.as_ref(), stage.broken);
        self.local = args;
        self.platform(name, stage);
        let apt = stage.apt.iter().flat_map(|apt| &apt.0);
        let apt: Vec<Spanned<String>> = apt.filter_map(|text| self.spanned(text, names::package)).collect();
        self.expanded_variables(stage.environment.as_ref());
        let environment = self.variables(stage.environment.as_ref(), "variable", true);
        let working_dir = stage.working_dir.as_ref().and_then(|dir| self.spanned(dir, path::absolute));
        let user = stage.user.as_ref().and_then(|user| self.spanned(user, names::user));
        let shell = self.shell(stage.shell.as_ref());
        let files = self.files(stage.files.as_ref());
        let copy = self.copies(stage.copy.as_ref());
        let requirements = self.requirements(stage.requirements.as_ref());
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
            platform: None,
            apt,
            environment,
            working_dir,
            user,
            shell,
            files,
            copy,
            requirements,
            run,
        })
    }
}
