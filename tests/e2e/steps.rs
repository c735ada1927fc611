//! What a stage's `run` may use: caches, secrets, ssh, the network, users and shells.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use harness::Project;
use harness::project::unique;

use crate::support::{build, containerd, ok, progress, syntax};

/// A project of one stage `it`: `keys` are its lines below `from`.
fn stage(keys: &str) -> Project {
    let project = Project::new("steps").unwrap();
    let manifest = format!(
        "{}stages:\n  it:\n    from: python:3.13-slim\n{keys}services:\n  unused:\n    from: scratch\n    files: [layerset.yaml]\n",
        syntax()
    );
    project.write("layerset.yaml", manifest).unwrap();
    project
}

/// What the stage's steps print.
fn log(project: &Project, args: &[&str]) -> String {
    progress(build(containerd(), project).arg("--target=it").args(args)).log()
}

#[test]
fn a_cache_mount_outlives_its_build_and_is_in_no_layer() {
    let id = unique().unwrap();
    let keys = |step: &str| {
        format!(
            "    run:\n      - {{command: '{step}', cache: [{{target: /cache, id: {id}}}]}}\n      - ls -a /cache 2>&1 || true\n"
        )
    };
    let first = stage(&keys(&format!("echo kept-{id} > /cache/kept.txt")));
    assert!(!log(&first, &[]).contains("kept.txt"), "the second step does not see the cache");
    // The cache's name is in no cache key, so the step has a word of its own.
    let second = stage(&keys(&format!("cat /cache/kept.txt; : {id}")));
    let log = log(&second, &[]);
    assert!(log.contains(&format!("kept-{id}")), "{log}");
}

#[test]
fn secrets_come_as_files_and_as_environment() {
    let secret = format!("secret-{}", unique().unwrap());
    // Not in the cache key, so a word in the environment makes the steps new.
    let stamp = format!("    environment: {{STAMP: '{}'}}\n", unique().unwrap());
    let project = stage(
        &(stamp
            + "    run:\n      - command: [python3, -c, \"import os; t = os.environ['TOKEN']; print(len(t), t[::-1])\"]\n        \
         secrets: [{id: token, environment: TOKEN}]\n      \
         - command: [python3, -c, \"import os; p = '/run/secrets/token'; print(oct(os.stat(p).st_mode), open(p).read()[::-1])\"]\n        \
         secrets: [token]\n      - env && ls /run/secrets 2>&1 || true\n"),
    );
    project.write("token.txt", &secret).unwrap();
    let log = log(&project, &["--secret=id=token,src=token.txt"]);
    let backwards: String = secret.chars().rev().collect();
    assert!(log.contains(&format!("{} {backwards}", secret.len())), "{log}");
    assert!(log.contains(&format!("0o100400 {backwards}")), "{log}");
    assert!(!log.contains(&secret) && !log.contains("TOKEN="), "no later step knows it: {log}");

    let refused = build(containerd(), &project).args(&["--target=it", "--no-cache"]).run().unwrap();
    assert!(!refused.success(), "a secret that is not given is an error");
    assert!(refused.stderr.contains("secret token: not found"), "{}", refused.stderr);
}

#[test]
fn ssh_reaches_the_agent_of_the_caller() {
    let project = stage(
        "    run:\n      - command: [python3, /ask.py]\n        ssh: [default]\n    files: [{source: ask.py, target: /ask.py}]\n",
    );
    // Asks for the agent's keys, and prints the answer.
    let ask = "\
import os, socket, struct
agent = socket.socket(socket.AF_UNIX)
agent.connect(os.environ['SSH_AUTH_SOCK'])
agent.sendall(struct.pack('>IB', 1, 11))
answer = agent.makefile('rb')
length, = struct.unpack('>I', answer.read(4))
print('agent says', answer.read(length))
";
    let comment = format!("key-{}", unique().unwrap());
    let socket = project.path().join("agent.sock");
    project.write("ask.py", format!("{ask}# {comment}\n")).unwrap();
    serve_agent(&socket, &comment);
    let log = log(&project, &[&format!("--ssh=default={}", socket.display())]);
    assert!(log.contains("agent says") && log.contains(&comment), "{log}");
}

/// An agent with one key that answers nothing but the question for its keys.
pub(crate) fn serve_agent(socket: &Path, comment: &str) {
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let key = [string(b"ssh-ed25519"), string(&[7; 32])].concat();
    let answer = [&[12, 0, 0, 0, 1][..], &string(&key), &string(comment.as_bytes())].concat();
    let answer = string(&answer);
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer_all(stream, &answer));
        }
    });
}

fn answer_all(mut stream: UnixStream, answer: &[u8]) {
    let mut length = [0; 4];
    while stream.read_exact(&mut length).is_ok() {
        let mut question = vec![0; u32::from_be_bytes(length) as usize];
        // 11 is SSH_AGENTC_REQUEST_IDENTITIES, 5 is SSH_AGENT_FAILURE.
        let answer = match stream.read_exact(&mut question) {
            Ok(()) if question == [11] => answer,
            _ => &[0, 0, 0, 1, 5],
        };
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

#[test]
fn network_none_has_no_network() {
    let stamp = unique().unwrap();
    let project = stage(&format!(
        "    run:\n      - {{command: 'echo {stamp} none: $(ls /sys/class/net)', network: none}}\n      \
         - 'echo {stamp} default: $(ls /sys/class/net)'\n"
    ));
    let log = log(&project, &[]);
    assert!(log.lines().any(|line| line == format!("{stamp} none: lo")), "{log}");
    let default = log.lines().find(|line| line.starts_with(&format!("{stamp} default: "))).unwrap();
    assert!(default.split_whitespace().count() > 3, "more than the loopback device: {default}");
}

#[test]
fn steps_run_as_the_stages_user_in_its_directory_and_shell() {
    let stamp = unique().unwrap();
    let project = stage(&format!(
        "    user: '1234:567'\n    working_dir: /tmp/here\n    environment: {{STAMP: '{stamp}'}}\n    shell: [python3, -c]\n    \
         run:\n      - 'import os; print(os.getuid(), os.getgid(), os.getcwd(), os.environ[\"STAMP\"])'\n      \
         - [sh, -c, 'echo $0 $1 $(id -u)', plain, '{stamp} ; id']\n"
    ));
    let log = log(&project, &[]);
    assert!(log.contains(&format!("1234 567 /tmp/here {stamp}")), "{log}");
    assert!(log.contains(&format!("plain {stamp} ; id 1234")), "{log}");
}

#[test]
fn a_stage_is_an_image_of_its_own() {
    let stamp = unique().unwrap();
    let project = stage(&format!(
        "    environment: {{STAMP: '{stamp}'}}\n    user: '1234'\n    run: ['echo $STAMP > /tmp/stamp']\n"
    ));
    let (engine, tag) = (containerd(), format!("steps:{stamp}"));
    ok(build(engine, &project).args(&["--target=it", "--load", "--tag", &tag]));
    let ran = ok(engine.docker(&["run", "--rm", &tag, "sh", "-c", "cat /tmp/stamp; id -u; echo $STAMP"]));
    assert_eq!(ran.stdout, format!("{stamp}\n1234\n{stamp}\n"));
    ok(engine.docker(&["image", "rm", &tag]));
}
