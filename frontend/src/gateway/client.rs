//! The calls of `moby.buildkit.v1.frontend.LLBBridge`, as the rest of the frontend wants them.

use std::collections::BTreeSet;

use buildkit_proto::gateway as gw;
use buildkit_proto::gateway::llb_bridge_client::LlbBridgeClient;
use buildkit_proto::pb;
use buildkit_proto::stat::Stat;
use prost::Message;
use tonic::Status;
use tonic::transport::Channel;

use super::memo::Memo;
use super::message;
use crate::options::CacheImport;

/// What we accept in one message: BuildKit's own limit. tonic's default of 4 MiB is less than it sends.
const MESSAGE_LIMIT: usize = 16 << 20;

/// A connection to the engine. Cheap to clone, calls may overlap.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) bridge: LlbBridgeClient<Channel>,
    caps: Capabilities,
    cache_imports: Vec<gw::CacheOptionsEntry>,
    solved: Memo<Vec<u8>, Ref>,
    pub(super) entries: Memo<(Ref, String, String), Option<Vec<Stat>>>,
    pub(super) stats: Memo<(Ref, String), Option<Stat>>,
}

/// What the engine can do.
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    frontend: BTreeSet<String>,
    llb: BTreeSet<String>,
}

/// A source as the engine resolved it.
#[derive(Clone, Debug)]
pub struct ResolvedSource {
    /// The identifier to use from now on.
    pub identifier: String,
    /// The image configuration, JSON.
    pub config: Vec<u8>,
}

/// A built file system on the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ref(pub String);

impl Capabilities {
    /// Whether the gateway offers `cap`.
    pub fn frontend(&self, cap: &str) -> bool {
        self.frontend.contains(cap)
    }

    /// Whether the solver offers `cap`.
    pub fn llb(&self, cap: &str) -> bool {
        self.llb.contains(cap)
    }
}

impl Client {
    /// Says hello and learns what the engine can do. `cache_imports` go with every later solve,
    /// because the engine applies them to nothing by itself.
    pub async fn hello(channel: Channel, cache_imports: &[CacheImport]) -> Result<Self, Status> {
        let mut bridge = LlbBridgeClient::new(channel)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let pong = bridge.ping(gw::PingRequest {}).await?.into_inner();
        let enabled = |caps: Vec<buildkit_proto::caps::ApiCap>| {
            caps.into_iter().filter(|cap| cap.enabled).map(|cap| cap.id).collect()
        };
        let caps = Capabilities { frontend: enabled(pong.frontend_api_caps), llb: enabled(pong.llb_caps) };
        let cache_imports = cache_imports
            .iter()
            .map(|import| gw::CacheOptionsEntry {
                r#type: import.r#type.clone(),
                attrs: import.attrs.clone(),
            })
            .collect();
        let (solved, entries, stats) = Default::default();
        Ok(Self { bridge, caps, cache_imports, solved, entries, stats })
    }

    /// What the engine can do.
    pub fn caps(&self) -> &Capabilities {
        &self.caps
    }

    /// Solves a definition. Unless `evaluate`, nothing runs until its files are read or exported.
    pub async fn solve(&self, mut definition: pb::Definition, evaluate: bool) -> Result<Ref, Status> {
        message::shorten(&mut definition);
        if evaluate {
            return Box::pin(self.ask_to_solve(definition, evaluate)).await;
        }
        let key = definition.encode_to_vec();
        self.solved.get(key, Box::pin(self.ask_to_solve(definition, evaluate))).await
    }

