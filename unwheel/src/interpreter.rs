//! The facts of an interpreter that decide what is installed, and where.

use serde::{Deserialize, Serialize};

use crate::scheme::Scheme;

/// An interpreter as its image has it. Two images with equal facts take the same layers; the micro
/// version is only in [`Interpreter::full_version`] and in the markers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "facts that have nothing to do with each other")]
pub struct Interpreter {
    /// What it is an implementation of Python by.
    pub implementation: Implementation,
    /// Major and minor version of the language.
    pub version: (u32, u32),
    /// All of the version, `3.12.4`.
    pub full_version: String,
    /// `sys.abiflags`.
    pub abi_flags: String,
    /// `EXT_SUFFIX` of `sysconfig`: `.cpython-312-x86_64-linux-gnu.so`.
    pub ext_suffix: Option<String>,
    /// A build with debug checks takes wheels of such builds, then others.
    pub debug: bool,
    /// A build without the global interpreter lock takes wheels of such builds only.
    pub free_threaded: bool,
    /// `sysconfig.get_platform()`: `linux-x86_64`, of the kernel.
    pub platform: String,
    /// Bits of a pointer: of the interpreter.
    pub pointer_width: u32,
    /// The C library it is linked to. None where it is linked to none that wheels are made for.
    pub libc: Option<Libc>,
    /// Whether the executable follows the ABI that manylinux wheels of its machine are built for: hard
    /// floats on 32-bit ARM.
    pub manylinux: bool,
    /// Where things are installed.
    pub scheme: Scheme,
    /// Whether it is that of a virtual environment.
    pub virtual_environment: bool,
    /// Whether its distributor asks that only the system's packager installs. We note it: a layer is
    /// what the author of the image wants in it.
    pub externally_managed: bool,
    /// The environment of markers.
    pub markers: Markers,
    /// What it needs to run by itself, if it was asked where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
}

/// An interpreter without the rest of its image: enough to compile modules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Runtime {
    /// The program, which is no link and of no virtual environment.
    pub executable: String,
    /// Program, loader, libraries and standard library, as they are looked for: sorted, none below another.
    pub paths: Vec<String>,
}

/// `sys.implementation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Implementation {
    /// `cpython`, `pypy`.
    pub name: String,
    /// Its own version: for `CPython` that of the language.
    pub version: String,
}

/// A C library; what was built for an earlier minor version runs on a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Libc {
    /// GNU's.
    Glibc {
        /// 2.
        major: u32,
        /// 36 of 2.36.
        minor: u32,
    },
    /// Alpine's.
    Musl {
        /// 1.
        major: u32,
        /// 2 of 1.2.5.
        minor: u32,
    },
}

/// The variables of environment markers, all that "dependency specifiers" names but `extra`.
/// `platform_release` and `platform_version` are of the kernel, which no image has: they are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the specification says it")]
pub struct Markers {
    pub implementation_name: String,
    pub implementation_version: String,
    pub os_name: String,
    pub platform_machine: String,
    pub platform_python_implementation: String,
    pub platform_release: String,
    pub platform_system: String,
    pub platform_version: String,
    pub python_full_version: String,
    pub python_version: String,
    pub sys_platform: String,
}
