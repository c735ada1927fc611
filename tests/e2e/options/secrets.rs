//! Secrets, agents and caches of steps.

use harness::project::unique;

use super::{Step, of_step, refused, seen, seen_in};
use crate::steps::serve_agent;

/// A step that prints a secret backwards, so that no log has it.
const FILE: Step<'static> = Step {
    keys: "secrets: [token]",
    flags: "--mount=type=secret,id=token,required=true",
    command: "rev /run/secrets/token; stat -c '%a %u:%g' /run/secrets/token",
    args: &[],
};

#[test]
fn a_secret_from_a_file() {
    let project = of_step(FILE);
    project.write("token.txt", "abc").unwrap();
    assert_eq!(seen_in(&project, &["--secret=id=token,src=token.txt"]), "cba400 0:0\n");
}

#[test]
fn a_secret_from_the_environment() {
    let project = of_step(FILE);
    let printed = super::both(&project, &["--secret=id=token,env=TOKEN", "--target=it"], |docker| {
        crate::support::progress(docker.env("TOKEN", "xyz")).log()
    });
    assert_eq!(printed.same(), "zyx400 0:0\n");
}

#[test]
fn a_secret_as_a_variable() {
    let step = Step {
        keys: "secrets: [{id: token, environment: TOKEN}]",
        flags: "--mount=type=secret,id=token,env=TOKEN,required=true",
        command: "echo $TOKEN | rev; ls /run/secrets 2>/dev/null | wc -l",
        args: &[],
    };
    let project = of_step(step);
    project.write("token.txt", "abc").unwrap();
    assert_eq!(seen_in(&project, &["--secret=id=token,src=token.txt"]), "cba\n0\n");
}

#[test]
fn a_secret_with_owner_mode_and_place() {
    let step = Step {
        keys: "secrets: [{id: token, target: /etc/token, mode: '0440', uid: 7, gid: 8}]",
        flags: "--mount=type=secret,id=token,target=/etc/token,mode=0440,uid=7,gid=8",
        command: "stat -c '%a %u:%g' /etc/token",
        args: &[],
    };
    let project = of_step(step);
    project.write("token.txt", "abc").unwrap();
    assert_eq!(seen_in(&project, &["--secret=id=token,src=token.txt"]), "440 7:8\n");
}

#[test]
fn an_optional_secret_may_be_missing() {
    let step = Step {
        keys: "secrets: [{id: token, required: false}]",
        flags: "--mount=type=secret,id=token",
        command: "ls /run/secrets 2>/dev/null | wc -l",
        args: &[],
    };
    assert_eq!(seen(step, &[]), "0\n");
}

#[test]
fn a_required_secret_must_be_there() {
    let told = refused(&of_step(FILE), &["--target=it"]);
    for told in [told.ours, told.theirs] {
        assert!(told.contains("secret token: not found"), "{told}");
    }
}

#[test]
fn an_agent_is_a_socket_of_the_step() {
    let step = Step {
        keys: "ssh: [default]",
        flags: "--mount=type=ssh",
        command: "stat -c %F $SSH_AUTH_SOCK",
        args: &[],
    };
    let project = of_step(step);
    let socket = project.path().join("agent.sock");
    serve_agent(&socket, "options");
    assert_eq!(seen_in(&project, &[&format!("--ssh=default={}", socket.display())]), "socket\n");
}

#[test]
fn an_agent_with_owner_mode_and_place() {
    let step = Step {
        keys: "ssh: [{id: default, target: /tmp/agent, mode: '0660', uid: 7, gid: 8}]",
        flags: "--mount=type=ssh,target=/tmp/agent,mode=0660,uid=7,gid=8",
        command: "echo $SSH_AUTH_SOCK; stat -c '%F %a %u:%g' /tmp/agent",
        args: &[],
    };
    let project = of_step(step);
    let socket = project.path().join("agent.sock");
    serve_agent(&socket, "options");
    let printed = seen_in(&project, &[&format!("--ssh=default={}", socket.display())]);
    assert_eq!(printed, "/tmp/agent\nsocket 660 7:8\n");
}

#[test]
fn an_optional_agent_may_be_missing() {
    let step = Step {
        keys: "ssh: [{id: other, required: false}]",
        flags: "--mount=type=ssh,id=other",
        command: "ls -A /run/buildkit 2>/dev/null | wc -l",
        args: &[],
    };
    assert_eq!(seen(step, &[]), "0\n");
    let project =
        of_step(Step { keys: "ssh: [other]", flags: "--mount=type=ssh,id=other,required=true", ..step });
    let told = refused(&project, &["--target=it"]);
    for told in [told.ours, told.theirs] {
        assert!(told.contains("other"), "{told}");
    }
}

#[test]
fn a_cache_belongs_to_who_needs_it() {
    let id = unique().unwrap();
    let command =
        "stat -c '%a %u:%g' /cache; su -s /bin/sh -c 'ls /cache; touch /cache/left' nobody && echo written";
    let seen = |side: &str, file: &str| {
        let keys =
            format!("cache: [{{target: /cache, id: {id}{side}, uid: 65534, gid: 65534, mode: '0700'}}]");
        let flags = format!("--mount=type=cache,target=/cache,id={id}{side},uid=65534,gid=65534,mode=0700");
        let project = of_step(Step { keys: &keys, flags: &flags, command, args: &[] });
        crate::support::progress(super::command(&project, file, &["--target=it"])).log()
    };
    for (side, file) in [("ours", "layerset.yaml"), ("theirs", "Dockerfile")] {
        let printed = [seen(side, file), seen(side, file)];
        assert_eq!(printed, ["700 65534:65534\nwritten\n", "700 65534:65534\nleft\nwritten\n"], "{file}");
    }
}

#[test]
fn caches_of_different_namespaces_are_apart() {
    let id = unique().unwrap();
    let keys = format!("cache: [{{target: /cache, id: {id}}}]");
    let flags = format!("--mount=type=cache,target=/cache,id={id}");
    let command = "ls /cache; touch /cache/left";
    let step = Step { keys: &keys, flags: &flags, command, args: &[] };
    // The manifest's build is the first in each, so both sides have a namespace of their own.
    let seen = |file: &str, namespace: &str| {
        let namespace = format!("--build-arg=BUILDKIT_CACHE_MOUNT_NS={file}{namespace}");
        let project = of_step(step);
        crate::support::progress(super::command(&project, file, &["--target=it", &namespace])).log()
    };
    for file in ["layerset.yaml", "Dockerfile"] {
        assert_eq!([seen(file, "a"), seen(file, "b"), seen(file, "a")], ["", "", "left\n"]);
    }
}
