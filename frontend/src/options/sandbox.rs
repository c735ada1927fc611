//! What steps run in, as the command line says it: network, hosts and limits. An option that the engine lacks is
//! left out with a warning, since the same build has to work on it. Source: moby/buildkit `frontend/dockerui/attr.go`
//! (values), `solver/pb/caps.go` (caps).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::BadOption;

/// Names of limits, as docker/go-units knows them.
const LIMITS: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// What every step gets that may want it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// `--network` of all steps that do not say otherwise: `none`, `host` or `sandbox`.
    pub network: Option<String>,
    /// Proxy build arguments by their lower-case names, `http_proxy` …; they are no part of any cache key.
    pub proxies: BTreeMap<String, String>,
    /// `--add-host`: names, each with an address, in their order.
    pub hosts: Vec<(String, IpAddr)>,
    /// `--ulimit`.
    pub ulimits: Vec<Ulimit>,
    /// `--shm-size`: bytes of `/dev/shm`.
    pub shm_size: Option<u64>,
    /// `--cgroup-parent`.
    pub cgroup_parent: Option<String>,
    /// Name of the host that a step believes to be.
    pub hostname: Option<String>,
    /// What the ids of caches begin with.
    pub cache_namespace: Option<String>,
    /// Memory and processor time of each step; no part of any cache key.
    pub resources: Resources,
}

/// `NAME=SOFT[:HARD]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ulimit {
    /// `nofile`, `nproc` …
    pub name: String,
    /// What holds; -1 is no limit.
    pub soft: i64,
    /// How far a process may raise it; -1 is no limit.
    pub hard: i64,
}

/// Limits of a control group; `None` and empty: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Bytes.
    pub memory: Option<i64>,
    /// Bytes of memory and swap together, -1 for any.
    pub memory_swap: Option<i64>,
    /// Relative weight.
    pub cpu_shares: Option<u64>,
    /// Microseconds of a period.
    pub cpu_period: Option<u64>,
    /// Microseconds of processor time in a period.
    pub cpu_quota: Option<i64>,
    /// Processors, `0-3,5`.
    pub cpuset_cpus: String,
    /// Memory nodes, `0,1`.
    pub cpuset_mems: String,
}

impl Sandbox {
    /// Reads the options, each as the engine got it. `proxies` are those of the build arguments.
    pub(super) fn read(
        raw: &BTreeMap<String, String>,
        proxies: BTreeMap<String, String>,
    ) -> Result<Self, BadOption> {
        let text = |name: &str| raw.get(name).filter(|value| !value.is_empty());
        let network = text("force-network-mode");
        if let Some(mode) = network.filter(|mode| !matches!(mode.as_str(), "none" | "host" | "sandbox")) {
            return Err(BadOption::new("network", mode, "none, host or sandbox"));
        }
        let fields = |name| text(name).into_iter().flat_map(|list| list.split(','));
        let shm_size = text("shm-size")
            .map(|size| size.parse().map_err(|_| BadOption::new("shm-size", size, "a number of bytes")));
        Ok(Self {
            network: network.cloned(),
            proxies,
            hosts: fields("add-hosts").map(host).collect::<Result<_, _>>()?,
            ulimits: fields("ulimit").map(ulimit).collect::<Result<_, _>>()?,
            shm_size: shm_size.transpose()?.filter(|size| *size > 0),
            cgroup_parent: text("cgroup-parent").cloned(),
            // The build argument wins, as in a Dockerfile's build.
            hostname: text("build-arg:BUILDKIT_SANDBOX_HOSTNAME").or_else(|| text("hostname")).cloned(),
            cache_namespace: text("build-arg:BUILDKIT_CACHE_MOUNT_NS").cloned(),
            resources: Resources::read(raw)?,
        })
    }

    /// What an engine with some caps can do of it, and what is to be said of the rest.
    pub fn supported(&self, has: impl Fn(&str) -> bool) -> (Self, Vec<String>) {
        let mut kept = self.clone();
        let mut lacking = Vec::new();
        let mut lacks = |given: bool, cap: &str, option: &str, since: &str| {
            let lacks = given && !has(cap);
            if lacks {
                lacking.push(format!(
                    "{option} has no effect: this engine lacks {cap}, which came with BuildKit {since}"
                ));
            }
            lacks
        };
        if lacks(!self.ulimits.is_empty(), "exec.meta.ulimit", "--ulimit", "0.10") {
            kept.ulimits.clear();
        }
        if lacks(self.cgroup_parent.is_some(), "exec.meta.cgroup.parent", "--cgroup-parent", "0.10") {
            kept.cgroup_parent = None;
        }
        if lacks(self.shm_size.is_some(), "exec.mount.tmpfs.size", "--shm-size", "0.10") {
            kept.shm_size = None;
        }
        let limited = self.resources != Resources::default();
        if lacks(limited, "exec.meta.linux.resources", "a limit of memory or processors", "0.31") {
            kept.resources = Resources::default();
        }
        (kept, lacking)
    }
}

/// `NAME=ADDRESS`.
fn host(field: &str) -> Result<(String, IpAddr), BadOption> {
    let bad = || BadOption::new("add-hosts", field, "NAME=ADDRESS");
    let (name, address) = field.split_once('=').ok_or_else(bad)?;
    Ok((name.to_ascii_lowercase(), address.parse().map_err(|_| bad())?))
}

