//! Platform tags on Linux.

use crate::interpreter::{Interpreter, Libc};

/// The last minor version of glibc 2, should there be a 3: those of a major version run on the next.
const LAST_GLIBC_2: u32 = 50;

/// The platform tags that the interpreter takes, best first: those of its own machine as it is, then
/// those of C libraries from the newest to the oldest.
pub(crate) fn platforms(interpreter: &Interpreter) -> Vec<String> {
    let own = interpreter.platform.replace(['.', '-', ' '], "_");
    let Some(machine) = own.strip_prefix("linux_") else { return vec![own] };
    // A 32-bit interpreter under a 64-bit kernel.
    let machine = match (machine, interpreter.pointer_width) {
        ("x86_64", 32) => "i686",
        ("aarch64", 32) => "armv8l",
        _ => machine,
    };
    let machines: &[&str] = if machine == "armv8l" { &["armv8l", "armv7l"] } else { &[machine] };
    let mut tags: Vec<String> = machines.iter().map(|machine| format!("linux_{machine}")).collect();
    match interpreter.libc {
        Some(Libc::Glibc { major, minor }) if has_manylinux(machines, interpreter.manylinux) => {
            for machine in machines {
                manylinux(machine, (major, minor), &mut tags);
            }
        }
        Some(Libc::Musl { major, minor }) => {
            for machine in machines {
                tags.extend((0..=minor).rev().map(|minor| format!("musllinux_{major}_{minor}_{machine}")));
            }
        }
        _ => {}
    }
    tags
}

/// Machines that manylinux is defined for; the 32-bit ones need an ABI besides.
fn has_manylinux(machines: &[&str], abi: bool) -> bool {
    let known = ["x86_64", "aarch64", "ppc64", "ppc64le", "s390x", "loongarch64", "riscv64"]
        .iter()
        .any(|known| machines.contains(known));
    if machines.contains(&"armv7l") || machines.contains(&"i686") { abi } else { known }
}

fn manylinux(machine: &str, (major, minor): (u32, u32), tags: &mut Vec<String>) {
    // Older images than these were never made.
    let oldest = if matches!(machine, "x86_64" | "i686") { 5 } else { 17 };
    for now in (2..=major).rev() {
        let newest = if now == major { minor } else { LAST_GLIBC_2 };
        let last = if now == 2 { oldest } else { 0 };
        for minor in (last..=newest).rev() {
            tags.push(format!("manylinux_{now}_{minor}_{machine}"));
            let legacy = match (now, minor) {
                (2, 17) => "manylinux2014",
                (2, 12) => "manylinux2010",
                (2, 5) => "manylinux1",
                _ => continue,
            };
            tags.push(format!("{legacy}_{machine}"));
        }
    }
}
