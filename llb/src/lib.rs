//! BuildKit's LLB: ops in a content-addressed graph, and the definitions made of them.
//!
//! A [`Graph`] is an arena. [`Graph::add`] turns an op (an [`Image`], a [`Local`], an [`Exec`], a
//! [`File`], ...) into a vertex and gives back an [`Edge`] for the next op to stand on; scratch is
//! `None`. Ops of equal bytes are one vertex. [`Graph::definition`] marshals what an edge needs.
//!
//! ```
//! use buildkit_llb::{Copy, Exec, File, Graph, Image, Local, Metadata};
//!
//! let mut graph = Graph::new();
//! let base = graph.add(Image::new("docker.io/library/alpine:3"), Metadata::default());
//! let context = graph.add(Local::new("context"), Metadata::default());
//! let sources = Copy { from: Some(context), src: "/src".into(), dest: "/src".into(), ..Copy::default() };
//! let copied = graph.add(File::on(base).copy(sources), Metadata::named("copy the sources"));
//! let built = graph.add(Exec::new(copied, ["make"]).cwd("/src"), Metadata::named("make"));
//! let definition = graph.definition(built);
//! assert_eq!(definition.def.len(), 5);
//! ```

pub mod caps;
mod copy;
mod definition;
mod exec;
mod file;
mod graph;
mod import;
pub mod listing;
mod merge;
mod metadata;
mod mount;
mod op;
mod source;

pub use buildkit_proto::pb::{
    CacheSharingOpt as CacheSharing, Definition, LinuxResources, MountContentCache as ContentCache, NetMode,
    Platform, ProxyEnv, SecurityMode,
};
pub use copy::Copy;
pub use exec::Exec;
pub use file::{File, Mkdir, Mkfile, Owner, Rm, Symlink, User};
pub use graph::{Edge, Graph};
pub use import::ImportError;
pub use merge::{Diff, Merge};
pub use metadata::{Metadata, Position, Range, SourceId};
pub use mount::{Mount, Secret, Ssh};
pub use op::Op;
pub use source::{Differ, Git, Http, Image, Local, OciLayout, ResolveMode};
