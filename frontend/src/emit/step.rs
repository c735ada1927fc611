//! What every step gets of the command line, those of the manifest and those of our own alike. Hosts, limits and the
//! rest go to steps that may want them; a step that only moves files has none, so that it is the same in every build.

use buildkit_llb::{CacheSharing, Exec, LinuxResources, Metadata, Mount, NetMode, ProxyEnv};

use super::{Emitter, Settings};
use crate::manifest::model::Network;
use crate::options::{Resources, Sandbox};

impl Emitter<'_> {
    /// `exec` as the command line wants steps to run. `network` is what the step itself says.
    pub(super) fn sandboxed(&self, exec: Exec, network: Network) -> Exec {
        let sandbox = &self.input.settings.sandbox;
        let mut exec = exec.network(net_mode(network, sandbox));
        if !sandbox.proxies.is_empty() {
            exec = exec.proxy_env(proxy_env(sandbox));
        }
        for (name, address) in &sandbox.hosts {
            exec = exec.extra_host(name, address.to_string());
        }
        for limit in &sandbox.ulimits {
            exec = exec.ulimit(&limit.name, limit.soft, limit.hard);
        }
        if let Some(size) = sandbox.shm_size {
            exec = exec.mount(Mount::tmpfs("/dev/shm", size));
        }
        if let Some(parent) = &sandbox.cgroup_parent {
            exec = exec.cgroup_parent(parent);
        }
        if let Some(name) = &sandbox.hostname {
            exec = exec.hostname(name);
        }
        exec
    }

    /// A cache that a step keeps, in the namespace that the command line gives caches.
    pub(super) fn cache(&self, target: impl Into<String>, id: &str, sharing: CacheSharing) -> Mount {
        match &self.input.settings.sandbox.cache_namespace {
            Some(namespace) => Mount::cache(target, format!("{namespace}/{id}"), sharing),
            None => Mount::cache(target, id, sharing),
        }
    }

    /// Metadata of a step of `names`, stages and services: limited as the command line says, and built anew if it
    /// names one of them.
    pub(super) fn step_metadata<'n>(
        &self,
        metadata: Metadata,
        names: impl Iterator<Item = &'n str>,
    ) -> Metadata {
        let settings = self.input.settings;
        let metadata = limited(metadata, settings);
        if settings.is_built_anew(names) { metadata.ignore_cache() } else { metadata }
    }
}

/// With limits of memory and processors, if there are any: they are no part of the op.
pub(super) fn limited(metadata: Metadata, settings: &Settings) -> Metadata {
    let limits = &settings.sandbox.resources;
    if *limits == Resources::default() {
        return metadata;
    }
    metadata.linux_resources(LinuxResources {
        memory: limits.memory.unwrap_or_default(),
        memory_swap: limits.memory_swap.unwrap_or_default(),
        cpu_shares: limits.cpu_shares.unwrap_or_default(),
        cpu_period: limits.cpu_period.unwrap_or_default(),
        cpu_quota: limits.cpu_quota.unwrap_or_default(),
        cpuset_cpus: limits.cpuset_cpus.clone(),
        cpuset_mems: limits.cpuset_mems.clone(),
    })
}

fn net_mode(network: Network, sandbox: &Sandbox) -> NetMode {
    match (network, sandbox.network.as_deref()) {
        (Network::None, _) | (Network::Default, Some("none")) => NetMode::None,
        (Network::Host, _) | (Network::Default, Some("host")) => NetMode::Host,
        (Network::Default, _) => NetMode::Unset,
    }
}

fn proxy_env(sandbox: &Sandbox) -> ProxyEnv {
    let proxy = |name: &str| sandbox.proxies.get(name).cloned().unwrap_or_default();
    ProxyEnv {
        http_proxy: proxy("http_proxy"),
        https_proxy: proxy("https_proxy"),
        ftp_proxy: proxy("ftp_proxy"),
        no_proxy: proxy("no_proxy"),
        all_proxy: proxy("all_proxy"),
    }
}
