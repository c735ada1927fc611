//! The calls of `LLBBridge`.

use buildkit_proto::gateway as gw;
use buildkit_proto::gateway::llb_bridge_server::LlbBridge;
use tonic::{Request, Response, Status, async_trait};

use super::script::Stands;
use super::{Call, Fake, Reaction, State};

type Answer<T> = Result<Response<T>, Status>;

impl Fake {
    /// Writes a call down and decides what becomes of it.
    async fn enter(&self, call: Call) -> Result<(), Status> {
        let reaction = (self.script.react)(&call);
        self.lock().calls.push(call);
        match reaction {
            Reaction::Answer => Ok(()),
            Reaction::Fail(status) => Err(status),
            Reaction::HangUp => {
                self.hang_up.notify_one();
                std::future::pending().await
            }
        }
    }
}

impl State {
    fn stands(&self, id: &str) -> Result<&Stands, Status> {
        let number = id.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let known = number.and_then(|number| self.refs.get(number));
        known.ok_or_else(|| Status::invalid_argument(format!("no ref {id:?}")))
    }
}

#[async_trait]
impl LlbBridge for Fake {
    async fn ping(&self, _: Request<gw::PingRequest>) -> Answer<gw::PongResponse> {
        self.enter(Call::Ping).await?;
        Ok(Response::new(self.script.pong()))
    }

    async fn resolve_image_config(
        &self,
        request: Request<gw::ResolveImageConfigRequest>,
    ) -> Answer<gw::ResolveImageConfigResponse> {
        let request = request.into_inner();
        self.enter(Call::ResolveImageConfig(request.clone())).await?;
        let image = self.script.image(&request.r#ref)?.clone();
        let r#ref = image.rewritten.unwrap_or_default();
        Ok(Response::new(gw::ResolveImageConfigResponse {
            digest: image.digest,
            config: image.config.into(),
            r#ref,
        }))
    }

    async fn resolve_source_meta(
        &self,
        request: Request<gw::ResolveSourceMetaRequest>,
    ) -> Answer<gw::ResolveSourceMetaResponse> {
        let request = request.into_inner();
        self.enter(Call::ResolveSourceMeta(request.clone())).await?;
        let mut source = request.source.unwrap_or_default();
        let reference = source.identifier.split_once("://").map_or("", |(_, reference)| reference);
        let image = self.script.image(reference)?.clone();
        if let Some(rewritten) = image.rewritten {
            source.identifier = format!("docker-image://{rewritten}");
        }
        let answer = gw::ResolveSourceImageResponse { digest: image.digest, config: image.config.into() };
        Ok(Response::new(gw::ResolveSourceMetaResponse {
            source: Some(source),
            image: Some(answer),
            ..Default::default()
        }))
    }

    async fn solve(&self, request: Request<gw::SolveRequest>) -> Answer<gw::SolveResponse> {
        let request = request.into_inner();
        let definition = request.definition.clone().unwrap_or_default();
        let (stands, scratch) = (Stands::of(&definition), definition.def.is_empty());
        self.enter(Call::Solve(request)).await?;
        let mut state = self.lock();
        state.refs.push(stands);
        let id = if scratch { String::new() } else { state.refs.len().to_string() };
        let reference = gw::result::Result::Ref(gw::Ref { id, def: None });
        let result = gw::Result { result: Some(reference), ..Default::default() };
        Ok(Response::new(gw::SolveResponse { r#ref: String::new(), result: Some(result) }))
    }

    /// At most what the range asks for, and nothing beyond the end.
    async fn read_file(&self, request: Request<gw::ReadFileRequest>) -> Answer<gw::ReadFileResponse> {
        let request = request.into_inner();
        self.enter(Call::ReadFile(request.clone())).await?;
        let state = self.lock();
        let data = self.script.file(state.stands(&request.r#ref)?, &request.file_path)?;
        let range = request.range.unwrap_or(gw::FileRange { offset: 0, length: i64::MAX });
        let start = usize::try_from(range.offset).unwrap_or(usize::MAX).min(data.len());
        let end = start.saturating_add(usize::try_from(range.length).unwrap_or(usize::MAX)).min(data.len());
        Ok(Response::new(gw::ReadFileResponse { data: data[start..end].to_vec() }))
    }

    async fn read_dir(&self, request: Request<gw::ReadDirRequest>) -> Answer<gw::ReadDirResponse> {
        let request = request.into_inner();
        self.enter(Call::ReadDir(request.clone())).await?;
        let state = self.lock();
        let entries = self.script.entries(state.stands(&request.r#ref)?, &request.dir_path)?;
        Ok(Response::new(gw::ReadDirResponse { entries }))
    }

    async fn stat_file(&self, request: Request<gw::StatFileRequest>) -> Answer<gw::StatFileResponse> {
        let request = request.into_inner();
        self.enter(Call::StatFile(request.clone())).await?;
        let state = self.lock();
        let stat = self.script.stat(state.stands(&request.r#ref)?, &request.path)?;
        Ok(Response::new(gw::StatFileResponse { stat: Some(stat) }))
    }

    async fn evaluate(&self, request: Request<gw::EvaluateRequest>) -> Answer<gw::EvaluateResponse> {
        let request = request.into_inner();
        self.enter(Call::Evaluate(request.clone())).await?;
        self.lock().stands(&request.r#ref)?;
        Ok(Response::new(gw::EvaluateResponse {}))
    }

    async fn inputs(&self, _: Request<gw::InputsRequest>) -> Answer<gw::InputsResponse> {
        self.enter(Call::Inputs).await?;
        Ok(Response::new(gw::InputsResponse { definitions: self.script.inputs.clone() }))
    }

    async fn warn(&self, request: Request<gw::WarnRequest>) -> Answer<gw::WarnResponse> {
        self.enter(Call::Warn(request.into_inner())).await?;
        Ok(Response::new(gw::WarnResponse {}))
    }

    async fn r#return(&self, request: Request<gw::ReturnRequest>) -> Answer<gw::ReturnResponse> {
        self.enter(Call::Return(request.into_inner())).await?;
        Ok(Response::new(gw::ReturnResponse {}))
    }
}
