//! What several tests do.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use harness::frontend::FRONTEND;
use harness::place::workspace;
use harness::project::unique;
use harness::registry::Image;
use harness::{Docker, Engine, Output, Progress, Project, Release, Result};
use serde_json::Value;

/// The engine of most tests, with the frontend under test.
pub(crate) fn containerd() -> &'static Engine {
    Engine::containerd().unwrap().with_frontend().unwrap()
}

/// The first line of a manifest.
pub(crate) fn syntax() -> String {
    format!("# syntax={FRONTEND}\n")
}

/// A copy of an example.
pub(crate) fn example(name: &str) -> Project {
    let project = Project::new(name).unwrap();
    project.copy_from(&workspace().join("examples").join(name)).unwrap();
    project
}

/// `docker buildx build` of the project's `layerset.yaml`.
pub(crate) fn build(engine: &Engine, project: &Project) -> Docker {
    engine.docker(&["buildx", "build", "--file=layerset.yaml", "."]).current_dir(project.path()).traced()
}

/// `--call` of the project's manifest, as the engine's buildx has it.
pub(crate) fn call(engine: &Engine, project: &Project, name: &str) -> Docker {
    match engine.client_release() {
        Release::Today => build(engine, project).arg(format!("--call={name}")),
        // buildx had it as an experiment under another name.
        Release::Older => {
            build(engine, project).env("BUILDX_EXPERIMENTAL", "1").arg(format!("--print={name}"))
        }
    }
}

/// Writes what `--call=bake` prints to `bake.json`, and bakes it.
pub(crate) fn bake(engine: &Engine, project: &Project) -> Docker {
    let printed = ok(call(engine, project, "bake")).stdout;
    project.write("bake.json", printed).unwrap();
    engine.docker(&["buildx", "bake", "--file=bake.json"]).current_dir(project.path()).traced()
}

/// Ends well, or the test ends with the last lines of what was told.
pub(crate) fn ok(docker: Docker) -> Output {
    let output = docker.run().unwrap();
    let told: Vec<&str> = output.stderr.lines().rev().take(8).collect();
    let told: Vec<&str> = told.into_iter().rev().collect();
    assert!(output.success(), "`{}` failed: {}\n{}", output.command, output.status, told.join("\n"));
    output
}

/// What a build that ends well did.
pub(crate) fn progress(docker: Docker) -> Progress {
    ok(docker).progress()
}

/// `docker inspect` of one thing.
pub(crate) fn inspect(engine: &Engine, name: &str) -> Value {
    let printed = ok(engine.docker(&["inspect", name])).stdout;
    let mut list: Vec<Value> = serde_json::from_str(&printed).unwrap();
    assert_eq!(list.len(), 1, "{printed}");
    list.remove(0)
}

/// An image of the local registry, as this test has pushed it.
pub(crate) fn pushed(engine: &Engine, reference: &str) -> Image {
    engine.registry().image(reference).unwrap()
}

/// Calls until something is there, for as long as a busy machine may need.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{what} did not come");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The body of a page on a loopback port, as soon as somebody answers there.
pub(crate) fn page(port: u16, path: &str) -> String {
    wait_for(&format!("an answer on port {port}"), || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        assert!(head.contains(" 200 "), "{head}");
        Some(body.to_owned())
    })
}

/// Services of one shared stage and one shared selection, each with a selection of its own; all contents are new
/// to every engine. They are pushed to `shop/NAME:TAG`.
pub(crate) struct Shop {
    pub(crate) project: Project,
    pub(crate) tag: String,
}

impl Shop {
    pub(crate) fn new(engine: &Engine, services: &[&str]) -> Result<Self> {
        let shop = Self { project: Project::new("shop")?, tag: unique()? };
        shop.project.write("common/shared.txt", format!("shared {}\n", shop.tag))?;
        for name in services {
            shop.project.write(&format!("parts/{name}/own.txt"), format!("{name} {}\n", shop.tag))?;
        }
        let owns: Vec<_> = services.iter().map(|name| (*name, *name)).collect();
        shop.manifest(engine, &owns)?;
        Ok(shop)
    }

    /// Writes the manifest of services by their names and their parts.
    pub(crate) fn manifest(&self, engine: &Engine, services: &[(&str, &str)]) -> Result<()> {
        let tag = &self.tag;
        let mut text = syntax()
            + &format!(
                "stages:\n  base:\n    from: busybox:1.37\n    run:\n      - [sh, -c, \"echo made {tag} > /made\"]\n  \
                 page:\n    from: base\n    files: [common/]\n    \
                 run: ['cp /common/shared.txt /page && echo {tag} >> /page']\nservices:\n"
            );
        for (name, part) in services {
            let image = self.name(engine, name);
            write!(
                text,
                "  {name}:\n    from: base\n    image: {image}\n    files: [common/, parts/{part}/]\n    \
                 copy: [{{from: page, source: /page, target: /srv/page}}]\n"
            )
            .unwrap();
        }
        self.project.write("layerset.yaml", text).map(drop)
    }

    pub(crate) fn name(&self, engine: &Engine, service: &str) -> String {
        format!("{}:{}", engine.registry().name(&format!("shop/{service}")), self.tag)
    }

    /// Bakes and pushes.
    pub(crate) fn push(&self, engine: &Engine) -> Progress {
        progress(bake(engine, &self.project).arg("--push"))
    }

    pub(crate) fn image(&self, engine: &Engine, service: &str) -> Image {
        pushed(engine, &format!("shop/{service}:{}", self.tag))
    }
}

/// Copies a directory as a checkout at another time does: with other file times.
pub(crate) fn touch(dir: &Path, time: &str) {
    let mut find = harness::run::command("find");
    harness::run::output(find.arg(dir).args(["-exec", "touch", "-h", "-d", time, "{}", "+"])).unwrap();
}