    async fn ask_to_solve(&self, definition: pb::Definition, evaluate: bool) -> Result<Ref, Status> {
        let request = gw::SolveRequest {
            definition: Some(definition),
            allow_result_return: true,
            allow_result_array_ref: true,
            cache_imports: self.cache_imports.clone(),
            evaluate,
            ..gw::SolveRequest::default()
        };
        let refused = |status| {
            let advice = "select whole directories instead of many single paths";
            message::too_large(&status, "the graph of this target", advice).unwrap_or(status)
        };
        let response = self.bridge.clone().solve(request).await.map_err(refused)?.into_inner();
        match response.result.and_then(|result| result.result) {
            Some(gw::result::Result::Ref(reference)) => Ok(Ref(reference.id)),
            Some(gw::result::Result::RefDeprecated(id)) => Ok(Ref(id)),
            _ => Ok(Ref(response.r#ref)),
        }
    }

    /// Resolves an image to its identifier and configuration.
    pub async fn resolve_image(
        &self,
        source: pb::SourceOp,
        platform: pb::Platform,
        mode: &str,
        log_name: String,
    ) -> Result<ResolvedSource, Status> {
        if self.caps.frontend("source.metaresolver") {
            let request = gw::ResolveSourceMetaRequest {
                source: Some(source.clone()),
                platform: Some(platform),
                log_name,
                resolve_mode: mode.to_owned(),
                ..gw::ResolveSourceMetaRequest::default()
            };
            let response = self.bridge.clone().resolve_source_meta(request).await?.into_inner();
            let identifier = response.source.map_or(source.identifier, |source| source.identifier);
            let image = response.image.unwrap_or_default();
            return Ok(ResolvedSource {
                identifier: pinned(identifier, &image.digest),
                config: image.config,
            });
        }
        let (scheme, reference) =
            source.identifier.split_once("://").unwrap_or(("docker-image", &source.identifier));
        let of_layout = |key: &str| source.attrs.get(key).cloned().unwrap_or_default();
        let request = gw::ResolveImageConfigRequest {
            r#ref: reference.to_owned(),
            platform: Some(platform),
            resolve_mode: mode.to_owned(),
            log_name,
            // Source: moby/buildkit 0.12 `client/llb/resolver.go`, `ResolverTypeOCILayout`.
            resolver_type: i32::from(scheme == "oci-layout"),
            session_id: of_layout("oci.session"),
            store_id: of_layout("oci.store"),
        };
        let response = self.bridge.clone().resolve_image_config(request).await?.into_inner();
        let found = if response.r#ref.is_empty() { reference } else { &response.r#ref };
        let identifier = pinned(format!("{scheme}://{found}"), &response.digest);
        Ok(ResolvedSource { identifier, config: response.config })
    }

    /// Makes the engine build what `reference` stands for.
    pub async fn evaluate(&self, reference: &Ref) -> Result<(), Status> {
        let request = gw::EvaluateRequest { r#ref: reference.0.clone() };
        self.bridge.clone().evaluate(request).await.map(drop)
    }

    /// Definitions that the client passes in, by name: `target:` of bake, contexts from stdin.
    pub async fn inputs(&self) -> Result<std::collections::BTreeMap<String, pb::Definition>, Status> {
        Ok(self.bridge.clone().inputs(gw::InputsRequest {}).await?.into_inner().definitions)
    }

    /// Shows a warning to the user. An engine without the call shows none.
    pub async fn warn(&self, warning: gw::WarnRequest) -> Result<(), Status> {
        if self.caps.frontend("gateway.warnings") {
            self.bridge.clone().warn(warning).await?;
        }
        Ok(())
    }

    /// Hands over the result; the last call of a frontend. A result that is too large for the engine becomes an error
    /// that says so.
    pub async fn finish(
        &self,
        outcome: Result<gw::Result, buildkit_proto::rpc::Status>,
    ) -> Result<(), Status> {
        let request = match outcome {
            Ok(result) => gw::ReturnRequest { result: Some(result), error: None },
            Err(error) => gw::ReturnRequest { result: None, error: Some(error) },
        };
        let Err(status) = self.bridge.clone().r#return(request).await else { return Ok(()) };
        let advice = "use the command line `layerset`, which has no such limit";
        let told = message::too_large(&status, "the answer", advice).ok_or(status)?;
        let request = gw::ReturnRequest { result: None, error: Some(rpc_status(&told)) };
        self.bridge.clone().r#return(request).await.map(drop)
    }
}

/// The whole `google.rpc.Status` behind a failed call, details unchanged.
pub fn rpc_status(status: &Status) -> buildkit_proto::rpc::Status {
    buildkit_proto::rpc::Status::decode(status.details()).ok().filter(|inner| inner.code != 0).unwrap_or_else(
        || buildkit_proto::rpc::Status {
            code: status.code() as i32,
            message: status.message().to_owned(),
            details: Vec::new(),
        },
    )
}

/// The reference with the digest it was resolved to, so that the files built on are those of the
/// configuration that was read, whatever happens to the tag meanwhile.
fn pinned(identifier: String, digest: &str) -> String {
    if digest.is_empty() || identifier.contains('@') { identifier } else { format!("{identifier}@{digest}") }
}
