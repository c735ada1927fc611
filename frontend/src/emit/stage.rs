//! Build stages: base, Debian packages, layers, then the steps.

use buildkit_llb as llb;
use buildkit_llb::{CacheSharing, Exec, Metadata, Mount, NetMode, ProxyEnv};

use super::{Built, Emitter};
use crate::manifest::model::{Cache, Command, Network, Run, Secret, Sharing};
use crate::options::NoCache;
use crate::plan::StageChain;

/// Installs its arguments. A constant: package names travel as arguments, never as text. The lists
/// and archives live in cache mounts, so that they are no part of the layer.
const APT: &str = "set -e\n\
    apt-get update\n\
    exec apt-get install -y --no-install-recommends -o APT::Keep-Downloaded-Packages=true -- \"$@\"";

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
            .mount(Mount::cache("/var/cache/apt", "layerset-apt-archives", CacheSharing::Locked))
            .mount(Mount::cache("/var/lib/apt/lists", "layerset-apt-lists", CacheSharing::Locked));
        let metadata = self.step_metadata(name, shown.clone(), stage.apt_span);
        built.edge = Some(self.graph.add(exec, metadata));
        built.config.layer_history(shown);
    }

    fn run(&mut self, name: &str, run: &Run, shown: &str, built: &mut Built) {
        let argv = match &run.command {
            Command::Argv(argv) => argv.clone(),
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
        for secret in &run.secrets {
            exec = add_secret(exec, secret);
        }
        for (index, id) in run.ssh.iter().enumerate() {
            let dest = format!("/run/buildkit/ssh_agent.{index}");
            exec = exec.mount(Mount::ssh(llb::Ssh { dest, ..llb::Ssh::new(&id.value) }));
        }
        if !run.ssh.is_empty() {
            exec = exec.env("SSH_AUTH_SOCK", "/run/buildkit/ssh_agent.0");
        }
        for cache in &run.cache {
            exec = exec.mount(cache_mount(cache));
        }
        let shown = format!("[{name}] run {shown}");
        let metadata = self.step_metadata(name, shown.clone(), run.span);
        built.edge = Some(self.graph.add(exec, metadata));
        built.config.layer_history(shown);
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
        let proxy = |name: &str| self.input.settings.proxies.get(name).cloned().unwrap_or_default();
        if !self.input.settings.proxies.is_empty() {
            exec = exec.proxy_env(ProxyEnv {
                http_proxy: proxy("http_proxy"),
                https_proxy: proxy("https_proxy"),
                ftp_proxy: proxy("ftp_proxy"),
                no_proxy: proxy("no_proxy"),
                all_proxy: proxy("all_proxy"),
            });
        }
        exec.network(match (network, self.input.settings.network.as_deref()) {
            (Network::None, _) | (Network::Default, Some("none")) => NetMode::None,
            (Network::Host, _) | (Network::Default, Some("host")) => NetMode::Host,
            (Network::Default, _) => NetMode::Unset,
        })
    }

    fn step_metadata(&self, stage: &str, shown: String, span: crate::diagnostic::Span) -> Metadata {
        let ignore = match &self.input.settings.no_cache {
            NoCache::Nothing => false,
            NoCache::All => true,
            NoCache::Named(names) => names.contains(stage),
        };
        let metadata = self.metadata(shown, &[span]);
        if ignore { metadata.ignore_cache() } else { metadata }
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

fn cache_mount(cache: &Cache) -> Mount {
    let sharing = match cache.sharing {
        Sharing::Shared => CacheSharing::Shared,
        Sharing::Private => CacheSharing::Private,
        Sharing::Locked => CacheSharing::Locked,
    };
    Mount::cache(&cache.target, cache.id.as_deref().unwrap_or(&cache.target), sharing)
}
