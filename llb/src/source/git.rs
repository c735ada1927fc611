//! A commit of a git repository.

use buildkit_proto::pb;

use super::Attrs;
use crate::caps;
use crate::op::Draft;

/// A commit of a git repository, checked out.
///
/// The secrets `GIT_AUTH_TOKEN` and `GIT_AUTH_HEADER` are used if the client has them; naming
/// others makes an engine that cannot use them refuse.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are BuildKit's, each on its own")]
pub struct Git {
    url: String,
    reference: String,
    subdir: String,
    checksum: String,
    keep_git_dir: bool,
    skip_submodules: bool,
    fetch_by_commit: bool,
    checkout_bundle: bool,
    mtime: String,
    bundle: String,
    bundle_store: (String, String),
    auth_token_secret: Option<String>,
    auth_header_secret: Option<String>,
    known_ssh_hosts: String,
    mount_ssh_sock: String,
}

impl Git {
    /// A URL, or `user@host:path`; what follows a `#` is taken for `ref:subdir`.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let (url, fragment) = url.split_once('#').unwrap_or((&url, ""));
        let (reference, subdir) = fragment.split_once(':').unwrap_or((fragment, ""));
        Self { url: url.to_owned(), reference: reference.to_owned(), ..Self::default() }.subdir(subdir)
    }

    /// A branch, tag or commit.
    #[must_use]
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = reference.into();
        self
    }

    /// Only this directory.
    #[must_use]
    pub fn subdir(mut self, subdir: impl AsRef<str>) -> Self {
        self.subdir = clean(subdir.as_ref());
        self
    }

    /// The commit that the reference must turn out to be.
    #[must_use]
    pub fn checksum(mut self, commit: impl Into<String>) -> Self {
        self.checksum = commit.into();
        self
    }

    /// Keeps `.git`.
    #[must_use]
    pub fn keep_git_dir(mut self) -> Self {
        self.keep_git_dir = true;
        self
    }

    /// Leaves submodules out.
    #[must_use]
    pub fn skip_submodules(mut self) -> Self {
        self.skip_submodules = true;
        self
    }

    /// Fetches the checksum's commit without asking what the reference is by now.
    #[must_use]
    pub fn fetch_by_commit(mut self) -> Self {
        self.fetch_by_commit = true;
        self
    }

    /// Times of the files: `checkout` or `commit`.
    #[must_use]
    pub fn mtime(mut self, policy: impl Into<String>) -> Self {
        self.mtime = policy.into();
        self
    }

    /// Imports a git bundle of a registry or OCI layout instead of asking the repository.
    #[must_use]
    pub fn bundle(mut self, locator: impl Into<String>) -> Self {
        self.bundle = locator.into();
        self
    }

    /// The session and store of a bundle in an OCI layout.
    #[must_use]
    pub fn bundle_store(mut self, session: impl Into<String>, store: impl Into<String>) -> Self {
        self.bundle_store = (session.into(), store.into());
        self
    }

    /// Gives a git bundle instead of files.
    #[must_use]
    pub fn checkout_bundle(mut self) -> Self {
        self.checkout_bundle = true;
        self
    }

    /// The secret that holds a token.
    #[must_use]
    pub fn auth_token_secret(mut self, id: impl Into<String>) -> Self {
        self.auth_token_secret = Some(id.into());
        self
    }

    /// The secret that holds the value of the Authorization header.
    #[must_use]
    pub fn auth_header_secret(mut self, id: impl Into<String>) -> Self {
        self.auth_header_secret = Some(id.into());
        self
    }

    /// Host keys for ssh, as in a `known_hosts` file.
    #[must_use]
    pub fn known_ssh_hosts(mut self, keys: impl Into<String>) -> Self {
        self.known_ssh_hosts = keys.into();
        self
    }

    /// The ssh agent to use; `default`, unless said otherwise.
    #[must_use]
    pub fn mount_ssh_sock(mut self, id: impl Into<String>) -> Self {
        self.mount_ssh_sock = id.into();
        self
    }

    pub(crate) fn draft(self, draft: &mut Draft<'_>) -> pb::SourceOp {
        draft.cap(caps::SOURCE_GIT);
        let remote = Remote::of(&self.url);
        let mut identifier = format!("git://{}", remote.place);
        if !self.reference.is_empty() || !self.subdir.is_empty() {
            identifier = format!("{identifier}#{}", self.reference);
        }
        if !self.subdir.is_empty() {
            identifier = format!("{identifier}:{}", self.subdir);
            draft.cap(caps::SOURCE_GIT_SUBDIR);
        }

        let mut attrs = Attrs::default();
        if self.auth_token_secret.is_some() || self.auth_header_secret.is_some() {
            draft.cap(caps::SOURCE_GIT_HTTP_AUTH);
        }
        let token = self.auth_token_secret.unwrap_or_else(|| "GIT_AUTH_TOKEN".to_owned());
        attrs.set("git.authtokensecret", token);
        let header = self.auth_header_secret.unwrap_or_else(|| "GIT_AUTH_HEADER".to_owned());
        attrs.set("git.authheadersecret", header);
        attrs.set("oci.session", self.bundle_store.0);
        attrs.set("oci.store", self.bundle_store.1);

        let flag = |value: bool| if value { "true".to_owned() } else { String::new() };
        for (key, value, cap) in [
            ("git.fullurl", remote.url, caps::SOURCE_GIT_FULL_URL),
            ("git.checksum", self.checksum, caps::SOURCE_GIT_CHECKSUM),
            ("git.keepgitdir", flag(self.keep_git_dir), caps::SOURCE_GIT_KEEP_DIR),
            ("git.skipsubmodules", flag(self.skip_submodules), caps::SOURCE_GIT_SKIP_SUBMODULES),
            ("git.fetchbycommit", flag(self.fetch_by_commit), caps::SOURCE_GIT_FETCH_BY_COMMIT),
            ("git.checkoutbundle", flag(self.checkout_bundle), caps::SOURCE_GIT_CHECKOUT_BUNDLE),
            ("git.mtime", self.mtime, caps::SOURCE_GIT_MTIME),
            ("git.bundle", self.bundle, caps::SOURCE_GIT_BUNDLE),
        ] {
            if attrs.set(key, value) {
                draft.cap(cap);
            }
        }

        if remote.ssh {
            attrs.set("git.knownsshhosts", self.known_ssh_hosts);
            draft.cap(caps::SOURCE_GIT_KNOWN_SSH_HOSTS);
            let sock = self.mount_ssh_sock;
            attrs.set("git.mountsshsock", if sock.is_empty() { "default".to_owned() } else { sock });
            draft.cap(caps::SOURCE_GIT_MOUNT_SSH_SOCK);
        }
        attrs.into_op(identifier)
    }
}

