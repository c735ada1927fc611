//! The wire: HTTP/2 over stdio to the engine's `LLBBridge`, its calls, and the one Return at the end.
//! Knows protobuf and definitions, nothing of manifests or plans.

mod client;
mod files;
mod memo;
mod message;
mod own_image;
mod transport;

pub use client::{Capabilities, Client, Ref, ResolvedSource, rpc_status};
pub use own_image::own_image;
pub use transport::{connect, stdio};
