//! Base images with Debian's Python, where the official images have their own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use super::{unpack_wheel, wheel, write};
use crate::debian::Recipe;
use crate::error::{Doing, Result};
use crate::place::Place;
use crate::{root, run};

/// Today's, with pip.
pub(super) fn with_pip(place: &Place, rootfs: &Path) -> Result<Value> {
    let recipe = Recipe { suite: "trixie", script: "sid", packages: &["ca-certificates", "python3"] };
    let config = make(place, rootfs, &recipe, "python")?;
    let packages = rootfs.join("usr/local/lib/python3.13/dist-packages");
    unpack_wheel(&wheel(place, "pip", &[])?, &packages)?;
    write(
        &rootfs.join("usr/local/bin/pip"),
        "#!/usr/bin/python3\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n",
        0o755,
    )?;
    // Debian forbids pip beside apt; the image that this one stands for does not.
    let _ = fs::remove_file(rootfs.join("usr/lib/python3.13/EXTERNALLY-MANAGED"));
    Ok(config)
}

/// An older one, and no pip at all.
pub(super) fn alone(place: &Place, rootfs: &Path) -> Result<Value> {
    let recipe = Recipe { suite: "bookworm", script: "sid", packages: &["ca-certificates", "python3"] };
    make(place, rootfs, &recipe, "python311")
}

/// The root, without what no program reads; `name` is the log's. Gives the image's configuration.
fn make(place: &Place, rootfs: &Path, recipe: &Recipe<'_>, name: &str) -> Result<Value> {
    recipe.make(rootfs, &place.log(name))?;
    root::trust_same_authorities(rootfs)?;
    for path in
        ["var/lib/apt/lists", "var/cache", "var/log", "usr/share/doc", "usr/share/man", "usr/share/locale"]
    {
        let path = rootfs.join(path);
        fs::remove_dir_all(&path).doing_to("clear", &path)?;
        fs::create_dir_all(&path).doing_to("make", &path)?;
    }
    // The machine's own resolver is not the container's.
    write(&rootfs.join("etc/resolv.conf"), "", 0o644)?;
    write(&rootfs.join("etc/hostname"), "", 0o644)?;
    let version = run::output(run::command("chroot").arg(rootfs).args([
        "python3",
        "-c",
        "import platform; print(platform.python_version())",
    ]))?;
    symlink("/usr/bin/python3", rootfs.join("usr/local/bin/python")).doing("link python")?;
    Ok(json!({
        "Env": [
            "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=C.UTF-8",
            format!("PYTHON_VERSION={}", version.trim()),
        ],
        "Cmd": ["python3"],
    }))
}
