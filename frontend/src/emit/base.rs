//! Sources: base images and named contexts.

use buildkit_llb::{Edge, Image, Local, Metadata, OciLayout};

use buildkit_proto::pb;

use super::{BaseSource, Built, Emitter, context};
use crate::diagnostic::Span;
use crate::manifest::model::Base;
use crate::plan::{ImageConfig, normalise};

impl Emitter<'_> {
    /// What a stage or service is built on. `config` is that of the plan, with the base's history.
    pub(super) fn base(&mut self, base: &Base, span: Span) -> Option<Edge> {
        match base {
            Base::Scratch => None,
            Base::Stage(name) => self.stage(name).edge,
            Base::Image(name) | Base::Context(name) => self.external(name, span),
        }
    }

    /// As [`Self::base`], with the configuration whose history names the layers so far.
    pub(super) fn built_base(&mut self, base: &Base, span: Span, config: &ImageConfig) -> Built {
        let mut config = config.clone();
        if let Base::Stage(name) = base {
            let below = self.stage(name);
            config.history = below.config.history;
            return Built { edge: below.edge, config };
        }
        Built { edge: self.base(base, span), config }
    }

    pub(super) fn external(&mut self, name: &str, span: Span) -> Option<Edge> {
        let known = self.input.sources.get(name).cloned();
        let source = known.unwrap_or_else(|| BaseSource::Image(normalise(name)));
        let metadata = self.metadata(format!("[base] {name}"), &[span]);
        let platform = self.platform();
        let edge = match source {
            BaseSource::Scratch => return None,
            BaseSource::Image(reference) => {
                self.graph.add(Image::new(reference).platform(platform), metadata)
            }
            BaseSource::Local { name: local, session, shared_key, exclude } => {
                let local = Local::new(local).session(session).shared_key_hint(shared_key).exclude(exclude);
                // Paths and not patterns, because a path may be a link to what is needed.
                let needed = self.input.plan.copied.get(name).into_iter().flatten();
                let local = local.follow_paths(needed);
                self.graph.add(local, metadata)
            }
            BaseSource::OciLayout { reference, session, store } => {
                let layout = OciLayout::new(reference).store(session, store).platform(platform);
                self.graph.add(layout, metadata)
            }
            // It was imported once when it came in, to see that it can be.
            BaseSource::Definition(definition) => return self.graph.import(&definition).ok().flatten(),
            BaseSource::Git(repository) => self.graph.add(context::git(&repository), metadata),
            BaseSource::Http(url) => {
                let download = self.graph.add(context::http(&url), metadata);
                self.graph.add(context::unpack(download), Metadata::default())
            }
        };
        Some(edge)
    }

    pub(super) fn platform(&self) -> pb::Platform {
        let platform = &self.input.settings.platform;
        pb::Platform {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            variant: platform.variant.clone(),
            ..Default::default()
        }
    }

    /// Metadata of a vertex that the manifest asks for at `spans`.
    pub(super) fn metadata(&self, name: String, spans: &[Span]) -> Metadata {
        spans.iter().fold(Metadata::named(name), |metadata, span| {
            metadata.at(self.source_id, self.input.source.range(*span))
        })
    }
}
