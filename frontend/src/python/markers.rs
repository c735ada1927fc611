//! An interpreter as markers and resolvers see it.

use layerset_lock::{Environment, Marker, MarkerEnvironment, Op, Operand};
use unwheel::{Interpreter, Libc};

/// The variables of environment markers.
pub fn markers(interpreter: &Interpreter) -> MarkerEnvironment {
    let markers = interpreter.markers.clone();
    MarkerEnvironment {
        os_name: markers.os_name,
        sys_platform: markers.sys_platform,
        platform_machine: markers.platform_machine,
        platform_python_implementation: markers.platform_python_implementation,
        platform_release: markers.platform_release,
        platform_system: markers.platform_system,
        platform_version: markers.platform_version,
        python_version: markers.python_version,
        python_full_version: markers.python_full_version,
        implementation_name: markers.implementation_name,
        implementation_version: markers.implementation_version,
    }
}

/// The version and platform in a resolver's words, on a machine, `uname -m`'s name of it. With the patch version, which a
/// resolver would take to be 0: packages may be for, or require, a later one. One such as `3.15.0rc1` is known to
/// it without.
pub fn environment_on(interpreter: &Interpreter, machine: &str) -> Environment {
    let platform = resolver_platform(machine, interpreter.libc);
    let (major, minor) = interpreter.version;
    let full = &interpreter.full_version;
    let plain =
        full.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && full.split('.').count() == 3;
    let python = if plain { full.clone() } else { format!("{major}.{minor}") };
    Environment { python, platform }
}

/// A machine and a C library in a resolver's words, which knows not all of them.
pub fn resolver_platform(machine: &str, libc: Option<Libc>) -> String {
    match libc {
        Some(Libc::Musl { .. }) => format!("{machine}-unknown-linux-musl"),
        // The one name that uv has for it.
        _ if machine == "riscv64" => "riscv64-unknown-linux".to_owned(),
        // uv knows these; what was built for an older one runs on a newer one.
        Some(Libc::Glibc { major: 2, minor }) => {
            let known = [17, 28].into_iter().chain(31..=40).rfind(|known| *known <= minor).unwrap_or(17);
            format!("{machine}-manylinux_2_{known}")
        }
        Some(Libc::Glibc { .. }) => format!("{machine}-manylinux_2_40"),
        None => format!("{machine}-unknown-linux-gnu"),
    }
}

/// The facts of the same Python on another machine, `uname -m`'s name of it: its version, directories and C library
/// are those of its image, whichever machine that is for.
pub fn interpreter_on(interpreter: &Interpreter, machine: &str) -> Interpreter {
    let mut other = interpreter.clone();
    let own = interpreter.markers.platform_machine.clone();
    if let Some(suffix) = &mut other.ext_suffix {
        *suffix = suffix.replace(&own, machine);
    }
    machine.clone_into(&mut other.markers.platform_machine);
    // What the kernel of the other machine calls itself nobody knows here.
    other.markers.platform_release.clear();
    other.markers.platform_version.clear();
    other.platform = format!("linux-{machine}");
    other.pointer_width = if matches!(machine, "i686" | "armv6l" | "armv7l") { 32 } else { 64 };
    // Images of 32-bit ARM have hard floats, but for those of version 5.
    other.manylinux = true;
    other
}

/// The version in an environment of a lock of ours, `3.13` of `python_version == '3.13' and …`.
pub fn version_of(environment: &Marker) -> Option<String> {
    value(environment, "python_version").map(str::to_owned)
}

/// The machine in it, `x86_64` of `… and platform_machine == 'x86_64'`.
pub fn machine_of(environment: &Marker) -> Option<&str> {
    value(environment, "platform_machine")
}

/// What a variable has to be where a marker holds.
pub(super) fn value<'m>(marker: &'m Marker, name: &str) -> Option<&'m str> {
    match marker {
        Marker::And(parts) => parts.iter().find_map(|part| value(part, name)),
        Marker::Compare { left: Operand::Variable(variable), op: Op::Equal, right: Operand::Text(text) }
            if *variable == name =>
        {
            Some(text)
        }
        Marker::Or(_) | Marker::Compare { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::{assumed, tests::lock};

    #[test]
    fn platforms_are_named_as_a_resolver_names_them() {
        let (old, glibc) = (Libc::Glibc { major: 2, minor: 30 }, Libc::Glibc { major: 2, minor: 41 });
        let musl = Libc::Musl { major: 1, minor: 2 };
        for (machine, libc, expected) in [
            ("x86_64", Some(old), "x86_64-manylinux_2_28"),
            ("aarch64", Some(glibc), "aarch64-manylinux_2_40"),
            ("aarch64", Some(musl), "aarch64-unknown-linux-musl"),
            ("riscv64", Some(glibc), "riscv64-unknown-linux"),
        ] {
            assert_eq!(resolver_platform(machine, libc), expected);
        }
    }

    #[test]
    fn a_resolver_is_told_the_patch_version() {
        let mut interpreter = assumed(&lock(&[]), "x86_64").unwrap();
        for (full, expected) in
            [("3.12.5", "3.12.5"), ("3.12.0rc2", "3.12"), ("3.12.5+", "3.12"), ("3.12", "3.12")]
        {
            full.clone_into(&mut interpreter.full_version);
            assert_eq!(environment_on(&interpreter, "x86_64").python, expected);
        }
    }
}
