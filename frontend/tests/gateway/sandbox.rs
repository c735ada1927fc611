//! What steps get of the command line: the user's and those of our own that go to the network all, the others only
//! limits that are no part of an op.

use buildkit_proto::pb;
use prost::Message as _;
use serde_json::json;

use crate::fake::{Script, interpreter};
use crate::python::{execs, lock, python, warnings};
use crate::request::{Build, build, ignoring_cache, script};

const MANIFEST: &str = "\
stages:
  base: {from: 'python:3.13-slim', run: [make]}
services:
  api: {from: base, requirements: [req/base.txt, req/web.txt]}
";

const OPTIONS: [&str; 10] = [
    "target=api",
    "add-hosts=index.test=10.0.0.1",
    "ulimit=nofile=10:20",
    "shm-size=4096",
    "cgroup-parent=/ci",
    "hostname=builder",
    "build-arg:https_proxy=http://proxy.test",
    "force-network-mode=host",
    "memory=1000000",
    "cpuquota=50000",
];

fn packages() -> Script {
    let answer = json!({"lock": lock("py3-none-any")});
    python(MANIFEST, &[("interpreter.json", interpreter()), ("answer.json", answer)])
}

fn able(mut script: Script) -> Script {
    script.llb_caps.extend([
        "exec.meta.ulimit",
        "exec.meta.cgroup.parent",
        "exec.mount.tmpfs.size",
        "exec.meta.linux.resources",
    ]);
    script
}

/// Every program that was asked for, by its name or the word after it.
fn programs(build: &Build) -> Vec<(String, pb::ExecOp)> {
    let definitions = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
    let named = |exec: pb::ExecOp| {
        let args = &exec.meta.as_ref().unwrap().args;
        let word = args.last().filter(|word| *word == "make").or_else(|| args.get(1));
        (word.unwrap().clone(), exec)
    };
    definitions.flat_map(execs).map(named).collect()
}

#[tokio::test]
async fn steps_on_the_network_have_all_and_the_others_nothing() {
    let build = build(able(packages()), &OPTIONS).await;
    build.result();
    let programs = programs(&build);
    let names: Vec<&str> = programs.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["make", "probe", "resolve", "unwheel"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for (name, exec) in &programs {
        let meta = exec.meta.as_ref().unwrap();
        let all = matches!(name.as_str(), "make" | "resolve");
        assert_eq!(meta.hostname == "builder", all, "{name}");
        assert_eq!(meta.cgroup_parent == "/ci", all, "{name}");
        assert_eq!(meta.extra_hosts.len() + meta.ulimit.len(), if all { 2 } else { 0 }, "{name}");
        assert_eq!(meta.proxy_env.is_some(), all, "{name}");
        assert_eq!(exec.mounts.iter().any(|mount| mount.dest == "/dev/shm"), all, "{name}");
        let network = if all { pb::NetMode::Host } else { pb::NetMode::None };
        assert_eq!(exec.network, i32::from(network), "{name}");
    }
    for definition in build.solves().into_iter().filter_map(|solve| solve.definition.as_ref()) {
        for (digest, metadata) in &definition.metadata {
            let is_exec = definition.def.iter().any(|bytes| {
                buildkit_digest(bytes) == *digest
                    && matches!(pb::Op::decode(&bytes[..]).unwrap().op, Some(pb::op::Op::Exec(_)))
            });
            let limits = metadata.linux_resources.as_ref().map(|limits| (limits.memory, limits.cpu_quota));
            assert_eq!(limits, is_exec.then_some((1_000_000, 50_000)), "{metadata:?}");
        }
    }
}

fn buildkit_digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    format!("sha256:{:x}", sha2::Sha256::digest(bytes))
}

#[tokio::test]
async fn what_the_engine_lacks_is_left_out_with_a_warning() {
    let build = build(packages(), &OPTIONS).await;
    build.result();
    for (_, exec) in programs(&build) {
        let meta = exec.meta.unwrap();
        assert!(meta.ulimit.is_empty() && meta.cgroup_parent.is_empty());
        assert!(!exec.mounts.iter().any(|mount| mount.dest == "/dev/shm"));
    }
    let told = warnings(&build);
    let told: Vec<&String> = told.iter().filter(|told| told.starts_with("unsupported-option: ")).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[3].contains("a limit of memory or processors has no effect: this engine lacks"), "{told:?}");
}

#[tokio::test]
async fn a_build_without_cache_asks_the_index_again() {
    for option in ["no-cache=", "no-cache=api"] {
        let build = build(packages(), &["target=api", option]).await;
        build.result();
        let solved = build.solves().into_iter().filter_map(|solve| solve.definition.as_ref());
        let anew: Vec<String> = solved.flat_map(ignoring_cache).collect();
        assert!(anew.contains(&"[internal] resolve Python requirements".to_owned()), "{option}: {anew:?}");
        assert_eq!(anew.contains(&"[base] run make".to_owned()), option == "no-cache=", "{anew:?}");
    }
}

#[tokio::test]
async fn a_privileged_step_says_so() {
    let manifest = "\
stages:
  base:
    from: python:3.13-slim
    run:
      - {command: [mount], security: insecure}
services:
  api: {from: base}
";
    let build = build(script(manifest, &[]), &[]).await;
    let execs = execs(&build.image());
    assert_eq!(execs[0].security, i32::from(pb::SecurityMode::Insecure));
    // Whether it is allowed has to be known before the frontend goes.
    assert!(build.solves().last().unwrap().evaluate);
}
