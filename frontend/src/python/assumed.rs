//! The interpreter that a lock was made for, where no stage can be asked: enough for a plan on the command
//! line, never for a build.

use layerset_lock::{Lock, MarkerEnvironment};
use unwheel::{Implementation, Interpreter, Libc, Markers, Runtime, Scheme};

use super::markers::{value, version_of};

/// What wheels of a lock for glibc run on: newer than any they are built for.
const GLIBC: Libc = Libc::Glibc { major: 2, minor: 41 };
/// The same for Alpine.
const MUSL: Libc = Libc::Musl { major: 1, minor: 2 };

/// `CPython` as the images `python:…` have it, with the version and processor of the lock's first environment, or of
/// its first one for `machine` (`x86_64`). `None`: the lock says no version.
pub fn assumed(lock: &Lock, machine: &str) -> Option<Interpreter> {
    let environments = || lock.environments.iter();
    let for_machine = environments().find(|marker| value(marker, "platform_machine") == Some(machine));
    let environment = for_machine.or_else(|| environments().next());
    let version = environment.and_then(version_of);
    let version = version.or_else(|| oldest(lock))?;
    let machine = environment.and_then(|marker| value(marker, "platform_machine")).unwrap_or(machine);
    let (major, minor) = version.split_once('.')?;
    let version = (major.parse().ok()?, minor.parse().ok()?);
    Some(interpreter(version, machine, libc(lock)))
}

/// The oldest version that a lock of others is for.
fn oldest(lock: &Lock) -> Option<String> {
    let text = lock.requires_python.as_ref()?.to_string();
    let least =
        text.split(',').find_map(|part| part.trim().strip_prefix(">=").or(part.trim().strip_prefix("==")))?;
    let mut parts = least.trim().split('.');
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

/// That of most wheels with compiled modules.
fn libc(lock: &Lock) -> Libc {
    let wheels = || lock.packages.iter().flat_map(|package| &package.wheels);
    let count = |what: &str| wheels().filter(|wheel| wheel.filename.contains(what)).count();
    if count("manylinux") < count("musllinux") { MUSL } else { GLIBC }
}

fn interpreter((major, minor): (u32, u32), machine: &str, libc: Libc) -> Interpreter {
    let python = format!("{major}.{minor}");
    let MarkerEnvironment {
        os_name,
        sys_platform,
        platform_machine,
        platform_python_implementation,
        platform_release,
        platform_system,
        platform_version,
        python_version,
        python_full_version,
        implementation_name,
        implementation_version,
        // A late one: who names no patch version has the newest.
    } = MarkerEnvironment::linux(&format!("{python}.99"), machine);
    let site = format!("/usr/local/lib/python{python}/site-packages");
    let (executable, library) =
        (format!("/usr/local/bin/python{python}"), format!("/usr/local/lib/python{python}"));
    let bits = if matches!(machine, "i686" | "armv6l" | "armv7l") { 32 } else { 64 };
    Interpreter {
        implementation: Implementation {
            name: implementation_name.clone(),
            version: implementation_version.clone(),
        },
        version: (major, minor),
        full_version: python_full_version.clone(),
        abi_flags: String::new(),
        ext_suffix: None,
        debug: false,
        free_threaded: false,
        platform: format!("linux-{machine}"),
        pointer_width: bits,
        libc: Some(libc),
        manylinux: true,
        scheme: Scheme {
            purelib: site.clone(),
            platlib: site,
            scripts: "/usr/local/bin".to_owned(),
            data: "/usr/local".to_owned(),
            headers: format!("/usr/local/include/python{python}"),
            executable: "/usr/local/bin/python3".to_owned(),
            python,
        },
        virtual_environment: false,
        externally_managed: false,
        markers: Markers {
            implementation_name,
            implementation_version,
            os_name,
            platform_machine,
            platform_python_implementation,
            platform_release,
            platform_system,
            platform_version,
            python_full_version,
            python_version,
            sys_platform,
        },
        runtime: Some(Runtime { paths: vec![executable.clone(), library], executable }),
    }
}

/// `Python 3.12 of /usr/local with glibc`
pub fn describe(interpreter: &Interpreter) -> String {
    let (major, minor) = interpreter.version;
    let libc = match interpreter.libc {
        Some(Libc::Musl { .. }) => "musl",
        _ => "glibc",
    };
    let machine = &interpreter.markers.platform_machine;
    format!("Python {major}.{minor} in {} on {machine} with {libc}", interpreter.scheme.purelib)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str, wheel: &str) -> Lock {
        let text = format!(
            "lock-version = \"1.0\"\n{head}\n[[packages]]\nname = \"a\"\nversion = \"1\"\n\
             wheels = [{{ url = \"https://example.com/{wheel}\", hashes = {{ sha256 = \"{}\" }} }}]\n",
            "0".repeat(64)
        );
        Lock::read("pylock.toml", text.as_bytes()).unwrap()
    }

    fn described(head: &str, wheel: &str, machine: &str) -> Option<String> {
        assumed(&read(head, wheel), machine).as_ref().map(describe)
    }

    #[test]
    fn the_environment_of_the_machine_or_the_first() {
        let one = |version: &str, machine: &str| {
            format!(
                "\"python_version == '{version}' and sys_platform == 'linux' and platform_machine == '{machine}'\""
            )
        };
        let head = format!("environments = [{}, {}]", one("3.12", "x86_64"), one("3.13", "aarch64"));
        let wheel = "a-1-py3-none-any.whl";
        let found = |machine: &str| described(&head, wheel, machine).unwrap();
        assert_eq!(
            found("x86_64"),
            "Python 3.12 in /usr/local/lib/python3.12/site-packages on x86_64 with glibc"
        );
        assert_eq!(
            found("aarch64"),
            "Python 3.13 in /usr/local/lib/python3.13/site-packages on aarch64 with glibc"
        );
        assert_eq!(found("s390x"), found("x86_64"));
    }

    #[test]
    fn locks_of_others_say_the_oldest_version() {
        let musl = "a-1-cp311-cp311-musllinux_1_2_x86_64.whl";
        let found = described("requires-python = \">=3.11.2,<4\"", musl, "x86_64");
        assert_eq!(
            found.unwrap(),
            "Python 3.11 in /usr/local/lib/python3.11/site-packages on x86_64 with musl"
        );
        assert_eq!(described("", musl, "x86_64"), None);
    }

    #[test]
    fn it_takes_wheels() {
        let wheel = "a-1-cp312-cp312-manylinux_2_28_x86_64.whl";
        let lock = read("requires-python = \">=3.12\"", wheel);
        let tags = unwheel::supported(&assumed(&lock, "x86_64").unwrap());
        let names = [wheel.parse().unwrap()];
        assert_eq!(unwheel::select(&names, &unwheel::Ranks::of(&tags)), Some(0));
    }
}
