//! What an exec sees besides its root.

use buildkit_proto::pb;

use crate::op::{Draft, NONE};
use crate::{CacheSharing, ContentCache, Edge, caps};

/// Something mounted into an exec.
#[derive(Clone, Debug)]
pub struct Mount {
    pub(crate) dest: String,
    source: Option<Edge>,
    selector: String,
    readonly: bool,
    no_output: bool,
    content_cache: ContentCache,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Bind,
    Cache { id: String, sharing: CacheSharing },
    Tmpfs { size: i64 },
    Secret(Secret),
    Ssh(Ssh),
}

/// A secret of the client, as a file.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The client's name for it.
    pub id: String,
    /// Who the file belongs to.
    pub uid: u32,
    /// The group it belongs to.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// Runs without the file when the client lacks the secret.
    pub optional: bool,
}

impl Secret {
    /// Needed, and readable by root only.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), uid: 0, gid: 0, mode: 0o400, optional: false }
    }
}

/// An ssh agent of the client, as a socket.
#[derive(Clone, Debug)]
pub struct Ssh {
    /// The client's name for it.
    pub id: String,
    /// Where the socket is; `/run/buildkit/ssh_agent.N` when empty.
    pub dest: String,
    /// Who the socket belongs to.
    pub uid: u32,
    /// The group it belongs to.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// Runs without the socket when the client lacks the agent.
    pub optional: bool,
}

impl Ssh {
    /// Needed, and for root only.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), dest: String::new(), uid: 0, gid: 0, mode: 0o600, optional: false }
    }
}

impl Mount {
    /// Another op's files, writable; what is written is an output of the exec.
    pub fn bind(dest: impl Into<String>, source: impl Into<Option<Edge>>) -> Self {
        Self {
            dest: dest.into(),
            source: source.into(),
            selector: String::new(),
            readonly: false,
            no_output: false,
            content_cache: ContentCache::Default,
            kind: Kind::Bind,
        }
    }

    /// An empty directory, whose contents are an output of the exec.
    pub fn scratch(dest: impl Into<String>) -> Self {
        Self::bind(dest, None)
    }

    /// A directory that stays from build to build.
    pub fn cache(dest: impl Into<String>, id: impl Into<String>, sharing: CacheSharing) -> Self {
        Self::of(dest, Kind::Cache { id: id.into(), sharing })
    }

    /// A directory in memory; size 0 is the worker's limit.
    pub fn tmpfs(dest: impl Into<String>, size: u64) -> Self {
        Self::of(dest, Kind::Tmpfs { size: i64::try_from(size).unwrap_or(i64::MAX) })
    }

    /// A secret as a file.
    pub fn secret(dest: impl Into<String>, secret: Secret) -> Self {
        Self::of(dest, Kind::Secret(secret))
    }

    /// An ssh agent's socket.
    pub fn ssh(ssh: Ssh) -> Self {
        Self::of(ssh.dest.clone(), Kind::Ssh(ssh))
    }

    fn of(dest: impl Into<String>, kind: Kind) -> Self {
        Self { kind, ..Self::bind(dest, None) }
    }

    /// What a cache starts with.
    #[must_use]
    pub fn from(mut self, source: impl Into<Option<Edge>>) -> Self {
        self.source = source.into();
        self
    }

    /// Only this path of the source.
    #[must_use]
    pub fn selector(mut self, path: impl Into<String>) -> Self {
        self.selector = path.into();
        self
    }

    /// Cannot be written, and is no output.
    #[must_use]
    pub fn readonly(mut self) -> Self {
        self.readonly = true;
        self
    }

    /// Can be written, and what is written is thrown away.
    #[must_use]
    pub fn no_output(mut self) -> Self {
        self.no_output = true;
        self
    }

    /// Whether the exec's cache key is made of what a read-only bind holds.
    #[must_use]
    pub fn content_cache(mut self, content_cache: ContentCache) -> Self {
        self.content_cache = content_cache;
        self
    }

    /// Whether it is one of the exec's outputs.
    pub(crate) fn is_output(&self) -> bool {
        matches!(self.kind, Kind::Bind) && !self.readonly && !self.no_output
    }

    /// BuildKit sorts these by destination and puts secrets and sockets behind them.
    pub(crate) fn is_sorted(&self) -> bool {
        matches!(self.kind, Kind::Bind | Kind::Cache { .. } | Kind::Tmpfs { .. })
    }

    pub(crate) fn into_pb(self, draft: &mut Draft<'_>, outputs: &mut i64) -> pb::Mount {
        if !self.selector.is_empty() {
            draft.cap(caps::EXEC_MOUNT_SELECTOR);
        }
        if self.content_cache != ContentCache::Default {
            draft.cap(caps::EXEC_MOUNT_CONTENT_CACHE);
        }
        let output = if self.is_output() {
            *outputs += 1;
            *outputs - 1
        } else {
            NONE
        };
        let mut mount = pb::Mount {
            input: draft.input(self.source),
            selector: self.selector,
            dest: self.dest,
            output,
            readonly: self.readonly,
            content_cache: self.content_cache.into(),
            ..pb::Mount::default()
        };
        match self.kind {
            Kind::Bind => {
                if self.source.is_some() {
                    draft.cap(caps::EXEC_MOUNT_BIND);
                }
                if self.no_output && !self.readonly {
                    draft.cap(caps::EXEC_MOUNT_BIND_NO_OUTPUT);
                }
            }
            Kind::Cache { id, sharing } => {
                draft.cap(caps::EXEC_MOUNT_CACHE);
                draft.cap(caps::EXEC_MOUNT_CACHE_SHARING);
                mount.set_mount_type(pb::MountType::Cache);
                mount.cache_opt = Some(pb::CacheOpt { id, sharing: sharing.into() });
            }
            Kind::Tmpfs { size } => {
                draft.cap(caps::EXEC_MOUNT_TMPFS);
                if size > 0 {
                    draft.cap(caps::EXEC_MOUNT_TMPFS_SIZE);
                }
                mount.set_mount_type(pb::MountType::Tmpfs);
                mount.tmpfs_opt = Some(pb::TmpfsOpt { size });
            }
            // No output, but written with number 0: so does BuildKit's own client, and digests are of its bytes.
            Kind::Secret(Secret { id, uid, gid, mode, optional }) => {
                draft.cap(caps::EXEC_MOUNT_SECRET);
                mount.output = 0;
                mount.set_mount_type(pb::MountType::Secret);
                mount.secret_opt = Some(pb::SecretOpt { id, uid, gid, mode, optional });
            }
            Kind::Ssh(Ssh { id, dest: _, uid, gid, mode, optional }) => {
                draft.cap(caps::EXEC_MOUNT_SSH);
                mount.output = 0;
                mount.set_mount_type(pb::MountType::Ssh);
                mount.ssh_opt = Some(pb::SshOpt { id, uid, gid, mode, optional });
            }
        }
        mount
    }
}
