//! A command in a container.

use buildkit_proto::pb;

use crate::mount::Kind;
use crate::op::Draft;
use crate::{Edge, Mount, NetMode, Platform, ProxyEnv, SecurityMode, caps};

/// A command, in a container whose root is another op.
///
/// Nothing of the base image's configuration is applied by itself: give environment, user and
/// working directory.
#[derive(Clone, Debug)]
pub struct Exec {
    base: Option<Edge>,
    platform: Option<Platform>,
    readonly_root: bool,
    env: Vec<(String, String)>,
    meta: pb::Meta,
    mounts: Vec<Mount>,
    secret_env: Vec<pb::SecretEnv>,
    network: NetMode,
    security: SecurityMode,
}

impl Exec {
    /// On a base, or on scratch.
    pub fn new<S: Into<String>>(base: impl Into<Option<Edge>>, args: impl IntoIterator<Item = S>) -> Self {
        let meta = pb::Meta {
            args: args.into_iter().map(Into::into).collect(),
            cwd: "/".to_owned(),
            // Empty files and directories that mounts need are not left in the layer.
            remove_mount_stubs_recursive: true,
            ..pb::Meta::default()
        };
        Self {
            base: base.into(),
            platform: None,
            readonly_root: false,
            env: Vec::new(),
            meta,
            mounts: Vec::new(),
            secret_env: Vec::new(),
            network: NetMode::Unset,
            security: SecurityMode::Sandbox,
        }
    }

