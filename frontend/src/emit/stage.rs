//! Build stages: base, Debian packages, layers, then the steps.

use buildkit_llb as llb;
use buildkit_llb::{CacheSharing, Edge, Exec, File, Metadata, Mkdir, Mkfile, Mount, Owner, SecurityMode};

use super::{Built, Emitter, FILE_TIME};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::model::{
    self, Cache, Command, Mounted, Network, Owned, Run, Secret, Security, Sharing, Ssh,
};
use crate::plan::StageChain;

/// Installs its arguments. A constant: package names travel as arguments, never as text. The lists
/// and archives live in cache mounts, so that they are no part of the layer.
const APT: &str = "set -e\n\
    apt-get update\n\
    exec apt-get install -y --no-install-recommends -o APT::Keep-Downloaded-Packages=true -- \"$@\"";

/// Where a script that names its interpreter is seen.
const SCRIPT: &str = "/dev/layerset-script";

/// The directory that a cache with an owner begins as.
const CACHE: &str = "/cache";

impl Emitter<'_> {
    /// The stage `name`, once, however often it is asked for.
    pub(super) fn stage(&mut self, name: &str) -> Built {
        if let Some(built) = self.stages.get(name) {
            return built.clone();
        }
        let plan = self.input.plan;
        let Some(stage) = plan.stages.get(name) else {
            return Built::default();
        };
        let mut built = self.stage_base(name);
        built = self.add_layers(built, &stage.chain, name);
        for (run, shown) in stage.steps.iter().zip(&stage.run) {
            self.run(name, run, shown, &mut built);
        }
        self.stages.insert(name.to_owned(), built.clone());
        built
    }

    /// A stage before its layers: its base, and its packages on that.
    pub(super) fn stage_base(&mut self, name: &str) -> Built {
        let plan = self.input.plan;
        let Some(stage) = plan.stages.get(name) else {
            return Built::default();
        };
        let mut built = self.built_base(&stage.chain.base, stage.chain.base_span, &stage.config);
        built.platform.clone_from(&stage.platform);
        if !stage.apt.is_empty() {
            self.apt(name, stage, &mut built);
        }
        built
    }

    fn apt(&mut self, name: &str, stage: &StageChain, built: &mut Built) {
        let shown = format!("[{name}] apt {}", stage.apt.join(" "));
        let mut argv: Vec<String> = ["/bin/sh", "-c", APT, "apt"].map(str::to_owned).to_vec();
        argv.extend(stage.apt.iter().cloned());
        let environment = vec!["DEBIAN_FRONTEND=noninteractive".to_owned()];
        let exec = self
            .exec(built, argv, &environment, Network::Default)
            .user("root")
            .cwd("/")
            .mount(self.cache("/var/cache/apt", "layerset-apt-archives", CacheSharing::Locked))
            .mount(self.cache("/var/lib/apt/lists", "layerset-apt-lists", CacheSharing::Locked));
        let metadata = self.step(name, shown.clone(), stage.apt_span);
        built.edge = Some(self.graph.add(exec, metadata));
        built.config.layer_history(shown);
    }

    fn run(&mut self, name: &str, run: &Run, shown: &str, built: &mut Built) {
        let argv = match &run.command {
            Command::Argv(argv) => argv.clone(),
            Command::Shell(text) if text.starts_with("#!") => vec![SCRIPT.to_owned()],
            Command::Shell(text) => {
                let shell = built.config.config.shell.clone();
                let mut argv = shell.unwrap_or_else(|| vec!["/bin/sh".into(), "-c".into()]);
                argv.push(text.clone());
                argv
            }
        };
        // As in a Dockerfile, the environment wins over an argument of the same name.
        let set =
            |name: &str| built.config.config.env.iter().any(|entry| entry.split('=').next() == Some(name));
        let arguments = run.args.iter().filter(|(name, _)| !set(name));
        let arguments: Vec<String> = arguments.map(|(name, value)| format!("{name}={value}")).collect();
        let mut exec = self.exec(built, argv, &arguments, run.network);
        if let Command::Shell(text) = &run.command
            && text.starts_with("#!")
        {
            exec = exec.mount(self.script(text));
        }
        for secret in &run.secrets {
            exec = add_secret(exec, secret);
        }
        for (index, ssh) in run.ssh.iter().enumerate() {
            let dest = ssh.target.clone().unwrap_or_else(|| format!("/run/buildkit/ssh_agent.{index}"));
            // What is called so is the socket of the first.
            if index == 0 {
                exec = exec.env("SSH_AUTH_SOCK", &dest);
            }
            exec = exec.mount(agent(ssh, dest));
        }
        for cache in &run.cache {
            let id = cache.id.as_deref().unwrap_or(&cache.target);
            let mount = self.cache(&cache.target, id, sharing(cache));
            exec = exec.mount(match cache.owned {
                Some(owned) => mount.from(self.owned_directory(owned)).selector(CACHE),
                None => mount,
            });
        }
        for mount in &run.mounts {
            exec = exec.mount(self.mounted(mount, built));
        }
        if run.security == Security::Insecure {
            exec = exec.security(SecurityMode::Insecure);
        }
        let shown = format!("[{name}] run {shown}");
        let metadata = self.step(name, shown.clone(), run.span);
        built.edge = Some(self.graph.add(exec, metadata));
        built.config.layer_history(shown);
    }

    /// An empty directory for a cache to begin with: a cache that is there keeps its own owner.
    fn owned_directory(&mut self, owned: Owned) -> Edge {
        let empty = Mkdir {
            mode: owned.mode,
            owner: Some(Owner::ids(owned.uid, owned.gid)),
            timestamp: Some(FILE_TIME),
            ..Mkdir::new(CACHE)
        };
        let metadata = Metadata::named("[internal] make a directory for a cache");
        self.graph.add(File::on(None).mkdir(empty), metadata)
    }

    /// What a step mounts. Unlike BuildKit's own default, what is written to it is no output.
    fn mounted(&mut self, mount: &model::Mount, built: &Built) -> Mount {
        let target = if mount.target.starts_with('/') {
            mount.target.clone()
        } else {
            let path = format!("{}/{}", built.config.working_dir().trim_end_matches('/'), mount.target);
            path.trim_end_matches('/').to_owned()
        };
        if target.is_empty() {
            let message = "found a mount on the working directory, which is \"/\"";
            let hint = "give the stage a working_dir, or write where the command sees it";
            self.problems.push(Diagnostic::error("invalid-path", mount.span, message).hint(hint));
        }
        let bind = |edge: Option<Edge>, path: &str, writable: bool| {
            let bind = Mount::bind(&target, edge);
            let bind = if path.is_empty() { bind } else { bind.selector(format!("/{path}")) };
            if writable { bind.no_output() } else { bind.readonly() }
        };
        match &mount.what {
            Mounted::Context { selection, writable } => {
                bind(Some(self.context()), &selection.source, *writable)
            }
            Mounted::From { copy, writable } => {
                let from = self.base(&copy.from.value, copy.from.span);
                bind(from, copy.source.trim_matches('/'), *writable)
            }
            Mounted::Tmpfs { size } => Mount::tmpfs(target, *size),
        }
    }

    /// A script with an interpreter of its own, as a file that only its step sees.
    fn script(&mut self, text: &str) -> Mount {
        let file = Mkfile { mode: 0o755, timestamp: Some(FILE_TIME), ..Mkfile::new("/script", text) };
        let made = self.graph.add(File::on(None).mkfile(file), Metadata::named("[internal] write a script"));
        Mount::bind(SCRIPT, made).selector("/script").readonly()
    }

    /// A process in the stage as built so far, with its environment, user and directory.
    fn exec(&self, built: &Built, argv: Vec<String>, environment: &[String], network: Network) -> Exec {
        let config = &built.config.config;
        let mut exec = Exec::new(built.edge, argv).platform(self.platform_or(built.platform.as_ref()));
        for entry in config.env.iter().chain(environment) {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            exec = exec.env(name, value);
        }
        exec = exec.cwd(built.config.working_dir());
        if !config.user.is_empty() {
            exec = exec.user(&config.user);
        }
        self.sandboxed(exec, network)
    }

    fn step(&self, stage: &str, shown: String, span: Span) -> Metadata {
        self.step_metadata(self.metadata(shown, &[span]), std::iter::once(stage))
    }
}

fn add_secret(exec: Exec, secret: &Secret) -> Exec {
    let exec = match &secret.target {
        Some(target) => exec.mount(Mount::secret(
            target,
            llb::Secret {
                uid: secret.uid,
                gid: secret.gid,
                mode: secret.mode,
                optional: !secret.required,
                ..llb::Secret::new(&secret.id)
            },
        )),
        None => exec,
    };
    match &secret.environment {
        Some(name) => exec.secret_env(name, &secret.id, !secret.required),
        None => exec,
    }
}

fn agent(ssh: &Ssh, dest: String) -> Mount {
    let Ssh { uid, gid, mode, required, .. } = *ssh;
    Mount::ssh(llb::Ssh { id: ssh.id.clone(), dest, uid, gid, mode, optional: !required })
}

fn sharing(cache: &Cache) -> CacheSharing {
    match cache.sharing {
        Sharing::Shared => CacheSharing::Shared,
        Sharing::Private => CacheSharing::Private,
        Sharing::Locked => CacheSharing::Locked,
    }
}