/// A repository's address, as git is given it and without what differs between protocols.
#[derive(Debug, PartialEq, Eq)]
struct Remote {
    url: String,
    /// Host and path: the same over ssh as over https.
    place: String,
    ssh: bool,
}

impl Remote {
    fn of(url: &str) -> Self {
        let url = url.split_once('?').map_or(url, |(url, _)| url);
        if let Some((scheme, rest)) = url.split_once("://") {
            let ssh = scheme.eq_ignore_ascii_case("ssh");
            return Self {
                url: url.to_owned(),
                place: place(rest.split_once('/').unwrap_or((rest, ""))),
                ssh,
            };
        }
        if let Some((login, path)) = url.split_once(':')
            && login.contains('@')
        {
            return Self { url: url.to_owned(), place: place((login, path)), ssh: true };
        }
        Self::of(&format!("https://{url}"))
    }
}

fn place((authority, path): (&str, &str)) -> String {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{host}/{}", clean(path))
}

/// A path without empty, `.` and `..` components, and without a slash at either end.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::Remote;
    use crate::{Git, Graph, Metadata};
    use buildkit_proto::pb;
    use prost::Message as _;

    fn source(git: Git) -> pb::SourceOp {
        let mut graph = Graph::new();
        let edge = graph.add(git, Metadata::default());
        match pb::Op::decode(&graph.vertices[edge.vertex].bytes[..]).unwrap().op {
            Some(pb::op::Op::Source(source)) => source,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_place_whatever_the_protocol() {
        for (url, full, ssh) in [
            ("https://github.com/a/b.git", "https://github.com/a/b.git", false),
            ("https://me:x@github.com//a/./b.git?x=y", "https://me:x@github.com//a/./b.git", false),
            ("github.com/a/b.git", "https://github.com/a/b.git", false),
            ("git@github.com:a/b.git", "git@github.com:a/b.git", true),
            ("ssh://git@github.com/a/b.git", "ssh://git@github.com/a/b.git", true),
        ] {
            let place = "github.com/a/b.git".to_owned();
            assert_eq!(Remote::of(url), Remote { url: full.to_owned(), place, ssh });
        }
    }

    #[test]
    fn the_fragment_is_a_reference_and_a_directory() {
        let identifier = |url: &str| source(Git::new(url)).identifier;
        assert_eq!(identifier("https://h/r.git"), "git://h/r.git");
        assert_eq!(identifier("https://h/r.git#v1"), "git://h/r.git#v1");
        assert_eq!(identifier("https://h/r.git#v1:/a/../b/"), "git://h/r.git#v1:b");
        assert_eq!(identifier("https://h/r.git#:b"), "git://h/r.git#:b");
    }

    #[test]
    fn ssh_needs_an_agent_and_https_does_not() {
        assert_eq!(source(Git::new("git@h:r")).attrs["git.mountsshsock"], "default");
        assert!(!source(Git::new("https://h/r")).attrs.contains_key("git.mountsshsock"));
    }
}
