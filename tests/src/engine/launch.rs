//! Starting and stopping private engines.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Flavour;
use crate::error::{Doing, Error, Result};
use crate::place::{Place, workspace};
use crate::process::PidFile;
use crate::root::Release;
use crate::step::step;
use crate::{registry, run, settings};

const ENTER: &str = include_str!("enter.sh");

const ROOTLESS: &str = include_str!("rootless.sh");

/// Where an engine and its containers find the host's 127.0.0.1: an address for benchmarks (RFC 2544), as pasta's others.
pub(super) const HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 54, 1);

/// A daemon is up in a second; a busy machine may need longer.
const START_LIMIT: Duration = Duration::from_secs(90);

/// The daemon gives its containers 3 seconds, then needs some itself.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// What is known of an engine without starting it.
#[derive(Debug)]
pub struct Status {
    /// The engine's name, or `registry`.
    pub name: String,
    /// The process, if it runs.
    pub pid: Option<u32>,
}

/// Starts the engine, unless it runs as it is wanted; returns its `DOCKER_HOST`. The caller holds the lock.
pub(super) fn up(
    place: &Place,
    name: &str,
    (release, flavour): (Release, Flavour),
    registry_port: u16,
    wipe: bool,
) -> Result<String> {
    let dir = place.engine(name);
    fs::create_dir_all(&dir).doing_to("make", &dir)?;
    let host = format!("unix://{}", dir.join("docker.sock").display());
    let daemon = daemon_json(name, flavour);
    let launch = format!("{release}\n{daemon}\n{registry_port}\n{ENTER}{ROOTLESS}");
    let launched = dir.join("launch");
    let as_wanted = fs::read_to_string(&launched).is_ok_and(|text| text == launch);
    if as_wanted && !wipe && pid_file(&dir).running().is_some() && answers(&dir) {
        return Ok(host);
    }
    stop(&dir, name)?;
    step(&format!("start engine {name} ({flavour} store, {release})"), || {
        if wipe {
            wipe_data(&dir)?;
        }
        for (file, content) in [("launch", &launch), ("daemon.json", &daemon.to_string())] {
            let path = dir.join(file);
            fs::write(&path, content).doing_to("write", &path)?;
        }
        start(place, (release, flavour), &dir, (name, registry_port))
    })?;
    Ok(host)
}

/// The `DOCKER_CONFIG` of an engine and a command line's release: its own, since buildx keeps its choice of builder there.
pub(super) fn config(place: &Place, name: &str, release: Release) -> Result<PathBuf> {
    let config = place.engine(name).join(match release {
        Release::Today => "config",
        Release::Older => "config-older",
    });
    fs::create_dir_all(&config).doing_to("make", &config)?;
    let plugins = config.join("cli-plugins");
    if plugins.symlink_metadata().is_err() {
        // Relative, so that a checkout can be moved.
        let cli = place.cli_of(release);
        let from = Path::new("../../..").join(cli.file_name().unwrap_or_default()).join("cli-plugins");
        symlink(from, &plugins).doing_to("link", &plugins)?;
    }
    Ok(config)
}

/// Stops an engine; nothing happens if it does not run.
pub fn down(place: &Place, name: &str) -> Result<()> {
    let dir = place.engine(name);
    if pid_file(&dir).running().is_none() {
        return stop(&dir, name);
    }
    step(&format!("stop engine {name}"), || stop(&dir, name))
}

/// Stops all engines of this checkout, and the registry.
pub fn down_all(place: &Place) -> Result<()> {
    for name in place.engines() {
        down(place, &name)?;
    }
    registry::down(place)
}

/// What runs.
pub fn status(place: &Place) -> Vec<Status> {
    let engine = |name: String| Status { pid: pid_file(&place.engine(&name)).running(), name };
    let mut all: Vec<Status> = place.engines().into_iter().map(engine).collect();
    all.push(Status { name: "registry".to_owned(), pid: registry::pid_file(place).running() });
    all
}

