//! The build context: one vertex for all targets, wherever it comes from.

use buildkit_llb::{Copy, Edge, File, Git, Graph, Http, Local, Metadata, Mkdir};
use buildkit_proto::pb;
use sha2::{Digest as _, Sha256};

use super::{Emitter, FILE_TIME};
use crate::plan::{ContextPlan, escape_pattern};
use crate::remote::{Repository, shown};

/// Hint under which the engine keeps the transferred context between builds. Ours alone: shared with
/// the Dockerfile frontend, each would delete from it what the other had sent.
const CONTEXT_HINT: &str = "layerset-context";

/// What the engine calls a file that it fetches.
pub const DOWNLOAD: &str = "context";

/// Where the build context is.
#[derive(Clone, Debug, PartialEq)]
pub enum ContextSource {
    /// A directory of the client, which sends what the manifest selects.
    Local {
        /// Name of the local source.
        name: String,
        /// Session that holds it.
        session: String,
    },
    /// What the engine fetches or has: a repository, an archive, the result of another target.
    Remote(pb::Definition),
}

impl ContextSource {
    /// The definition of the context alone, to look into it before anything is built from it.
    pub fn definition(&self, context: &ContextPlan) -> pb::Definition {
        let mut graph = Graph::new();
        let edge = self.add(&mut graph, context);
        graph.definition(edge)
    }

    /// Some of its files, also those that `.dockerignore` excludes. What is not there is left out.
    pub fn files<'a>(&self, paths: impl IntoIterator<Item = &'a String>) -> pb::Definition {
        let metadata = Metadata::named("[internal] load Python requirements");
        let mut graph = Graph::new();
        let edge = match self {
            Self::Local { name, session } => {
                let files: Vec<&str> = paths.into_iter().map(String::as_str).collect();
                // For each set of files its own: what comes under one hint replaces what came before. What has not
                // changed is not sent again; a lock is the largest file that a build reads.
                let hint = format!("layerset-python-{:x}", Sha256::digest(files.join("\n")));
                let local = Local::new(name).session(session).follow_paths(files).shared_key_hint(hint);
                graph.add(local, metadata)
            }
            // Only these: a step on the whole would run again with every change of any file.
            Self::Remote(definition) => {
                let from = Some(import(&mut graph, definition));
                let copy = |op: File, path: &String| {
                    op.copy(Copy {
                        from,
                        src: format!("/{}", escape_pattern(path)),
                        dest: format!("/{path}"),
                        follow_symlinks: true,
                        create_dest_path: true,
                        allow_wildcard: true,
                        allow_empty_wildcard: true,
                        timestamp: Some(FILE_TIME),
                        ..Copy::default()
                    })
                };
                graph.add(paths.into_iter().fold(File::on(None), copy), metadata)
            }
        };
        graph.definition(edge)
    }

    /// A commit of a repository.
    pub fn git(repository: &Repository) -> Self {
        let mut graph = Graph::new();
        let name = format!("[internal] load git source {}", shown(&repository.url));
        let edge = graph.add(git(repository), Metadata::named(name));
        Self::Remote(graph.definition(edge))
    }

    /// A file behind http(s), alone in a directory as [`DOWNLOAD`].
    pub fn http(url: &str) -> Self {
        let mut graph = Graph::new();
        let edge = graph.add(http(url), Metadata::named("[internal] load remote build context"));
        Self::Remote(graph.definition(edge))
    }

    /// What is in the archive that a file of [`Self::http`] is.
    #[must_use]
    pub fn unpacked(&self) -> Self {
        self.changed(|graph, edge| {
            graph.add(unpack(edge), Metadata::named("[internal] unpack build context"))
        })
    }

    /// One of its directories.
    #[must_use]
    pub fn below(&self, directory: &str) -> Self {
        self.changed(|graph, edge| {
            let copy = Copy {
                from: Some(edge),
                src: format!("/{directory}"),
                dest: "/".into(),
                dir_contents_only: true,
                timestamp: Some(FILE_TIME),
                ..Copy::default()
            };
            let name = format!("[internal] take {directory} of the build context");
            graph.add(File::on(None).copy(copy), Metadata::named(name))
        })
    }

    /// A directory of the client is left as it is: there nothing has to be changed on the engine.
    fn changed(&self, change: impl FnOnce(&mut Graph, Edge) -> Edge) -> Self {
        let Self::Remote(definition) = self else { return self.clone() };
        let mut graph = Graph::new();
        let edge = import(&mut graph, definition);
        let edge = change(&mut graph, edge);
        Self::Remote(graph.definition(edge))
    }

    /// The context without what `.dockerignore` excludes: the same vertex in every target.
    fn add(&self, graph: &mut Graph, context: &ContextPlan) -> Edge {
        match self {
            Self::Local { name, session } => {
                let local = Local::new(name)
                    .session(session)
                    .include(context.include.clone())
                    .follow_paths(context.follow.clone())
                    .exclude(context.exclude.clone())
                    .shared_key_hint(CONTEXT_HINT);
                graph.add(local, Metadata::named("[internal] load build context"))
            }
            Self::Remote(definition) => {
                let whole = import(graph, definition);
                // Nothing has to be sent, so that without exclusions there is nothing to select either.
                if context.exclude.is_empty() || context.unused {
                    return whole;
                }
                let copy = Copy {
                    from: Some(whole),
                    src: "/".into(),
                    dest: "/".into(),
                    dir_contents_only: true,
                    timestamp: Some(FILE_TIME),
                    include_patterns: context.include.clone(),
                    exclude_patterns: context.exclude.clone(),
                    ..Copy::default()
                };
                let metadata = Metadata::named("[internal] apply .dockerignore to the build context");
                graph.add(File::on(None).copy(copy), metadata)
            }
        }
    }
}

/// A repository's commit.
pub(super) fn git(repository: &Repository) -> Git {
    let mut git = Git::new(&repository.url)
        .reference(&repository.reference)
        .subdir(&repository.subdir)
        .checksum(&repository.checksum)
        .mtime(&repository.mtime);
    if repository.keep_git_dir {
        git = git.keep_git_dir();
    }
    if repository.skip_submodules {
        git = git.skip_submodules();
    }
    if repository.fetch_by_commit {
        git = git.fetch_by_commit();
    }
    git
}

/// A file behind http(s), called [`DOWNLOAD`].
pub(super) fn http(url: &str) -> Http {
    Http::new(url).filename(DOWNLOAD)
}

/// What is in the archive that a download is; a file that is no archive as it is.
pub(super) fn unpack(download: Edge) -> File {
    File::on(None).copy(Copy {
        from: Some(download),
        src: format!("/{DOWNLOAD}"),
        dest: "/".into(),
        attempt_unpack: true,
        timestamp: Some(FILE_TIME),
        ..Copy::default()
    })
}

/// Whoever gives a definition has read it before. One of nothing is an empty directory.
fn import(graph: &mut Graph, definition: &pb::Definition) -> Edge {
    let edge = graph.import(definition).ok().flatten();
    edge.unwrap_or_else(|| {
        let root = Mkdir { parents: true, timestamp: Some(FILE_TIME), ..Mkdir::new("/") };
        graph.add(File::on(None).mkdir(root), Metadata::default())
    })
}

impl Emitter<'_> {
    /// The build context: one vertex for all targets, however little of it this one needs.
    pub(super) fn context(&mut self) -> Edge {
        if let Some(edge) = self.context {
            return edge;
        }
        let edge = self.input.settings.context.add(&mut self.graph, &self.input.plan.context);
        self.context = Some(edge);
        edge
    }
}
