//! Networks and privileges of steps, and what a build has to be allowed.

use super::{Step, of_step, refused, seen};

/// Network devices of a step, but those of containers that run beside it: they come and go.
const DEVICES: &str = "ls /sys/class/net | grep -v ^veth | sort";

fn step<'a>(keys: &'a str, flags: &'a str) -> Step<'a> {
    Step { keys, flags, command: DEVICES, args: &[] }
}

#[test]
fn no_network_for_the_whole_build() {
    assert_eq!(seen(step("", ""), &["--network=none"]), "lo\n");
}

#[test]
fn the_hosts_network_for_the_whole_build() {
    let (host, own) = (seen(step("", ""), &["--network=host"]), seen(step("", ""), &["--network=default"]));
    assert!(host.contains("docker0") && !own.contains("docker0"), "{host}, {own}");
}

#[test]
fn no_network_for_a_step() {
    assert_eq!(seen(step("network: none", "--network=none"), &[]), "lo\n");
    // What the step says wins over the command line.
    assert_eq!(seen(step("network: none", "--network=none"), &["--network=host"]), "lo\n");
}

#[test]
fn the_hosts_network_for_a_step() {
    let devices = seen(step("network: host", "--network=host"), &["--allow=network.host"]);
    assert!(devices.contains("docker0"), "{devices}");
}

#[test]
fn the_hosts_network_has_to_be_allowed() {
    let told = refused(&of_step(step("network: host", "--network=host")), &["--target=it"]);
    assert!(told.theirs.contains("network.host is not allowed"), "{}", told.theirs);
    let place = "layerset.yaml:7:21: the command has \"network: host\", which this build does not allow";
    assert!(told.ours.contains(place), "{}", told.ours);
    assert!(told.ours.contains("docker buildx build --allow network.host"), "{}", told.ours);
}

#[test]
fn all_privileges_have_to_be_allowed() {
    // The Dockerfile frontend of this engine does not know the flag yet.
    let project = of_step(step("security: insecure", ""));
    let build = super::command(&project, "layerset.yaml", &["--target=it"]).env("BUILDKIT_PROGRESS", "plain");
    let told = build.run().unwrap();
    assert!(!told.success());
    let place = "layerset.yaml:7:21: the command has \"security: insecure\", which this build does not allow";
    assert!(told.stderr.contains(place), "{}", told.stderr);
    assert!(told.stderr.contains("docker buildx build --allow security.insecure"), "{}", told.stderr);
}
