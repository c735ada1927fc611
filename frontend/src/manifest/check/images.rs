//! Names of images: no two services tag the same one, whether they say it or not.

use std::collections::BTreeMap;

use super::{Check, names, reference};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::extends::Resolved;
use crate::manifest::model::{Service, unnamed_image};
use crate::manifest::node::quote;
use crate::manifest::read::OneOrMany;
use crate::manifest::reference::normalise;
use crate::manifest::rules;

/// The names so far, in full.
#[derive(Default)]
pub(super) struct Tagged(BTreeMap<String, Tag>);

#[derive(Clone)]
struct Tag {
    service: String,
    span: Span,
    /// Whether it is the name of an image that the service gives none.
    unnamed: bool,
}

impl Check<'_> {
    /// Reports image names that two services would tag: the second would take the name from the first.
    pub(super) fn images(
        &mut self,
        entry: &Resolved<'_>,
        service: &Service,
        project: Option<&str>,
        tagged: &mut Tagged,
    ) {
        let name = &entry.name.value;
        let tag = |span, unnamed| Tag { service: name.clone(), span, unnamed };
        // One that is written and cannot be read has been reported, and is no reason to report more.
        if entry.body.image.as_ref().map_or(&[][..], OneOrMany::as_slice).is_empty() {
            let image = unnamed_image(project, name);
            if names::target(name).is_ok() && reference::taggable(&image).is_err() {
                let message = format!(
                    "the service {} has no \"image\", and {} is no name of one",
                    quote(name),
                    quote(&image)
                );
                self.problems.push(
                    Diagnostic::error(rules::INVALID_IMAGE, service.span, message)
                        .hint("give it \"image\", or a name with single \".\", \"_\" and \"-\" between letters and digits"),
                );
            }
            self.tag(&image, &tag(service.span, true), tagged);
        }
        for image in &service.image {
            self.tag(&image.value, &tag(image.span, false), tagged);
        }
    }

    fn tag(&mut self, image: &str, own: &Tag, tagged: &mut Tagged) {
        let Some(other) = tagged.0.insert(normalise(image), own.clone()) else { return };
        if other.service == own.service {
            return;
        }
        let (one, two) = (quote(&other.service), quote(&own.service));
        let message = format!("the services {one} and {two} both tag {}", quote(image));
        let hint = if own.unnamed || other.unnamed {
            "without \"image\" the tag is NAME-SERVICE in small letters, or SERVICE without a \"name\"; give one of them \"image\""
        } else {
            "give each service an image name of its own"
        };
        let mut diagnostic = Diagnostic::error(rules::DUPLICATE_IMAGE, own.span, message).hint(hint);
        if other.span != own.span {
            diagnostic = diagnostic.label(other.span, "first here");
        }
        self.problems.push(diagnostic);
    }
}
