//! What steps mount and images copy.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use harness::project::unique;

use super::{Step, containers, of_step, project, refused, seen, seen_in};
use crate::support::containerd;

#[test]
fn a_step_mounts_files_of_a_stage() {
    let step = Step {
        keys: "mounts: [{from: tools, source: /made, target: /tools}]",
        flags: "--mount=type=bind,from=tools,source=/made,target=/tools",
        command: "cat /tools/tool; touch /tools/x 2>&1 | grep -c 'Read-only'",
        args: &[],
    };
    assert_eq!(seen(step, &[]), "tool\n1\n");
}

#[test]
fn a_step_mounts_files_of_an_image() {
    let step = Step {
        keys: "mounts: [{from: 'python:3.13-slim', source: /etc/debian_version, target: version}], network: none",
        flags: "--mount=type=bind,from=python:3.13-slim,source=/etc/debian_version,target=version --network=none",
        command: "wc -l < /version",
        args: &[],
    };
    assert_eq!(seen(step, &[]), "1\n");
}

#[test]
fn a_step_mounts_files_of_the_context() {
    let step = Step {
        keys: "mounts: [{source: conf, target: /conf}]",
        flags: "--mount=type=bind,source=conf,target=/conf",
        command: "cat /conf/*; ls /conf",
        args: &[],
    };
    let project = of_step(step);
    project.write("conf/a.txt", "a\n").unwrap().write("conf/b.txt", "b\n").unwrap();
    assert_eq!(seen_in(&project, &[]), "a\nb\na.txt\nb.txt\n");
    // Only what is mounted is in the cache key.
    project.write("other.txt", "new\n").unwrap();
    assert_eq!(seen_in(&project, &[]), "");
    project.write("conf/b.txt", "c\n").unwrap();
    assert_eq!(seen_in(&project, &[]), "a\nc\na.txt\nb.txt\n");
}

#[test]
fn a_step_mounts_files_of_a_named_context() {
    let step = Step {
        keys: "mounts: [{from: extra, target: /extra}]",
        flags: "--mount=type=bind,from=extra,target=/extra",
        command: "cat /extra/x.txt",
        args: &[],
    };
    let project = of_step(step);
    project.write("elsewhere/x.txt", "x\n").unwrap();
    assert_eq!(seen_in(&project, &["--build-context=extra=elsewhere"]), "x\n");
}

#[test]
fn what_is_written_to_a_mount_is_thrown_away() {
    let step = Step {
        keys: "mounts: [{from: tools, source: /made, target: /tools, read_only: false}]",
        flags: "--mount=type=bind,from=tools,source=/made,target=/tools,rw",
        command: "echo more >> /tools/tool && cat /tools/tool",
        args: &[],
    };
    let project = of_step(step);
    assert_eq!(seen_in(&project, &[]), "tool\nmore\n");
    let left = containers(&project, &["--target=it"], "ls /tools 2>/dev/null | wc -l");
    assert_eq!(left.same(), "0\n");
    assert_eq!(containers(&project, &["--target=tools"], "cat /made/tool").same(), "tool\n");
}

#[test]
fn a_step_has_memory_as_a_directory() {
    let step = Step {
        keys: "mounts: [{type: tmpfs, target: /scratch, tmpfs: {size: 8MiB}}]",
        flags: "--mount=type=tmpfs,target=/scratch,size=8m",
        command: "echo x > /scratch/x; df -k /scratch | tail -n 1 | awk '{print $1, $2}'",
        args: &[],
    };
    let project = of_step(step);
    assert_eq!(seen_in(&project, &[]), "tmpfs 8192\n");
    assert_eq!(containers(&project, &["--target=it"], "ls /scratch 2>/dev/null | wc -l").same(), "0\n");
}

#[test]
fn a_script_is_run_by_the_program_it_names() {
    let word = unique().unwrap();
    let script = |word: &str| {
        format!("#!/usr/bin/env python3\nimport sys\nprint('{word}'[:0] + sys.implementation.name)\n")
    };
    let indented = script(&format!("a{word}")).replace('\n', "\n        ");
    let manifest =
        format!("stages:\n  it:\n    from: python:3.13-slim\n    run:\n      - |\n        {indented}\n");
    let dockerfile = format!("FROM python:3.13-slim AS it\nRUN <<EOF\n{}EOF\n", script(&format!("b{word}")));
    assert_eq!(seen_in(&project(&manifest, &dockerfile), &[]), "cpython\n");
}

#[test]
fn files_are_copied_with_owner_mode_and_without_what_is_excluded() {
    let project = project(
        "services:\n  api:\n    from: busybox:1.37\n    files:\n      \
         - {source: src, target: /app, owner: '7:8', mode: '0640', exclude: ['*.md']}\n",
        // Excluding is of a newer Dockerfile than this engine's own, so its build copies one file.
        "FROM busybox:1.37\nCOPY --chown=7:8 --chmod=640 src/a.txt /app/a.txt\n",
    );
    project.write("src/a.txt", "a\n").unwrap().write("src/b.md", "b\n").unwrap();
    let printed = containers(&project, &[], "cd /app && stat -c '%n %a %u:%g' *");
    assert_eq!(printed.same(), "a.txt 640 7:8\n");
}

/// Serves one text at `/file`; the port.
fn serve(text: String) -> u16 {
    let (_, listen) = containerd().host().unwrap();
    let listener = TcpListener::bind((listen, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let Ok(length) = stream.read(&mut request) else { continue };
            let body = if request[..length].starts_with(b"HEAD") { "" } else { &text };
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            // Who does not read on has its reasons.
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    port
}

#[test]
fn a_file_of_the_web_is_copied_if_it_is_the_right_one() {
    use sha2::{Digest, Sha256};
    let text = format!("text {}\n", unique().unwrap());
    let digest = |text: &str| format!("sha256:{:x}", Sha256::digest(text));
    let (host, _) = containerd().host().unwrap();
    let url = format!("http://{host}:{}/file", serve(text.clone()));
    let with = |checksum: &str| {
        project(
            &format!(
                "services:\n  api:\n    from: busybox:1.37\n    copy: [{{from: '{url}', checksum: '{checksum}', target: /f}}]\n"
            ),
            &format!("FROM busybox:1.37\nADD --checksum={checksum} {url} /f\n"),
        )
    };
    let printed = containers(&with(&digest(&text)), &[], "stat -c '%a %u:%g' /f; cat /f");
    assert_eq!(printed.same(), format!("600 0:0\n{text}"));
    let told = refused(&with(&digest("another")), &[]);
    for told in [told.ours, told.theirs] {
        assert!(told.contains("digest mismatch"), "{told}");
    }
}
