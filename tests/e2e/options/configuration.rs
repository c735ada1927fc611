//! What images say of themselves.

use serde_json::{Value, json};

use super::{images, project};
use crate::support::{containerd, ok};

/// Both images' configuration under `key`.
fn same(manifest: &str, dockerfile: &str, key: &str, flags: &[&str]) -> Value {
    let project = project(&format!("services:\n  api:\n    from: busybox:1.37\n{manifest}"), dockerfile);
    let both = images(&project, flags);
    super::Both { ours: both.ours[key].clone(), theirs: both.theirs[key].clone() }.same()
}

/// The Dockerfile with one line on busybox.
fn line(line: &str) -> String {
    format!("FROM busybox:1.37\n{line}\n")
}

#[test]
fn labels_of_the_command_line_win() {
    let flags = ["--label=team=b", "--label=build=7"];
    let labels = same("    labels: {team: a, own: x}\n", &line("LABEL team=a own=x"), "Labels", &flags);
    assert_eq!(labels, json!({"team": "b", "own": "x", "build": "7"}));
}

#[test]
fn a_health_check() {
    let ours =
        "    healthcheck: {test: [CMD, 'true'], interval: 7s, timeout: 3s, start_period: 1m, retries: 4}\n";
    let theirs = "HEALTHCHECK --interval=7s --timeout=3s --start-period=1m --retries=4 CMD [\"true\"]";
    let check = same(ours, &line(theirs), "Healthcheck", &[]);
    assert_eq!(check["Test"], json!(["CMD", "true"]));
}

#[test]
fn a_stop_signal() {
    assert_eq!(same("    stop_signal: SIGINT\n", &line("STOPSIGNAL SIGINT"), "StopSignal", &[]), "SIGINT");
}

#[test]
fn volumes() {
    let volumes = same("    volumes: [/data, /more]\n", &line("VOLUME /data /more"), "Volumes", &[]);
    assert_eq!(volumes, json!({"/data": {}, "/more": {}}));
}

#[test]
fn ports() {
    let ports = same("    expose: [8000, 53/udp]\n", &line("EXPOSE 8000 53/udp"), "ExposedPorts", &[]);
    assert_eq!(ports, json!({"8000/tcp": {}, "53/udp": {}}));
}

#[test]
fn entrypoint_command_user_directory_and_shell() {
    let project = project(
        "services:\n  api:\n    from: busybox:1.37\n    entrypoint: [echo, a]\n    command: [b]\n    user: '7:8'\n    \
         working_dir: /srv\n    shell: [/bin/ash, -c]\n    environment: {A: b}\n",
        &line(
            "ENTRYPOINT [\"echo\", \"a\"]\nCMD [\"b\"]\nUSER 7:8\nWORKDIR /srv\nSHELL [\"/bin/ash\", \"-c\"]\nENV A=b",
        ),
    );
    let mut both = images(&project, &[]);
    // Of Dockerfiles' shell form on Windows.
    both.theirs.as_object_mut().unwrap().remove("ArgsEscaped");
    let config = both.same();
    assert_eq!((&config["Entrypoint"], &config["Cmd"]), (&json!(["echo", "a"]), &json!(["b"])));
}

#[test]
fn triggers_of_a_base_are_not_run() {
    let engine = containerd();
    let base = format!("options-base:{}", harness::project::unique().unwrap());
    let made = project("", &line("ONBUILD RUN echo triggered > /trigger"));
    ok(super::command(&made, "Dockerfile", &["--load", "--tag", &base]));
    let project = project(
        &format!("services:\n  api: {{from: '{base}', environment: {{A: b}}}}\n"),
        &format!("FROM {base}\nENV A=b\n"),
    );
    // They are Dockerfile text, so here the two differ.
    let both = super::containers(&project, &[], "ls /trigger 2>/dev/null | wc -l");
    assert_eq!((both.ours.as_str(), both.theirs.as_str()), ("0\n", "1\n"));
    assert_eq!(images(&project, &[]).ours["OnBuild"], Value::Null);
    ok(engine.docker(&["image", "rm", &base]));
}