fn ulimit(field: &str) -> Result<Ulimit, BadOption> {
    let bad = || BadOption::new("ulimit", field, "NAME=SOFT[:HARD], for example nofile=1024:2048");
    let (name, values) = field.split_once('=').ok_or_else(bad)?;
    let (soft, hard) = values.split_once(':').unwrap_or((values, values));
    let (soft, hard) = (soft.parse().map_err(|_| bad())?, hard.parse().map_err(|_| bad())?);
    let higher = hard != -1 && (soft == -1 || soft > hard);
    if higher || !LIMITS.contains(&name) {
        return Err(bad());
    }
    Ok(Ulimit { name: name.to_owned(), soft, hard })
}

impl Resources {
    fn read(raw: &BTreeMap<String, String>) -> Result<Self, BadOption> {
        let text = |name: &str| raw.get(name).filter(|value| !value.is_empty());
        let set = |name: &'static str| match text(name) {
            Some(value) if !is_set(value) => {
                Err(BadOption::new(name, value, "numbers and ranges, for example 0-3,5"))
            }
            value => Ok(value.cloned().unwrap_or_default()),
        };
        let count = |name| number(raw, name, |value| value > 0, "a number above 0");
        let unsigned = |name| Ok(count(name)?.and_then(|value| u64::try_from(value).ok()));
        Ok(Self {
            memory: count("memory")?,
            memory_swap: number(raw, "memswap", |value| value > 0 || value == -1, "bytes, or -1 for any")?,
            cpu_shares: unsigned("cpushares")?,
            cpu_period: unsigned("cpuperiod")?,
            cpu_quota: count("cpuquota")?,
            cpuset_cpus: set("cpusetcpus")?,
            cpuset_mems: set("cpusetmems")?,
        })
    }
}

fn number(
    raw: &BTreeMap<String, String>,
    name: &'static str,
    fine: impl Fn(i64) -> bool,
    expected: &'static str,
) -> Result<Option<i64>, BadOption> {
    let Some(text) = raw.get(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = text.parse().ok().filter(|value| fine(*value));
    value.map(Some).ok_or_else(|| BadOption::new(name, text, expected))
}

/// Numbers and ranges with commas between them.
fn is_set(text: &str) -> bool {
    text.split(',').all(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        matches!((first.parse::<u32>(), last.parse::<u32>()), (Ok(first), Ok(last)) if first <= last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Sandbox, String> {
        let raw = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sandbox::read(&raw, BTreeMap::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn values_as_buildx_sends_them() {
        let sandbox = read(&[
            ("add-hosts", "Db=10.0.0.1,db=::1"),
            ("ulimit", "nofile=1024:2048,core=-1:-1"),
            ("shm-size", "67108864"),
            ("cgroup-parent", "/ci"),
            ("force-network-mode", "none"),
            ("hostname", "a"),
            ("build-arg:BUILDKIT_SANDBOX_HOSTNAME", "b"),
            ("memory", "1048576"),
            ("memswap", "-1"),
            ("cpusetcpus", "0-3,5"),
        ])
        .unwrap();
        let hosts: Vec<String> = sandbox.hosts.iter().map(|(name, ip)| format!("{name} {ip}")).collect();
        assert_eq!(hosts, ["db 10.0.0.1", "db ::1"]);
        let limit = |name: &str, soft, hard| Ulimit { name: name.into(), soft, hard };
        assert_eq!(sandbox.ulimits, [limit("nofile", 1024, 2048), limit("core", -1, -1)]);
        assert_eq!((sandbox.shm_size, sandbox.hostname.as_deref()), (Some(64 << 20), Some("b")));
        assert_eq!((sandbox.resources.memory, sandbox.resources.memory_swap), (Some(1 << 20), Some(-1)));
        assert_eq!(read(&[("shm-size", "0"), ("memory", "")]), Ok(Sandbox::default()));
    }

    #[test]
    fn values_that_mean_nothing() {
        for (name, value) in [
            ("add-hosts", "db"),
            ("add-hosts", "db=nowhere"),
            ("ulimit", "nofile"),
            ("ulimit", "nofile=2:1"),
            ("ulimit", "nofile=-1:1"),
            ("ulimit", "files=1"),
            ("shm-size", "64m"),
            ("memory", "0"),
            ("memswap", "-2"),
            ("cpushares", "-1"),
            ("cpuquota", "a lot"),
            ("cpusetcpus", "3-1"),
            ("cpusetmems", "0,"),
        ] {
            let told = read(&[(name, value)]).unwrap_err();
            assert!(told.starts_with(&format!("option {name}: found {value:?}, expected ")), "{told}");
        }
        let told = read(&[("force-network-mode", "bridge")]).unwrap_err();
        assert_eq!(told, "option network: found \"bridge\", expected none, host or sandbox");
    }

    #[test]
    fn an_engine_that_lacks_something_is_told_of() {
        let asked =
            read(&[("ulimit", "nproc=9"), ("memory", "9"), ("shm-size", "9"), ("cgroup-parent", "/x")]);
        let asked = asked.unwrap();
        assert_eq!(asked.supported(|_| true), (asked.clone(), Vec::new()));
        let (kept, lacking) = asked.supported(|cap| cap == "exec.meta.ulimit");
        assert_eq!(kept, read(&[("ulimit", "nproc=9")]).unwrap());
        assert_eq!(lacking.len(), 3);
        assert_eq!(
            lacking[0],
            "--cgroup-parent has no effect: this engine lacks exec.meta.cgroup.parent, which came with BuildKit 0.10"
        );
        assert_eq!(Sandbox::default().supported(|_| false), (Sandbox::default(), Vec::new()));
    }
}
