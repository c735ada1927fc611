//! Test base images under their usual names, made on this machine: no registry is asked. `python` makes those with
//! an interpreter.

mod python;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};

use crate::debian;
use crate::error::{Doing, Error, Result};
use crate::lock::Lock;
use crate::place::Place;
use crate::step::step;
use crate::{archive, root, run};

/// Changes whenever an image is made differently, so that old archives are not taken for new ones.
const EDITION: u32 = 1;

/// A base image: its archive's name, its tags, and how its root is made.
#[derive(Debug)]
pub struct Base {
    name: &'static str,
    /// Whether it is made of files from the engines' root, which then has to be there.
    needs_root: bool,
    /// What engines and tests call it; the first is the one that is pushed to the registry.
    pub tags: &'static [&'static str],
    make: fn(&Place, &Path) -> Result<Value>,
}

/// All base images.
pub const BASES: &[Base] = &[
    Base { name: "busybox", needs_root: true, tags: &["busybox:latest", "busybox:1.37"], make: busybox },
    Base { name: "uv", needs_root: false, tags: &["ghcr.io/astral-sh/uv:latest", "uv:latest"], make: uv },
    Base {
        name: "python",
        needs_root: false,
        tags: &["python:3.13-slim", "python:3.13-slim-trixie"],
        make: python::with_pip,
    },
    Base {
        name: "python311",
        needs_root: false,
        tags: &["python:3.11-slim", "python:3.11-slim-bookworm"],
        make: python::alone,
    },
];

/// Makes sure that the engines' root and all base images are there. The caller holds the lock.
pub fn ensure(place: &Place) -> Result<()> {
    if !root::is_there(place) || BASES.iter().any(|base| !base.path(place).exists()) {
        root::require_root_user()?;
        debian::ensure("debootstrap", &["--version"], "debootstrap")?;
        debian::ensure("python3", &["-m", "pip", "--version"], "python3-pip")?;
    }
    let (late, early): (Vec<&Base>, Vec<&Base>) = BASES.iter().partition(|base| base.needs_root);
    // Mostly waiting for the network and for dpkg, so all at once.
    thread::scope(|scope| {
        let making: Vec<_> = early.into_iter().map(|base| scope.spawn(|| base.archive(place))).collect();
        root::ensure(place)?;
        for base in late {
            base.archive(place)?;
        }
        for thread in making {
            thread.join().map_err(|_| Error::new("making a base image panicked"))??;
        }
        Ok(())
    })
}

impl Base {
    fn path(&self, place: &Place) -> PathBuf {
        place.images().join(format!("{}-{EDITION}.tar", self.name))
    }

    /// The archive that engines load, made if it is not there. The caller holds the lock.
    pub fn archive(&self, place: &Place) -> Result<PathBuf> {
        let archive = self.path(place);
        if archive.exists() {
            return Ok(archive);
        }
        let rootfs = place.images().join(format!("{}.unfinished", self.name));
        if rootfs.exists() {
            fs::remove_dir_all(&rootfs).doing_to("clear", &rootfs)?;
        }
        fs::create_dir_all(&rootfs).doing_to("make", &rootfs)?;
        step(&format!("base image {}", self.tags[0]), || {
            let config = (self.make)(place, &rootfs)?;
            archive::write(&archive, self.tags, &config, &rootfs)
        })?;
        fs::remove_dir_all(&rootfs).doing_to("clear", &rootfs)?;
        Ok(archive)
    }
}

