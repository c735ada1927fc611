//! `layerset report` on real images: the same ones in a registry, in an engine and in an archive.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::place::Place;
use harness::{Engine, Output, Project, frontend, run};
use serde_json::Value;

use crate::support::{bake, containerd, ok, syntax, wait_for};

/// Runs `layerset report` against an engine.
pub(crate) fn report<S: AsRef<str>>(engine: &Engine, args: &[S], dir: &Path) -> Output {
    piped(engine, args, dir, None)
}

fn piped<S: AsRef<str>>(engine: &Engine, args: &[S], dir: &Path, input: Option<&Path>) -> Output {
    let mut command = run::command(frontend::binary().unwrap().to_str().unwrap());
    command.arg("report").args(args.iter().map(AsRef::as_ref)).current_dir(dir).envs(engine.environment());
    let input = input.map_or_else(Stdio::null, |file| fs::File::open(file).unwrap().into());
    run_of(command.stdin(input))
}

fn run_of(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    Output {
        command: run::line_of(command),
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn json<S: AsRef<str>>(engine: &Engine, args: &[S], dir: &Path) -> Value {
    let mut args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
    args.push("--format=json");
    let output = report(engine, &args, dir).checked().unwrap();
    serde_json::from_str(&output.stdout).unwrap()
}

/// Two services of a manifest and an image of a Dockerfile, in the engine and in the registry.
struct Images {
    project: Project,
    names: Vec<String>,
}

impl Images {
    fn build(engine: &Engine) -> Self {
        let project = Project::new("report").unwrap();
        let tag = harness::project::unique().unwrap();
        let name = |service: &str| format!("{}:{tag}", engine.registry().name(&format!("report/{service}")));
        let names = ["api", "web", "plain"].map(name).to_vec();
        let manifest = format!(
            "{}services:\n  api: {{from: busybox:1.37, files: [lib/, api/], image: \"{}\"}}\n  \
             web: {{from: busybox:1.37, files: [lib/, web/], image: \"{}\"}}\n",
            syntax(),
            names[0],
            names[1]
        );
        // What is removed again, and what all images have: each tag's contents are new to the engine.
        let dockerfile =
            "FROM busybox:1.37\nCOPY lib/shared.txt /copied/\nCOPY large.txt /large.txt\nRUN rm /large.txt\n";
        project
            .write("layerset.yaml", manifest)
            .unwrap()
            .write("Dockerfile", dockerfile)
            .unwrap()
            .write("lib/shared.txt", format!("{tag} {}", "shared ".repeat(1000)))
            .unwrap()
            .write("large.txt", format!("{tag} {}", "large ".repeat(5000)))
            .unwrap()
            .write("api/a.txt", format!("api {tag}"))
            .unwrap()
            .write("web/w.txt", format!("web {tag}"))
            .unwrap();
        ok(bake(engine, &project));
        ok(engine.docker(&["buildx", "build", "--tag", &names[2], "."]).current_dir(project.path()));
        for name in &names {
            ok(engine.docker(&["push", "--quiet", name]));
        }
        Self { project, names }
    }

    fn dir(&self) -> &Path {
        self.project.path()
    }
}

#[test]
fn registry_engine_and_archive_agree() {
    let engine = containerd();
    let images = Images::build(engine);
    let dir = images.dir();
    let registry = json(engine, &images.names, dir);
    let in_engine: Vec<String> = images.names.iter().map(|name| format!("docker://{name}")).collect();
    let in_engine = json(engine, &in_engine, dir);
    let mut save = engine.docker(&["save", "--output", "images.tar"]).args(&images.names);
    save = save.current_dir(dir);
    ok(save);
    let archive = json(engine, &["./images.tar"], dir);
    let mut args = vec!["--docker".to_owned(), "--format=json".to_owned()];
    args.extend(images.names.iter().cloned());
    let named: Value = serde_json::from_str(&report(engine, &args, dir).checked().unwrap().stdout).unwrap();
    let input = piped(engine, &["-", "--format=json"], dir, Some(&dir.join("images.tar"))).checked().unwrap();
    let input: Value = serde_json::from_str(&input.stdout).unwrap();
    fs::create_dir(dir.join("layout")).unwrap();
    run::output(run::command("tar").arg("-xf").arg(dir.join("images.tar")).arg("-C").arg(dir.join("layout")))
        .unwrap();
    let layout = json(engine, &["layout/"], dir);
    for (place, other) in [
        ("engine", &in_engine),
        ("archive", &archive),
        ("--docker", &named),
        ("-", &input),
        ("layout", &layout),
    ] {
        for part in ["totals", "layers", "duplicated", "wasted", "images"] {
            assert_eq!(registry["figures"][part], other["figures"][part], "{part} of the {place}");
        }
    }

    let figures = &registry["figures"];
    let shared = fs::read(dir.join("lib/shared.txt")).unwrap().len();
    let large = fs::read(dir.join("large.txt")).unwrap().len();
    // The shared file is one layer in both services, and another in the plain image.
    assert_eq!(figures["totals"]["duplicated_bytes"], shared, "{figures:#}");
    let paths = figures["duplicated"][0]["paths"].as_array().unwrap();
    assert_eq!(paths, &["/copied/shared.txt", "/lib/shared.txt"]);
    assert_eq!(figures["totals"]["wasted_bytes"], large, "{figures:#}");
    let wasted = &figures["wasted"][0];
    assert_eq!((&wasted["path"], &wasted["how"]), (&"/large.txt".into(), &"removed".into()));
    assert!(wasted["by"].as_str().unwrap().contains("rm /large.txt"), "{wasted}");
    assert_eq!(figures["images"][&images.names[2]]["wasted_bytes"], large);

    // S and U as the registry says it itself.
    let of = |name: &str| {
        let reference = name.strip_prefix(&format!("{}/", engine.registry().address())).unwrap();
        engine.registry().image(reference).unwrap().layers
    };
    let all: Vec<_> = images.names.iter().flat_map(|name| of(name)).collect();
    let sum: u64 = all.iter().map(|blob| blob.size).sum();
    let distinct: std::collections::BTreeMap<_, _> =
        all.iter().map(|blob| (&blob.digest, blob.size)).collect();
    assert_eq!(figures["totals"]["image_bytes"], sum);
    assert_eq!(figures["totals"]["stored_bytes"], distinct.values().sum::<u64>());
}

#[test]
fn an_engine_with_the_older_store_has_the_same_files() {
    let engine = Engine::graphdriver().unwrap().with_frontend().unwrap();
    let images = Images::build(engine);
    let registry = json(engine, &images.names, images.dir());
    let mut args = images.names.clone();
    args.push("--docker".into());
    let in_engine = json(engine, &args, images.dir());
    // What an engine keeps unpacked has other blobs, but the same files.
    for field in ["images", "layers", "uses", "disk_bytes", "duplicated_bytes", "wasted_bytes"] {
        assert_eq!(registry["figures"]["totals"][field], in_engine["figures"]["totals"][field], "{field}");
    }
    let stored = |json: &Value| json["figures"]["totals"]["stored_bytes"].as_u64().unwrap();
    assert!(stored(&in_engine) > stored(&registry));
}

#[test]
fn limits_and_comparisons_are_for_ci() {
    let engine = containerd();
    let images = Images::build(engine);
    let dir = images.dir();
    let args = |more: &[&str]| {
        let more = more.iter().map(|&text| text.to_owned());
        images.names[..2].iter().cloned().chain(more).collect::<Vec<_>>()
    };
    let plain = images.names[2].as_str();
    let good = args(&[
        "--max-stored=1GB",
        "--min-reuse=30%",
        "--max-wasted=0",
        "--max-duplicated=0",
        "--max-layers=9",
    ]);
    assert_eq!(report(engine, &good, dir).checked().unwrap().stderr, "");

    let bad = report(engine, &args(&["--max-stored", "1kB", "--max-layers=1", "--min-reuse=99%"]), dir);
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    assert!(bad.stdout.contains("LARGEST LAYERS"), "the report is printed all the same: {bad:?}");
    for told in [
        "--max-stored: found ",
        "expected at most 1.0 kB",
        "--max-layers: found 3 layers",
        "--min-reuse: found",
    ] {
        assert!(bad.stderr.contains(told), "{told}: {bad:?}");
    }

    let compared = report(engine, &args(&["--before", plain]), dir).checked().unwrap().stdout;
    for told in ["before\n", "after\n", "BEFORE", "RATIO", "RUN rm /large.txt"] {
        assert!(compared.contains(told), "{told}: {compared}");
    }
    let printed = report(engine, &[plain, "--format=json"], dir).checked().unwrap().stdout;
    images.project.write("old.json", printed).unwrap();
    let from_file = report(engine, &args(&["--before", "old.json"]), dir).checked().unwrap().stdout;
    assert_eq!(from_file, compared, "a report from before is as good as its images");
    let first: Vec<&str> =
        ["--before", "old.json"].into_iter().chain(images.names[..2].iter().map(String::as_str)).collect();
    assert_eq!(report(engine, &first, dir).checked().unwrap().stdout, compared, "a report is one file");

    ok(bake(engine, &images.project));
    let baked = report(engine, &["--bake=bake.json"], dir).checked().unwrap();
    assert_eq!(baked.stdout, report(engine, &args(&[]), dir).checked().unwrap().stdout);

    report(engine, &args(&["--html=page.html"]), dir).checked().unwrap();
    assert!(fs::read_to_string(dir.join("page.html")).unwrap().contains(plain.rsplit(':').next().unwrap()));
    let again = report(engine, &args(&["--html=page.html"]), dir);
    assert_eq!(again.status.code(), Some(1));
    assert!(again.stderr.contains("use --force to write over it"), "{again:?}");
    report(engine, &args(&["--html=page.html", "--force"]), dir).checked().unwrap();
}

#[test]
fn what_is_wrong_has_its_exit_code() {
    let engine = containerd();
    let project = Project::new("report").unwrap();
    let missing = engine.registry().name("report/nowhere:1");
    for (args, code, told) in [
        (&[][..], 1, "found no image, expected for example"),
        (&[&missing, "docker://report/nowhere:2"], 1, "there is no such image in the registry"),
        (&[&missing, "docker://report/nowhere:2"], 1, "docker://report/nowhere:2: the engine"),
        (&["./nowhere.tar"], 1, "./nowhere.tar: there is no such file or directory"),
        (&["a:b:c"], 1, "which is no image reference"),
        (&["localhost:1/a:1"], 75, "cannot reach localhost:1"),
        (&["a", "--max-stored=much"], 1, "found \"much\", expected a size such as 900MB"),
        (&["a", "--min-reuse=101%"], 1, "found \"101%\", expected a part such as 80%"),
        (&["--bake=nowhere.json"], 1, "cannot read nowhere.json"),
        (&["--before=a.json"], 1, "found no image"),
    ] {
        let output = report(engine, args, project.path());
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(output.stderr.contains(told) && output.stdout.is_empty(), "{told}: {output:?}");
    }
}

/// A registry of this test's own, over the files of the one that engines push to.
struct Own {
    child: Child,
}

impl Own {
    fn start(project: &Project, port: u16) -> Self {
        let (dir, place) = (project.path().display().to_string(), Place::open().unwrap());
        let config = GUARDED.replace("DATA", &place.registry().join("data").display().to_string());
        project.write("config.yml", config.replace("DIR", &dir).replace("PORT", &port.to_string())).unwrap();
        let program = place.root().join("usr/bin/docker-registry");
        let mut command = Command::new(program);
        command
            .arg("serve")
            .arg(project.path().join("config.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        wait_for("the registry", || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const GUARDED: &str = "version: 0.1\nlog: {level: error}\n\
    storage: {filesystem: {rootdirectory: DATA}, maintenance: {readonly: {enabled: true}}}\n\
    http: {addr: \"127.0.0.1:PORT\", tls: {certificate: DIR/cert.pem, key: DIR/key.pem}}\n\
    auth: {htpasswd: {realm: shop, path: DIR/htpasswd}}\n";

/// A certificate of nobody's but this test's, for `localhost`.
fn certificate(dir: &Path) {
    let mut openssl = run::command("openssl");
    openssl.current_dir(dir).args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]);
    openssl.args([
        "-nodes",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]);
    openssl.args([
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    run::output(&mut openssl).unwrap();
}

#[test]
fn a_registry_with_tls_and_a_password_is_read() {
    let engine = containerd();
    let project = Project::new("report").unwrap();
    let dir = project.path();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let name = format!("localhost:{port}/report/guarded:1");
    // The engine would not trust the certificate: what is there is pushed to the registry without one.
    let open = engine.registry().name("report/guarded:1");
    ok(engine.docker(&["tag", "busybox:1.37", &open]));
    ok(engine.docker(&["push", "--quiet", &open]));
    ok(engine.docker(&["rmi", &open]));
    certificate(dir);
    // `me:secret`
    project.write("htpasswd", "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n").unwrap();
    let auth = format!("{{\"auths\": {{\"localhost:{port}\": {{\"auth\": \"bWU6c2VjcmV0\"}}}}}}");
    project.write("known/config.json", auth).unwrap().write("unknown/config.json", "{}").unwrap();
    let _guarded = Own::start(&project, port);
    let ask = |config: &str, authorities: &Path| {
        let mut command = run::command(frontend::binary().unwrap().to_str().unwrap());
        command.args(["report", &format!("https://{name}"), "--format=json"]).current_dir(dir);
        run_of(command.env("DOCKER_CONFIG", dir.join(config)).env("SSL_CERT_FILE", authorities))
    };
    let own = dir.join("cert.pem");
    let output = ask("known", &own).checked().unwrap();
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(json["figures"]["totals"]["images"], 1, "{json:#}");
    let output = ask("unknown", &own);
    let told = format!("docker login localhost:{port}");
    assert!(output.status.code() == Some(1) && output.stderr.contains(&told), "{output:?}");
    // Without the certificate nobody is believed, whatever the password.
    let output = ask("known", Path::new("/etc/ssl/certs/ca-certificates.crt"));
    let told = format!("cannot trust localhost:{port}");
    assert!(output.status.code() == Some(1) && output.stderr.contains(&told), "{output:?}");
}
