//! A gateway that answers from a script and writes down what it was asked. It speaks the real wire,
//! HTTP/2 and protobuf, over any stream; behind it nothing is built.

mod call;
mod interpreter;
mod process;
mod script;
mod service;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use buildkit_proto::gateway::llb_bridge_server::LlbBridgeServer;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

pub(crate) use call::{Call, ops};
pub(crate) use interpreter::interpreter;
pub(crate) use process::start;
pub(crate) use script::{Files, Image, Reaction, Script};

/// What a message may be, as in `BuildKit`.
const MESSAGE_LIMIT: usize = 16 << 20;

/// The fake engine; clones are the same engine.
#[derive(Clone)]
pub(crate) struct Fake {
    script: Arc<Script>,
    state: Arc<Mutex<State>>,
    hang_up: Arc<Notify>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    /// What each ref stands for: its number is its place here, from 1.
    refs: Vec<script::Stands>,
}

impl Fake {
    pub(crate) fn new(script: Script) -> Self {
        Self { script: Arc::new(script), state: Arc::default(), hang_up: Arc::default() }
    }

    /// Serves one connection until either side has enough.
    pub(crate) async fn serve<S>(&self, stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = LlbBridgeServer::new(self.clone())
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let builder = auto::Builder::new(TokioExecutor::new()).http2_only();
        let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::select! {
            ended = served => ended.map_err(io::Error::other),
            () = self.hang_up.notified() => Ok(()),
        }
    }

    /// Whether steps answer here.
    pub(crate) fn has_answers(&self) -> bool {
        !self.script.answers.is_empty()
    }

    /// Everything it was asked so far, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
