//! A service: what it is built on, its files and its configuration.

use super::{Check, names, reference};
use crate::diagnostic::Spanned;
use crate::manifest::extends::Resolved;
use crate::manifest::model::Service;
use crate::manifest::node::quote;
use crate::manifest::read::OneOrMany;

impl Check<'_> {
    /// Checks a service or a template, which needs no `from`. `None`: an error was reported, or it is
    /// a template without `from`.
    pub(super) fn service(&mut self, resolved: &Resolved<'_>) -> Option<Service> {
        let Resolved { name, body, is_template } = resolved;
        let from = if let Some(from) = &body.from {
            self.base(from)
        } else {
            if !body.broken && !is_template {
                let message = format!("the service {} has no \"from\"", quote(&name.value));
                let hint = "write for example from: python:3.13-slim, or extend a template that has one";
                self.missing(name.span, &message, hint);
            }
            None
        };
        let files = self.files(body.files.as_ref());
        let copy = self.copies(body.copy.as_ref());
        let requirements = self.requirements(body.requirements.as_ref());
        let config = self.config(body);
        let images = body.image.as_ref().map_or(&[][..], OneOrMany::as_slice);
        let image = images.iter().filter_map(|text| self.spanned(text, reference::taggable)).collect();
        let platforms = body.platforms.iter().flat_map(|list| &list.0);
        let platforms: Vec<Spanned<String>> =
            platforms.filter_map(|text| self.spanned(text, names::platform)).collect();
        let annotations = self.variables(body.annotations.as_ref(), "annotation", false);
        let budget = body.budget.as_ref().and_then(|budget| self.budget(budget));
        Some(Service {
            span: name.span,
            from: from?,
            files,
            copy,
            requirements,
            config,
            image,
            platforms,
            annotations,
            budget,
        })
    }
}
