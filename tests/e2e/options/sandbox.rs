//! What a step runs in: hosts, limits, names, build arguments.

use harness::project::unique;

use super::{Step, both, of_step, seen};
use crate::support::progress;

fn prints(command: &str, flags: &[&str]) -> String {
    seen(Step { command, ..Step::default() }, flags)
}

#[test]
fn added_hosts_are_known_to_steps() {
    let flags =
        ["--add-host=Db.test:10.1.2.3", "--add-host=db.test=fd00::7", "--add-host=other.test=10.1.2.4"];
    let hosts = prints("grep test /etc/hosts | tr '\\t' ' '", &flags);
    assert_eq!(hosts, "10.1.2.3 db.test\nfd00::7 db.test\n10.1.2.4 other.test\n");
}

#[test]
fn limits_of_processes_hold() {
    let flags = ["--ulimit=nofile=1234:2345", "--ulimit=core=0"];
    assert_eq!(prints("ulimit -Sn; ulimit -Hn; ulimit -c", &flags), "1234\n2345\n0\n");
}

#[test]
fn shared_memory_has_its_size() {
    let command = "df -k /dev/shm | tail -n 1 | awk '{print $2}'";
    assert_eq!(prints(command, &["--shm-size=12m"]), "12288\n");
}

#[test]
fn a_step_has_the_host_name_it_is_given() {
    assert_eq!(prints("hostname", &["--build-arg=BUILDKIT_SANDBOX_HOSTNAME=builder7"]), "builder7\n");
}

#[test]
fn a_step_is_in_the_control_group_it_is_given() {
    let parent = format!("layerset{}", unique().unwrap());
    // Without the step's own group, which is another one in each build.
    let command = "sed 's,[^/]*$,,; s,^.*:,,' /proc/self/cgroup | sort -u";
    let groups = prints(command, &[&format!("--cgroup-parent=/{parent}")]);
    // Where groups have name spaces, a step sees itself at their root.
    assert!(groups.contains(&format!("/{parent}/")) || groups == "/\n", "{groups}");
}

#[test]
fn build_arguments_are_in_the_environment_of_steps_that_name_them() {
    let step = Step { command: "echo \"mode $MODE\"", args: &["MODE"], ..Step::default() };
    assert_eq!(seen(step, &["--build-arg=MODE=a b;$HOME"]), "mode a b;$HOME\n");
    assert_eq!(seen(step, &[]), "mode \n");
}

#[test]
fn proxies_are_in_the_environment_of_every_step() {
    let flags = [
        "--build-arg=HTTP_PROXY=http://proxy.test:1",
        "--build-arg=https_proxy=http://proxy.test:2",
        "--build-arg=FTP_PROXY=http://proxy.test:3",
        "--build-arg=NO_PROXY=localhost,.test",
        "--build-arg=ALL_PROXY=http://proxy.test:4",
    ];
    let seen = prints("env | grep -i _proxy | sort", &flags);
    assert_eq!(seen.lines().count(), 10, "each in both cases: {seen}");
    assert!(seen.contains("http_proxy=http://proxy.test:1\n") && seen.contains("NO_PROXY=localhost,.test\n"));
}

#[test]
fn proxies_are_in_no_cache_key_and_in_no_image() {
    let project = of_step(Step { command: "echo through $HTTP_PROXY", ..Step::default() });
    let build = |proxy: &str| {
        let proxy = format!("--build-arg=HTTP_PROXY=http://{proxy}");
        both(&project, &["--target=it", &proxy], |docker| progress(docker).log())
    };
    assert_eq!(build("one.test").same(), "through http://one.test\n");
    assert_eq!(build("two.test").same(), "", "what the first build made is used");
    let config = super::images(&project, &["--target=it", "--build-arg=HTTP_PROXY=http://three.test"]);
    for config in [config.ours, config.theirs] {
        assert!(!config.to_string().contains("test"), "{config}");
    }
}
