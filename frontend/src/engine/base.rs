//! What a name in `from` stands for: an image, or the named context that the client put in its place.
//! Source: moby/buildkit `frontend/dockerui/namedcontext.go`.

use std::collections::BTreeMap;

use buildkit_llb::Graph;
use buildkit_proto::pb;

use super::Engine;
use crate::emit::BaseSource;
use crate::failure::Failure;
use crate::manifest::{familiar, normalise};
use crate::options::from_base64;
use crate::plan::{ImageConfig, ignore_patterns};
use crate::platform::Platform;
use crate::remote::{self, Remote};

/// A base, with its configuration if it is an image.
pub(super) struct Found {
    pub(super) source: BaseSource,
    pub(super) config: ImageConfig,
}

impl Found {
    fn files(source: BaseSource) -> Self {
        Self { source, config: ImageConfig::default() }
    }
}

impl Engine {
    /// A base; `pin` is the digest of an image that no named context stands for.
    pub(super) async fn base(
        &self,
        name: &str,
        pin: Option<&str>,
        platform: &Platform,
    ) -> Result<Found, Failure> {
        let named =
            self.options.context(name, platform).or_else(|| self.options.context(&familiar(name), platform));
        let Some((key, context)) = named.map(|(key, context)| (key.to_owned(), context.to_owned())) else {
            let reference = normalise(name);
            let reference = pin.map_or(reference.clone(), |digest| format!("{reference}@{digest}"));
            let log = format!("load metadata for {reference}");
            return self.image(&reference, platform, log).await;
        };
        let refused = |error| Failure::Request(format!("build context {name}: {error}"));
        match remote::parse(&context).map_err(refused)? {
            Some(Remote::Git(repository)) => return Ok(Found::files(BaseSource::Git(repository))),
            Some(Remote::Http(url)) => return Ok(Found::files(BaseSource::Http(url))),
            None => {}
        }
        let (scheme, rest) = context.split_once(':').unwrap_or(("", &context));
        let path = rest.trim_start_matches("//");
        match scheme {
            "docker-image" if path == "scratch" => Ok(Found::files(BaseSource::Scratch)),
            "docker-image" => {
                let log = format!("[context {name}] load metadata for {path}");
                self.image(&normalise(path), platform, log).await
            }
            "oci-layout" => self.oci_layout(name, path, platform).await,
            "local" => self.directory(&key, rest).await,
            "input" => self.input(name, rest).await,
            _ => Err(Failure::Request(format!(
                "build context {name}: found {:?}, expected docker-image://, oci-layout://, a directory, \
                 a target of the bake file, git or http(s)://",
                remote::shown(&context)
            ))),
        }
    }

    pub(super) async fn image(
        &self,
        reference: &str,
        platform: &Platform,
        log: String,
    ) -> Result<Found, Failure> {
        let source = pb::SourceOp { identifier: format!("docker-image://{reference}"), ..Default::default() };
        let (identifier, config) = self.resolved(source, platform, log).await?;
        let reference = identifier.trim_start_matches("docker-image://").to_owned();
        Ok(Found { source: BaseSource::Image(reference), config })
    }

    /// buildx names an OCI layout by a store of the session and a digest, `STORE@sha256:…`.
    async fn oci_layout(&self, name: &str, path: &str, platform: &Platform) -> Result<Found, Failure> {
        let bad = || {
            Failure::Request(format!("build context {name}: found oci-layout {path:?}, expected a digest"))
        };
        let (store, digest) = path.split_once('@').ok_or_else(bad)?;
        let store = store.split(':').next().unwrap_or(store).to_owned();
        let plain = normalise(&name.to_ascii_lowercase());
        let untagged = plain.rsplit_once(':').map_or(plain.as_str(), |(untagged, _)| untagged);
        let reference = format!("{untagged}@{digest}");
        let session = self.options.session.clone();
        let attrs = BTreeMap::from([
            ("oci.session".to_owned(), session.clone()),
            ("oci.store".to_owned(), store.clone()),
        ]);
        let source = pb::SourceOp { identifier: format!("oci-layout://{reference}"), attrs };
        let log = format!("[context {name}] load metadata for {reference}");
        let (_, config) = self.resolved(source, platform, log).await?;
        Ok(Found { source: BaseSource::OciLayout { reference, session, store }, config })
    }

    async fn directory(&self, name: &str, local: &str) -> Result<Found, Failure> {
        let ignore = self.ignore_of_local(local).await?.unwrap_or_default();
        let key = self.options.raw.get(&format!("sharedkey:localdir:{name}")).cloned().unwrap_or_default();
        Ok(Found::files(BaseSource::Local {
            name: local.to_owned(),
            session: self.options.session_of(local).to_owned(),
            shared_key: format!("layerset-context:{name}-{key}"),
            exclude: ignore_patterns(&String::from_utf8_lossy(&ignore)),
        }))
    }

    /// Another target of the same bake: its definition, and its configuration if it is an image.
    async fn input(&self, name: &str, key: &str) -> Result<Found, Failure> {
        let missing =
            || Failure::Request(format!("build context {name}: the client did not send its input {key:?}"));
        let definition = self.client.inputs().await?.remove(key).ok_or_else(missing)?;
        let unreadable =
            |error| Failure::Request(format!("build context {name}: its input {key:?}: {error}"));
        Graph::new().import(&definition).map_err(unreadable)?;
        let metadata = self.options.raw.get(&format!("input-metadata:{key}"));
        let metadata: BTreeMap<String, String> =
            metadata.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let config = metadata.get("containerimage.config").and_then(|text| from_base64(text));
        let config = config.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Ok(Found { source: BaseSource::Definition(definition), config })
    }

    async fn resolved(
        &self,
        source: pb::SourceOp,
        platform: &Platform,
        log: String,
    ) -> Result<(String, ImageConfig), Failure> {
        let platform = pb::Platform {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            variant: platform.variant.clone(),
            ..Default::default()
        };
        let asked = source.identifier.clone();
        let mode = &self.options.resolve_mode;
        let resolved = self.client.resolve_image(source, platform, mode, format!("[internal] {log}")).await?;
        let config = serde_json::from_slice(&resolved.config).map_err(|error| {
            Failure::Request(format!("{asked}: its configuration cannot be read: {error}"))
        })?;
        Ok((resolved.identifier, config))
    }
}