    /// The base's, unless said otherwise.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Sets a variable; one that was set before moves to the end.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.into()));
        self
    }

    /// The working directory; `/`, unless said otherwise.
    #[must_use]
    pub fn cwd(mut self, path: impl Into<String>) -> Self {
        self.meta.cwd = path.into();
        self
    }

    /// A name or number, with a group after a colon; root, unless said otherwise.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.meta.user = user.into();
        self
    }

    /// Mounts something, in the place of what was mounted there before.
    #[must_use]
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mounts.retain(|known| known.dest.is_empty() || known.dest != mount.dest);
        self.mounts.push(mount);
        self
    }

    /// A secret of the client as a variable.
    #[must_use]
    pub fn secret_env(mut self, name: impl Into<String>, id: impl Into<String>, optional: bool) -> Self {
        self.secret_env.push(pb::SecretEnv { id: id.into(), name: name.into(), optional });
        self
    }

    /// Which network it sees.
    #[must_use]
    pub fn network(mut self, network: NetMode) -> Self {
        self.network = network;
        self
    }

    /// Whether it is privileged, which the client has to allow.
    #[must_use]
    pub fn security(mut self, security: SecurityMode) -> Self {
        self.security = security;
        self
    }

    /// A line of `/etc/hosts`.
    #[must_use]
    pub fn extra_host(mut self, host: impl Into<String>, ip: impl Into<String>) -> Self {
        self.meta.extra_hosts.push(pb::HostIp { host: host.into(), ip: ip.into() });
        self
    }

    /// A limit by its name, for example `nofile`.
    #[must_use]
    pub fn ulimit(mut self, name: impl Into<String>, soft: i64, hard: i64) -> Self {
        self.meta.ulimit.push(pb::Ulimit { name: name.into(), soft, hard });
        self
    }

    /// The container's host name.
    #[must_use]
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.meta.hostname = name.into();
        self
    }

    /// The control group to run in.
    #[must_use]
    pub fn cgroup_parent(mut self, path: impl Into<String>) -> Self {
        self.meta.cgroup_parent = path.into();
        self
    }

    /// Proxies, which are no part of the cache key.
    #[must_use]
    pub fn proxy_env(mut self, proxy: ProxyEnv) -> Self {
        self.meta.proxy_env = Some(proxy);
        self
    }

    /// The root cannot be written, and is no output.
    #[must_use]
    pub fn readonly_root(mut self) -> Self {
        self.readonly_root = true;
        self
    }

    /// Exit codes that are no failure; 0, unless said otherwise.
    #[must_use]
    pub fn valid_exit_codes(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.meta.valid_exit_codes.extend(codes);
        self
    }

    /// The number of the output that a destination is, for [`Edge::output`]; the root is `/`.
    ///
    /// Outputs are numbered by destination, whatever the order of mounting, and only what can be
    /// written is one: a writable root is 0.
    pub fn output_of(&self, dest: &str) -> Option<u32> {
        let mut outputs: Vec<_> =
            self.mounts.iter().filter(|mount| mount.is_output()).map(|mount| mount.dest.as_str()).collect();
        if !self.readonly_root {
            outputs.push("/");
        }
        outputs.sort_unstable();
        let position = outputs.iter().position(|output| *output == dest)?;
        u32::try_from(position).ok()
    }

    pub(crate) fn draft(mut self, draft: &mut Draft<'_>) -> pb::ExecOp {
        self.record_caps(draft);
        let platform = self.platform.take().or_else(|| draft.platform_of(self.base));
        draft.platform(platform);

        let root = Mount::bind("/", self.base);
        let root = if self.readonly_root { root.readonly() } else { root };
        let (mut sorted, mut rest): (Vec<_>, Vec<_>) = self.mounts.into_iter().partition(Mount::is_sorted);
        sorted.insert(0, root);
        sorted.sort_by(|a, b| a.dest.cmp(&b.dest));
        // Then secrets, then sockets, each in their order.
        rest.sort_by_key(|mount| matches!(mount.kind, Kind::Ssh(_)));

        let sockets = rest.iter_mut().filter(|mount| matches!(mount.kind, Kind::Ssh(_)));
        let mut agent = None;
        for (number, socket) in sockets.enumerate() {
            if socket.dest.is_empty() {
                socket.dest = format!("/run/buildkit/ssh_agent.{number}");
            }
            agent.get_or_insert_with(|| socket.dest.clone());
        }
        if let Some(agent) = agent
            && !self.env.iter().any(|(name, _)| name == "SSH_AUTH_SOCK")
        {
            self.env.push(("SSH_AUTH_SOCK".to_owned(), agent));
        }
        self.meta.env = self.env.into_iter().map(|(name, value)| format!("{name}={value}")).collect();

        let mut outputs = 0;
        let mounts = sorted.into_iter().chain(rest).map(|mount| mount.into_pb(draft, &mut outputs)).collect();
        pb::ExecOp {
            meta: Some(self.meta),
            mounts,
            network: self.network.into(),
            security: self.security.into(),
            secretenv: self.secret_env,
        }
    }

    fn record_caps(&self, draft: &mut Draft<'_>) {
        draft.cap(caps::EXEC_META_BASE);
        if !self.secret_env.is_empty() {
            draft.cap(caps::EXEC_MOUNT_SECRET);
        }
        for (used, cap) in [
            (self.network != NetMode::Unset, caps::EXEC_META_NETWORK),
            (self.security != SecurityMode::Sandbox, caps::EXEC_META_SECURITY),
            (self.meta.proxy_env.is_some(), caps::EXEC_META_PROXY),
            (!self.meta.ulimit.is_empty(), caps::EXEC_META_ULIMIT),
            (!self.meta.cgroup_parent.is_empty(), caps::EXEC_META_CGROUP_PARENT),
            (!self.meta.valid_exit_codes.is_empty(), caps::EXEC_VALID_EXIT_CODE),
            (!self.secret_env.is_empty(), caps::EXEC_SECRET_ENV),
        ] {
            if used {
                draft.cap(cap);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use buildkit_proto::pb;
    use prost::Message as _;

    use crate::{Exec, Graph, Image, Metadata, Mount, Platform, Secret, Ssh};

    fn exec(graph: &mut Graph, exec: Exec) -> (pb::Op, pb::ExecOp) {
        let edge = graph.add(exec, Metadata::default());
        let op = pb::Op::decode(&graph.vertices[edge.vertex].bytes[..]).unwrap();
        match op.op.clone() {
            Some(pb::op::Op::Exec(exec)) => (op, exec),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn outputs_are_numbered_by_destination() {
        let step = Exec::new(None, ["true"])
            .mount(Mount::scratch("/z"))
            .mount(Mount::tmpfs("/c", 0))
            .mount(Mount::scratch("/b"))
            .mount(Mount::scratch("/a").readonly());
        assert_eq!(
            ["/", "/b", "/z", "/a", "/c"].map(|dest| step.output_of(dest)),
            [Some(0), Some(1), Some(2), None, None]
        );
        let (_, written) = exec(&mut Graph::new(), step.clone());
        let written: Vec<_> =
            written.mounts.iter().map(|mount| (mount.dest.as_str(), mount.output)).collect();
        assert_eq!(written, [("/", 0), ("/a", -1), ("/b", 1), ("/c", -1), ("/z", 2)]);
        assert_eq!(step.readonly_root().output_of("/b"), Some(0));
    }

    #[test]
    fn secrets_and_sockets_come_last() {
        let step = Exec::new(None, ["true"])
            .mount(Mount::ssh(Ssh::new("default")))
            .mount(Mount::secret("/a", Secret::new("token")))
            .mount(Mount::scratch("/b"));
        let (_, written) = exec(&mut Graph::new(), step);
        let order: Vec<_> = written.mounts.iter().map(|mount| mount.dest.as_str()).collect();
        assert_eq!(order, ["/", "/b", "/a", "/run/buildkit/ssh_agent.0"]);
        assert_eq!(written.meta.unwrap().env, ["SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0"]);
    }

    #[test]
    fn runs_on_the_platform_of_its_base() {
        let arm = Platform { os: "linux".into(), architecture: "arm64".into(), ..Platform::default() };
        let mut graph = Graph::new();
        let base = graph.add(Image::new("busybox").platform(arm.clone()), Metadata::default());
        let (op, _) = exec(&mut graph, Exec::new(base, ["true"]));
        assert_eq!(op.platform, Some(arm));
    }

    #[test]
    fn the_last_mount_of_a_place_is_there() {
        let step = Exec::new(None, ["true"]).mount(Mount::tmpfs("/a", 1)).mount(Mount::tmpfs("/a", 2));
        let (_, written) = exec(&mut Graph::new(), step);
        assert_eq!(written.mounts.len(), 2);
        assert_eq!(written.mounts[1].tmpfs_opt.as_ref().unwrap().size, 2);
    }

    #[test]
    fn a_variable_is_there_once_with_its_last_value() {
        let step = Exec::new(None, ["true"]).env("A", "1").env("B", "2").env("A", "3");
        let (_, written) = exec(&mut Graph::new(), step);
        assert_eq!(written.meta.unwrap().env, ["B=2", "A=3"]);
    }
}