fn start(
    place: &Place,
    (release, flavour): (Release, Flavour),
    dir: &Path,
    (name, registry_port): (&str, u16),
) -> Result<()> {
    for (sub, stale) in [("data", None), ("", Some("docker.sock")), ("", Some("pid"))] {
        match stale {
            None => fs::create_dir_all(dir.join(sub)).doing_to("make", &dir.join(sub))?,
            Some(file) => drop(fs::remove_file(dir.join(file))),
        }
    }
    let (script, rootless) = (dir.join("enter.sh"), dir.join("rootless.sh"));
    for (path, text) in [(&script, ENTER), (&rootless, ROOTLESS)] {
        fs::write(path, text).doing_to("write", path)?;
    }
    let log = dir.join("log");
    let output = File::create(&log).doing_to("write", &log)?;
    let errors = output.try_clone().doing_to("write", &log)?;
    let ports = ephemeral_ports(name);
    // setsid forks and returns: the engine must not die with the terminal, nor stay as this program's zombie.
    let mut command = run::command("setsid");
    command.args(["--fork", "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "sh"]);
    command.arg(&script).arg(place.root_of(release)).arg(dir).arg(workspace());
    command.arg(registry_port.to_string()).arg(format!("{} {}", ports.start(), ports.end()));
    command.arg(HOST.to_string()).arg(published_ports(release)).arg(flavour.to_string());
    let status = command.stdout(output).stderr(errors).current_dir("/").status().doing("run setsid")?;
    if !status.success() {
        return Err(Error::new(format!("engine {name} did not start, {}", run::tail_of(&log))));
    }
    wait_until_up(dir, name)
}

/// What pasta is told of the ports that containers publish.
fn published_ports(release: Release) -> &'static str {
    match release {
        Release::Today => "127.0.0.1/auto",
        // Its pasta follows ports on all addresses or on none, and the host's own are not for containers to take.
        Release::Older => "none",
    }
}

fn wait_until_up(dir: &Path, name: &str) -> Result<()> {
    let start = Instant::now();
    loop {
        if answers(dir) {
            return Ok(());
        }
        // The pid file comes within moments; who is gone after that will not come back.
        let ended = start.elapsed() > Duration::from_secs(3) && pid_file(dir).running().is_none();
        if ended || start.elapsed() > START_LIMIT {
            return Err(Error::new(format!(
                "engine {name} did not come up, {}",
                run::tail_of(&dir.join("log"))
            )));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn answers(dir: &Path) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(dir.join("docker.sock"))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.ends_with("OK"))
}

fn stop(dir: &Path, name: &str) -> Result<()> {
    // Process 1 of the namespace takes everything with it: containers, mounts, the network.
    pid_file(dir).stop(STOP_PATIENCE)?;
    let _ = fs::remove_file(dir.join("docker.sock"));
    remove_cgroups(Path::new("/sys/fs/cgroup"), &cgroup(name));
    Ok(())
}

fn pid_file(dir: &Path) -> PidFile {
    PidFile::new(dir.join("pid"))
}

fn cgroup(name: &str) -> String {
    format!("layerset-{name}")
}

/// Removes the empty control groups that containers leave: one tree, or one per controller on older machines.
fn remove_cgroups(mounts: &Path, group: &str) {
    let controllers = fs::read_dir(mounts).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    for dir in std::iter::once(mounts.to_owned()).chain(controllers) {
        remove_empty(&dir.join(group));
    }
}

fn remove_empty(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    // A group with processes stays, as it must.
    let _ = fs::remove_dir(dir);
}

/// Empties an engine. A large store takes many seconds to remove, which nobody needs to wait for.
fn wipe_data(dir: &Path) -> Result<()> {
    let (data, trash) = (dir.join("data"), dir.join("trash"));
    fs::create_dir_all(&trash).doing_to("make", &trash)?;
    if data.exists() {
        let number = fs::read_dir(&trash).doing_to("read", &trash)?.count();
        let gone = trash.join(format!("{}-{number}", std::process::id()));
        fs::rename(&data, &gone).doing_to("put away", &data)?;
    }
    let mut remove = run::command("setsid");
    remove.args(["--fork", "rm", "-rf", "--"]).arg(&trash);
    if run::succeeds(&mut remove) {
        Ok(())
    } else {
        Err(Error::new(format!("cannot clear {}", trash.display())))
    }
}

/// Ports below Linux's own ephemeral range, a thousand for each engine.
fn ephemeral_ports(name: &str) -> std::ops::RangeInclusive<u16> {
    let thousand = match name {
        "main" => 21,
        "graphdriver" => 22,
        "second" => 23,
        _ => 24 + name.bytes().fold(0, |sum, byte| (sum + u16::from(byte)) % 8),
    };
    thousand * 1000..=thousand * 1000 + 999
}

fn daemon_json(name: &str, flavour: Flavour) -> Value {
    let rootless = flavour == Flavour::Rootless;
    let run = if rootless { "/run/user/1000" } else { "/run" };
    let mut daemon = json!({
        "data-root": "/engine/data",
        "exec-root": format!("{run}/docker"),
        "pidfile": format!("{run}/docker.pid"),
        "hosts": ["unix:///engine/docker.sock"],
        "features": { "containerd-snapshotter": flavour != Flavour::Graphdriver },
        "bip": "10.214.0.1/24",
        "default-address-pools": [{ "base": "10.215.0.0/16", "size": 24 }],
        "shutdown-timeout": 3,
    });
    // After each build an engine looks at all that it has built before, and tests build hundreds of times.
    if settings::keeps_all() {
        daemon["builder"] = json!({ "gc": { "enabled": false } });
    }
    // Control groups are root's.
    if !rootless {
        daemon["cgroup-parent"] = format!("/{}", cgroup(name)).into();
    }
    daemon
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_of_other_names_share_no_ports() {
        let (main, second) = (ephemeral_ports("main"), ephemeral_ports("second"));
        assert!(main.end() < second.start() || second.end() < main.start());
        assert!(*ephemeral_ports("another").end() < 32768, "Linux picks from there itself");
    }
}