/// The static busybox of the engines' root, with a link for each of its applets.
fn busybox(place: &Place, rootfs: &Path) -> Result<Value> {
    let bin = rootfs.join("bin");
    for dir in ["bin", "etc", "root", "tmp", "var", "home"] {
        let dir = rootfs.join(dir);
        fs::create_dir_all(&dir).doing_to("make", &dir)?;
    }
    let tmp = rootfs.join("tmp");
    fs::set_permissions(&tmp, fs::Permissions::from_mode(0o1777)).doing_to("open up", &tmp)?;
    let program = bin.join("busybox");
    fs::copy(place.root().join("usr/bin/busybox"), &program).doing("copy busybox")?;
    for applet in run::output(run::command(&program.to_string_lossy()).arg("--list"))?.lines() {
        if applet != "busybox" {
            symlink("busybox", bin.join(applet)).doing("link an applet of busybox")?;
        }
    }
    write(
        &rootfs.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
        0o644,
    )?;
    write(&rootfs.join("etc/group"), "root:x:0:\nnobody:x:65534:\n", 0o644)?;
    Ok(json!({
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Cmd": ["sh"],
    }))
}

/// The static binary out of uv's wheel, alone.
fn uv(place: &Place, rootfs: &Path) -> Result<Value> {
    let platform = format!("musllinux_1_1_{}", std::env::consts::ARCH);
    let wheel = wheel(place, "uv", &["--platform", &platform])?;
    let unpacked = rootfs.with_extension("wheel");
    unpack_wheel(&wheel, &unpacked)?;
    let program = fs::read_dir(&unpacked)
        .doing_to("read", &unpacked)?
        .filter_map(|entry| Some(entry.ok()?.path().join("scripts/uv")))
        .find(|path| path.exists())
        .ok_or_else(|| Error::new(format!("found no scripts/uv in {}", wheel.display())))?;
    let target = rootfs.join("uv");
    fs::copy(&program, &target).doing_to("copy", &program)?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).doing_to("make executable", &target)?;
    fs::remove_dir_all(&unpacked).doing_to("clear", &unpacked)?;
    Ok(json!({
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Entrypoint": ["/uv"],
        "WorkingDir": "/io",
    }))
}

/// uv itself, for the command line: the program of the image, put beside its archive. The caller holds no lock.
pub fn uv_program() -> Result<PathBuf> {
    let place = Place::open()?;
    let _lock = Lock::of(&place.images())?;
    let program = place.images().join(format!("uv-{EDITION}"));
    if !program.exists() {
        let base =
            BASES.iter().find(|base| base.name == "uv").ok_or_else(|| Error::new("no base image is uv"))?;
        let (archive, unpacked) = (base.archive(&place)?, place.images().join("uv.unpacked"));
        fs::create_dir_all(&unpacked).doing_to("make", &unpacked)?;
        for (archive, file) in [(archive, "layer.tar"), (unpacked.join("layer.tar"), "./uv")] {
            run::output(run::command("tar").arg("-C").arg(&unpacked).arg("-xf").arg(archive).arg(file))?;
        }
        fs::rename(unpacked.join("uv"), &program).doing_to("make", &program)?;
        fs::remove_dir_all(&unpacked).doing_to("clear", &unpacked)?;
    }
    Ok(program)
}

/// Downloads a wheel by pip, from wherever the machine's pip is set up to.
fn wheel(place: &Place, name: &str, args: &[&str]) -> Result<PathBuf> {
    let dir = place.images().join(format!("wheel-{name}"));
    if dir.exists() {
        fs::remove_dir_all(&dir).doing_to("clear", &dir)?;
    }
    run::output(
        run::command("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"])
            .arg(&dir)
            .args(args)
            .arg(name),
    )?;
    fs::read_dir(&dir)
        .doing_to("read", &dir)?
        .find_map(|entry| Some(entry.ok()?.path()))
        .ok_or_else(|| Error::new(format!("pip downloaded no wheel of {name}")))
}

fn unpack_wheel(wheel: &Path, target: &Path) -> Result<()> {
    run::output(run::command("python3").args(["-m", "zipfile", "-e"]).arg(wheel).arg(target)).map(drop)
}

fn write(path: &Path, content: &str, mode: u32) -> Result<()> {
    fs::write(path, content).doing_to("write", path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).doing_to("set the mode of", path)
}
