//! Sources: base images and named contexts.

use buildkit_llb::{Edge, Http, Image, Local, Metadata, OciLayout};

use buildkit_proto::pb;

use super::{BaseSource, Built, Emitter, context};
use crate::diagnostic::Span;
use crate::manifest::model::{Base, DOWNLOADED, Download};
use crate::manifest::normalise;
use crate::plan::ImageConfig;
use crate::platform::Platform;

impl Emitter<'_> {
    /// What a stage or service is built on. `config` is that of the plan, with the base's history.
    pub(super) fn base(&mut self, base: &Base, span: Span) -> Option<Edge> {
        match base {
            Base::Scratch => None,
            Base::Stage(name) => self.stage(name).edge,
            Base::Image(name) | Base::Context(name) => self.external(name, span),
            Base::Download(download) => Some(self.file_of_the_web(download, span)),
            Base::Fixed { name, platform } => {
                self.external_for(name, &base.to_string(), self.platform_or(Some(platform)), span)
            }
        }
    }

    /// As [`Self::base`], with the configuration whose history names the layers so far.
    pub(super) fn built_base(&mut self, base: &Base, span: Span, config: &ImageConfig) -> Built {
        let mut config = config.clone();
        if let Base::Stage(name) = base {
            let below = self.stage(name);
            config.history.clone_from(&below.config.history);
            return Built { config, ..below };
        }
        let platform = if let Base::Fixed { platform, .. } = base { Some(platform.clone()) } else { None };
        Built { edge: self.base(base, span), config, platform }
    }

    fn file_of_the_web(&mut self, download: &Download, span: Span) -> Edge {
        let http = Http::new(download.url.clone()).filename(DOWNLOADED.trim_start_matches('/'));
        let http = match &download.checksum {
            Some(checksum) => http.checksum(checksum.clone()),
            None => http,
        };
        let metadata = self.metadata(format!("[download] {}", download.url), &[span]);
        self.graph.add(http, metadata)
    }

    pub(super) fn external(&mut self, name: &str, span: Span) -> Option<Edge> {
        self.external_for(name, name, self.platform(), span)
    }

    /// An image or context for a platform; `key` is what it goes by among the sources.
    pub(super) fn external_for(
        &mut self,
        name: &str,
        key: &str,
        platform: pb::Platform,
        span: Span,
    ) -> Option<Edge> {
        let known = self.input.sources.get(key).cloned();
        let source = known.unwrap_or_else(|| BaseSource::Image(normalise(name)));
        let metadata = self.metadata(format!("[base] {key}"), &[span]);
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

    /// The platform of the images.
    pub(super) fn platform(&self) -> pb::Platform {
        self.platform_or(None)
    }

    /// A platform of its own, else that of the images.
    pub(super) fn platform_or(&self, own: Option<&Platform>) -> pb::Platform {
        let platform = own.unwrap_or(&self.input.settings.platform);
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
