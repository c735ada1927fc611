//! Clients and frontends that die in the middle: the engine stays usable and the next build of the project is right.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use harness::project::unique;
use harness::run;
use harness::{Docker, Engine, Project};

use crate::support::{containerd, ok, syntax, wait_for};

/// Large enough for its transfer to be met on its way.
const BIG: u64 = 200 << 20;

fn build(engine: &Engine, project: &Project) -> Docker {
    engine.docker(&["buildx", "build", "--file=layerset.yaml", "."]).current_dir(project.path())
}

/// Numbers of processes that `wanted` says yes to, by their number.
fn processes(wanted: impl Fn(u32) -> bool) -> Vec<u32> {
    let entries =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    entries.filter(|pid| wanted(*pid)).collect()
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn command_line(pid: u32) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).replace('\0', " ")
}

fn signal(name: &str, pid: u32) {
    run::succeeds(run::command("sh").arg("-c").arg(format!("kill -{name} {pid}")));
}

/// Kills a client as a crash does: `docker`, and the plugin that it has started.
fn kill(mut client: Child) {
    for plugin in processes(|pid| parent(pid) == Some(client.id())) {
        signal("KILL", plugin);
    }
    client.kill().unwrap();
    assert!(!client.wait().unwrap().success());
}

/// Reads a client's progress up to a line.
fn read_until(client: &mut Child, found: impl Fn(&str) -> bool) -> String {
    let mut read = String::new();
    for line in BufReader::new(client.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        read += &line;
        read.push('\n');
        if found(&line) {
            return read;
        }
    }
    panic!("the build ended before: {read}");
}

#[test]
fn a_client_killed_in_a_step_leaves_nothing_behind() {
    let engine = containerd();
    let stamp = unique().unwrap();
    let project = Project::new("killed").unwrap();
    let body = format!(
        "stages:\n  base:\n    from: busybox:1.37\n    run:\n      \
         - echo one > /result; echo begun {stamp}; sleep 4; echo two >> /result\n\
         services: {{api: {{from: base, files: [own.txt], command: [cat, /result, /own.txt]}}}}\n"
    );
    project.write("layerset.yaml", syntax() + &body).unwrap().write("own.txt", "own\n").unwrap();

    let begun = format!("begun {stamp}");
    let mut client = build(engine, &project).spawn().unwrap();
    read_until(&mut client, |line| line.ends_with(&begun) && !line.contains("echo"));
    let steps =
        || processes(|pid| command_line(pid).contains(&begun) && command_line(pid).starts_with("/bin/sh"));
    // On a machine whose Docker is elsewhere there is nothing to see.
    assert!(!engine.is_private() || !steps().is_empty(), "the step is at work");
    kill(client);
    let killed = Instant::now();
    wait_for("the end of the step", || steps().is_empty().then_some(()));
    assert!(killed.elapsed() < Duration::from_secs(30));

    // The interrupted step is done from its beginning.
    let tag = format!("interrupted/{stamp}");
    ok(build(engine, &project).arg(format!("--tag={tag}")));
    assert_eq!(ok(engine.docker(&["run", "--rm", &tag])).stdout, "one\ntwo\nown\n");
    ok(engine.docker(&["image", "rm", &tag]));
}

/// A project whose context takes some time to be sent, and what its image must print.
fn large(stamp: &str) -> Project {
    let project = Project::new("large").unwrap();
    let body = format!(
        "args: {{STAMP: {stamp}}}\nservices: {{api: {{from: busybox:1.37, files: [data/], labels: {{stamp: \"${{STAMP}}\"}}, \
         command: [sh, -c, 'stat -c %s /data/big; cat /data/own.txt']}}}}\n"
    );
    project.write("layerset.yaml", syntax() + &body).unwrap().write("data/own.txt", stamp).unwrap();
    // Of holes: no disk here, and every byte on the wire.
    File::create(project.path().join("data/big")).unwrap().set_len(BIG).unwrap();
    project
}

fn is_right(engine: &Engine, project: &Project, stamp: &str) {
    let tag = format!("interrupted/{stamp}");
    ok(build(engine, project).arg(format!("--tag={tag}")));
    assert_eq!(ok(engine.docker(&["run", "--rm", &tag])).stdout, format!("{BIG}\n{stamp}"));
    ok(engine.docker(&["image", "rm", &tag]));
}

#[test]
fn a_client_killed_while_it_sends_can_send_again() {
    let engine = containerd();
    let stamp = unique().unwrap();
    let project = large(&stamp);
    let mut client = build(engine, &project).spawn().unwrap();
    // The manifest and the ignore file are sent too, but they are small.
    let read = read_until(&mut client, |line| line.contains("transferring context: ") && line.contains("MB"));
    kill(client);
    assert!(!read.contains("merge"), "nothing was built yet: {read}");
    is_right(engine, &project, &stamp);
}

#[test]
fn a_killed_frontend_fails_its_build_and_no_other() {
    // Somebody else's Docker may be on a machine of its own, where its processes are not seen from here.
    let engine = Engine::private().unwrap().with_frontend().unwrap();
    let stamp = unique().unwrap();
    let project = large(&stamp);
    // An option of this build, by which its frontend is known among those of other builds.
    let own = format!("label:killed={stamp}");
    let is_ours = |pid: u32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "layerset")
            && fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|env| String::from_utf8_lossy(&env).contains(&own))
    };
    let client = build(engine, &project).arg(format!("--label=killed={stamp}")).spawn().unwrap();
    let start = Instant::now();
    let frontend = loop {
        if let Some(pid) = processes(is_ours).first() {
            break *pid;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no frontend was seen");
        std::thread::sleep(Duration::from_millis(2));
    };
    // First held, so that it cannot end well before it is killed.
    signal("STOP", frontend);
    std::thread::sleep(Duration::from_millis(300));
    assert!(is_ours(frontend), "the frontend is held in the middle of its work");
    signal("KILL", frontend);

    let killed = Instant::now();
    let output = client.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{told}");
    assert!(killed.elapsed() < Duration::from_secs(20), "the client is not left waiting: {told}");
    assert!(told.contains("ERROR: "), "{told}");
    assert!(processes(is_ours).is_empty());
    is_right(engine, &project, &stamp);
}
