//! Good wheels, and each kind of bad one by the message it gives.

mod archive;
mod good;
mod info;
mod random;
mod tree;

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::made::zip::{self, Entry};
use crate::made::{Made, listing, save};
use crate::scheme::tests::slim;

const LIB: &str = "usr/local/lib/python3.12/site-packages";

/// A place for wheels and one for the tree.
struct Places {
    wheels: tempfile::TempDir,
    root: tempfile::TempDir,
}

impl Places {
    fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        Self { wheels: folder(), root: folder() }
    }

    fn install(&self, made: &[&Made]) -> Result<Installed, Vec<Problem>> {
        let wheels: Vec<WheelFile> = made.iter().map(|made| made.save(self.wheels.path())).collect();
        install(&wheels, &slim(), self.root.path())
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).expect(path)
    }

    fn is_untouched(&self) -> bool {
        fs::read_dir(self.root.path()).expect("a folder").next().is_none()
    }
}

fn messages(result: Result<Installed, Vec<Problem>>) -> Vec<String> {
    result.expect_err("an error").iter().map(ToString::to_string).collect()
}

/// One of everything that a wheel may have.
fn everything() -> Made {
    Made::new("Some_Pkg")
        .file("some_pkg/__init__.py", "x = 1\n")
        .executable("some_pkg/tool", "#!/bin/sh\n")
        .file("some_pkg.pth", "import x\n")
        .file("name, with \"quotes\".txt", "x")
        .raw(Entry { mode: 0o40_755, method: 0, ..Entry::new("some_pkg/empty/", b"") })
        .raw(Entry { method: 0, ..Entry::new("some_pkg/stored", b"stored") })
        .file("Some_Pkg-1.0.data/purelib/pure.py", "")
        .file("Some_Pkg-1.0.data/platlib/plat.py", "p")
        .file("Some_Pkg-1.0.data/data/share/x/y", "data")
        .file("Some_Pkg-1.0.data/headers/a.h", "header")
        .file("Some_Pkg-1.0.data/scripts/run", "#!python\nprint()\n")
        .file("Some_Pkg-1.0.data/scripts/shell", "#!/bin/sh\n")
        .file("Some_Pkg-1.0.data/scripts/cons", "a wrapper of setuptools")
        .info_file("INSTALLER", "somebody")
        .info_file(
            "entry_points.txt",
            "[console_scripts]\ncons = some_pkg:main\n[gui_scripts]\ngui=some_pkg.g:A.b\n",
        )
}

fn sha256(bytes: &[u8]) -> String {
    record::sha256_text(&Sha256::digest(bytes))
}
