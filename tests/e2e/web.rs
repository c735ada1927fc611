//! Repositories and archives on a web server that an engine reaches.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use harness::{Engine, Output, Project, run};
use serde_json::Value;

use crate::support::{ok, wait_for};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A web server where the engine is, on a port of its own there.
pub(crate) struct Server<'a> {
    engine: &'a Engine,
    container: String,
    pub(crate) address: String,
}

impl<'a> Server<'a> {
    /// Serves a directory of this machine.
    pub(crate) fn start(engine: &'a Engine, dir: &Path) -> Self {
        let port = 20000 + std::process::id() % 600 * 20 + NEXT.fetch_add(1, Ordering::Relaxed) % 20;
        let address = format!("127.0.0.1:{port}");
        let create = ["create", "--network=host", "busybox", "httpd", "-f", "-p", &address, "-h", "/www"];
        let container = ok(engine.docker(&create)).stdout.trim().to_owned();
        let server = Self { engine, container, address };
        // A copy: an engine need not see this machine's directories.
        let www = format!("{}/.", dir.display());
        ok(engine.docker(&["cp", &www, &format!("{}:/www", server.container)]));
        ok(engine.docker(&["start", &server.container]));
        wait_for("the web server", || {
            let url = format!("http://{}/", server.address);
            // Without an index the answer is 404: it is there.
            let get = ["exec", &server.container, "wget", "-q", "-O-", &url];
            let output = engine.docker(&get).run().unwrap();
            (output.success() || output.stderr.contains("404")).then_some(())
        });
        server
    }

    /// The address of what it serves under `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.engine.docker(&["rm", "--force", &self.container]).run();
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let mut git = run::command("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]);
    run::output(git.args(args).current_dir(dir)).unwrap()
}

/// Commits what is in `source/` and tags it. The commit.
pub(crate) fn commit(www: &Project, tag: &str) -> String {
    let source = www.path().join("source");
    for args in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", tag], &["tag", tag]] {
        git(&source, args);
    }
    git(&source, &["rev-parse", "HEAD"]).trim().to_owned()
}

/// Makes `repo.git` of the commits in `source/`, as git fetches it over plain HTTP.
pub(crate) fn publish(www: &Project) {
    git(www.path(), &["clone", "-q", "--bare", "source", "repo.git"]);
    git(&www.path().join("repo.git"), &["update-server-info"]);
}

/// Makes an archive of paths in `source/`.
pub(crate) fn tar(www: &Project, name: &str, paths: &[&str]) {
    let mut tar = run::command("tar");
    tar.args(["--exclude=.git", "-caf", name, "-C", "source"]).args(paths);
    run::output(tar.current_dir(www.path())).unwrap();
}

/// The vertices of a traced build whose names have this in them, by digest, and whether the result was there: also
/// those that are no steps of anybody's, which [`harness::Progress::done`] leaves out.
pub(crate) fn vertices(output: &Output, name: &str) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    for line in output.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        for vertex in line["vertexes"].as_array().into_iter().flatten() {
            if vertex["name"].as_str().is_some_and(|shown| shown.contains(name)) {
                *found.entry(vertex["digest"].to_string()).or_default() |= vertex["cached"] == true;
            }
        }
    }
    found
}
