//! A build on the fake engine, and what the tests ask of it afterwards.

use std::process::ExitCode;
use std::time::Duration;

use buildkit_llb::listing::Listing;
use buildkit_llb::{self as llb, Graph};
use buildkit_proto::{gateway as gw, pb, rpc};
use layerset::emit::OwnImage;
use layerset::options::{self, Options};

use crate::fake::{Call, Fake, Files, Image, Script, ops};

/// A guard against hanging, not a measurement.
const LONG: Duration = Duration::from_secs(60);

/// The digest of every image of the fake registry.
pub(crate) const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A script with this manifest, a context of the files named and the image `python:3.13-slim`.
pub(crate) fn script(manifest: &str, context: &[&str]) -> Script {
    let files: Files = context.iter().map(|&path| (path.to_owned(), b"x".to_vec())).collect();
    let manifest = Files::from([("layerset.yaml".to_owned(), manifest.into())]);
    let image = Image {
        digest: DIGEST.into(),
        config: r#"{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"]}}"#.into(),
        rewritten: None,
    };
    Script {
        locals: [("dockerfile".to_owned(), manifest), ("context".to_owned(), files)].into(),
        images: [("docker.io/library/python:3.13-slim".to_owned(), image)].into(),
        ..Script::default()
    }
}

/// Options as the engine hands them over, `name=value`.
pub(crate) fn options(pairs: &[&str]) -> Options {
    let pairs = pairs
        .iter()
        .enumerate()
        .map(|(number, pair)| (format!("BUILDKIT_FRONTEND_OPT_{number}"), (*pair).to_owned()));
    let worker = r#"[{"id":"w","platforms":[{"architecture":"amd64","os":"linux"}]}]"#;
    let rest = [("BUILDKIT_SESSION_ID", "session"), ("BUILDKIT_WORKERS", worker)];
    let rest = rest.map(|(name, value)| (name.to_owned(), value.to_owned()));
    options::parse(pairs.chain(rest)).unwrap()
}

/// A finished build.
pub(crate) struct Build {
    pub(crate) code: ExitCode,
    pub(crate) calls: Vec<Call>,
}

/// Builds with these options, `name=value`.
pub(crate) async fn build(script: Script, pairs: &[&str]) -> Build {
    serve(script, Ok(options(pairs))).await
}

/// Serves a request until it ends by itself.
pub(crate) async fn serve(script: Script, options: Result<Options, String>) -> Build {
    let (fake, channel) = connected(script).await;
    let own = own_image(&fake);
    let code = tokio::time::timeout(LONG, layerset::frontend::serve(channel, options, own)).await.unwrap();
    Build { code, calls: fake.calls() }
}

/// The frontend's image, where steps of its own answer.
fn own_image(fake: &Fake) -> Option<OwnImage> {
    let mut graph = Graph::new();
    let image = graph.add(llb::Image::new("docker.io/layerset/frontend:1"), llb::Metadata::default());
    let definition = graph.definition(image);
    fake.has_answers().then(|| OwnImage { definition, program: "/layerset".into() })
}

/// A fake engine and the connection to it.
pub(crate) async fn connected(script: Script) -> (Fake, tonic::transport::Channel) {
    let fake = Fake::new(script);
    let (ours, its) = tokio::io::duplex(1 << 16);
    let engine = fake.clone();
    tokio::spawn(async move { engine.serve(its).await });
    (fake, layerset::gateway::connect(ours).await.unwrap())
}

impl Build {
    /// The one Return, which must be the last call.
    pub(crate) fn returned(&self) -> &gw::ReturnRequest {
        let count = self.calls.iter().filter(|call| matches!(call, Call::Return(_))).count();
        assert_eq!(count, 1, "{:?}", self.calls);
        match self.calls.last() {
            Some(Call::Return(request)) => request,
            other => panic!("{other:?} came after Return"),
        }
    }

    /// The result of a build that succeeded.
    pub(crate) fn result(&self) -> &gw::Result {
        let returned = self.returned();
        assert_eq!(returned.error, None);
        assert_eq!(self.code, ExitCode::SUCCESS);
        returned.result.as_ref().unwrap()
    }

    /// The error of a build that did not.
    pub(crate) fn error(&self) -> &rpc::Status {
        let returned = self.returned();
        assert_eq!(returned.result, None);
        returned.error.as_ref().unwrap()
    }

    pub(crate) fn solves(&self) -> Vec<&gw::SolveRequest> {
        let requests = self.calls.iter().map(|call| match call {
            Call::Solve(request) => Some(request),
            _ => None,
        });
        requests.flatten().collect()
    }

    /// The definition of the image: what was solved last, after every look at what it is built on.
    pub(crate) fn image(&self) -> pb::Definition {
        self.result();
        self.solves().last().and_then(|solve| solve.definition.clone()).unwrap()
    }

    /// The image's configuration.
    pub(crate) fn config(&self) -> serde_json::Value {
        serde_json::from_slice(&self.result().metadata["containerimage.config"]).unwrap()
    }
}

/// The kinds of a definition's ops, in order.
pub(crate) fn kinds(definition: &pb::Definition) -> Vec<&'static str> {
    Listing::of(definition).unwrap().ops.iter().map(|op| op.kind).collect()
}

/// The names of the ops that are done though their results are known.
pub(crate) fn ignoring_cache(definition: &pb::Definition) -> Vec<String> {
    let ops = Listing::of(definition).unwrap().ops;
    ops.into_iter().filter(|op| op.ignore_cache).filter_map(|op| op.name).collect()
}

/// The attributes of the local source `name` in a definition, with the op's bytes.
pub(crate) fn locals(definition: &pb::Definition, name: &str) -> Vec<pb::SourceOp> {
    let identifier = format!("local://{name}");
    let source = |op: pb::Op| match op.op {
        Some(pb::op::Op::Source(source)) if source.identifier == identifier => Some(source),
        _ => None,
    };
    ops(definition).into_iter().filter_map(source).collect()
}
