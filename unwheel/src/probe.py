import sys

# The folder one stands in is no place for modules.
sys.path[:] = [path for path in sys.path if path]

import json

# Anything older cannot run the rest, but can say what it is.
if sys.version_info[:2] < (3, 8):
    print(json.dumps({"too_old": "%d.%d" % sys.version_info[:2]}))
    sys.exit(0)

import os
import platform
import struct
import subprocess
import sysconfig

XY = "%d.%d" % sys.version_info[:2]
IN_VENV = sys.prefix != getattr(sys, "base_prefix", sys.prefix)


def elf(path):
    """Class, byte order, machine, flags and program interpreter of an ELF file; None if it is none."""
    with open(path, "rb") as file:
        ident = file.read(16)
        if ident[:4] != b"\x7fELF":
            return None
        wide, order = ident[4] == 2, "<" if ident[5] == 1 else ">"
        form = order + ("HHIQQQIHHH" if wide else "HHIIIIIHHH")
        header = struct.unpack(form, file.read(struct.calcsize(form)))
        machine, table, flags, size, count = header[1], header[4], header[6], header[8], header[9]
        form = order + ("IIQQQQQQ" if wide else "IIIIIIII")
        loader = None
        for index in range(count):
            file.seek(table + size * index)
            row = struct.unpack(form, file.read(struct.calcsize(form)))
            if row[0] == 3:  # PT_INTERP
                file.seek(row[2] if wide else row[1])
                loader = os.fsdecode(file.read(row[5] if wide else row[4])).strip("\0")
                break
        return {"wide": wide, "little": order == "<", "machine": machine, "flags": flags, "loader": loader}


def two(text):
    """The first two numbers of a version; what follows them may be anything."""
    major, minor = text.strip().split(".")[:2]
    digits = ""
    for letter in minor:
        if not letter.isdigit():
            break
        digits += letter
    return int(major), int(digits)


def libc(binary):
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").rsplit(None, 1)
        major, minor = two(version)
        return {"name": "glibc", "major": major, "minor": minor}
    except (AttributeError, OSError, ValueError):
        pass
    loader = binary and binary["loader"]
    if not loader or "musl" not in loader:
        return None
    # The loader says its version when it is given nothing to load.
    said = subprocess.run([loader], stderr=subprocess.PIPE, stdout=subprocess.PIPE).stderr
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    if len(lines) < 2 or not lines[0].startswith("musl") or not lines[1].startswith("Version "):
        return None
    major, minor = two(lines[1][len("Version "):])
    return {"name": "musl", "major": major, "minor": minor}


def manylinux(binary):
    if binary is None:
        return False
    if binary["machine"] == 40:  # ARM: EABI 5 with hard floats
        return not binary["wide"] and binary["little"] and binary["flags"] & 0xFF000400 == 0x05000400
    if binary["machine"] == 3:  # 386
        return not binary["wide"] and binary["little"]
    return True


def scheme_by_distutils():
    """Before 3.10 only distutils knew of a distributor's own paths, and only where it is installed."""
    from distutils.dist import Distribution

    command = Distribution({"name": "x"}).get_command_obj("install")
    command.finalize_options()
    return {
        "purelib": command.install_purelib,
        "platlib": command.install_platlib,
        "scripts": command.install_scripts,
        "data": command.install_data,
        "headers": os.path.dirname(command.install_headers),
    }


def scheme_by_sysconfig():
    preferred = getattr(sysconfig, "get_preferred_scheme", None)
    if preferred is not None:
        name = preferred("prefix")
    else:
        names = sysconfig.get_scheme_names()
        name = sys.implementation.name if sys.implementation.name in names else "posix_prefix"
    paths = sysconfig.get_paths(scheme=name)
    found = {key: paths[key] for key in ("purelib", "platlib", "scripts", "data")}
    found["headers"] = paths["include"]
    return found


def scheme():
    found = None
    if sys.version_info < (3, 10):
        try:
            found = scheme_by_distutils()
        except Exception:
            pass
    if found is None:
        found = scheme_by_sysconfig()
        # A distributor's Python without its distutils: its own folders are those it looks in.
        if sys.version_info < (3, 10) and found["purelib"] not in sys.path:
            import site

            local = [path for path in site.getsitepackages() if path.startswith("/usr/local/")]
            if local:
                found = {
                    "purelib": local[0],
                    "platlib": local[0],
                    "scripts": "/usr/local/bin",
                    "data": "/usr/local",
                    "headers": "/usr/local/include/python" + XY,
                }
    if IN_VENV:
        found["headers"] = os.path.join(sys.prefix, "include", "site", "python" + XY)
    found["executable"] = sys.executable
    found["python"] = XY
    return found


def externally_managed():
    default = getattr(sysconfig, "get_default_scheme", None)
    stdlib = sysconfig.get_path("stdlib", default()) if default else sysconfig.get_path("stdlib")
    return not IN_VENV and os.path.isfile(os.path.join(stdlib, "EXTERNALLY-MANAGED"))


def implementation_version():
    version = sys.implementation.version
    text = "%d.%d.%d" % version[:3]
    if version.releaselevel != "final":
        text += version.releaselevel[0] + str(version.serial)
    return text


def runtime(binary):
    """The paths that this interpreter needs to compile modules, whatever else its image holds."""
    executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    folders = {os.path.realpath(path) for path in map(sysconfig.get_path, ("stdlib", "platstdlib")) if path}
    script = "import compileall; print(open('/proc/self/maps').read())"
    said = subprocess.run([executable, "-S", "-s", "-c", script], stdout=subprocess.PIPE, check=True).stdout
    mapped = {os.fsdecode(line).split(None, 5)[5] for line in said.splitlines() if b"/" in line}
    paths = {executable}
    if binary and binary["loader"]:
        paths.add(binary["loader"])
    for path in mapped:
        below = any(path.startswith(folder + "/") for folder in folders)
        if below or path == executable or not os.path.isfile(path) or elf(path) is None:
            continue
        # A library is asked for by one of its names.
        folder = os.path.dirname(path)
        names = (os.path.join(folder, name) for name in os.listdir(folder))
        paths.update(name for name in names if os.path.realpath(name) == path)
    if not folders or any(not os.path.isdir(folder) for folder in folders):
        return None
    return {"executable": executable, "paths": sorted(paths | folders)}


def debug():
    known = sysconfig.get_config_var("Py_DEBUG")
    return bool(known) or (known is None and hasattr(sys, "gettotalrefcount"))


full = platform.python_version()
if full.endswith("+"):
    full += "local"
try:
    binary = elf(sys.executable)
except (IndexError, OSError, struct.error):
    binary = None
try:
    alone = runtime(binary)
except (IndexError, OSError, subprocess.SubprocessError, struct.error):
    alone = None
facts = {
    "implementation": {"name": sys.implementation.name, "version": implementation_version()},
    "version": list(sys.version_info[:2]),
    "full_version": full,
    "abi_flags": getattr(sys, "abiflags", ""),
    "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "debug": debug(),
    "free_threaded": sys.version_info >= (3, 13) and bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "platform": sysconfig.get_platform(),
    "pointer_width": struct.calcsize("P") * 8,
    "libc": libc(binary),
    "manylinux": manylinux(binary),
    "scheme": scheme(),
    "virtual_environment": IN_VENV,
    "externally_managed": externally_managed(),
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": implementation_version(),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        # Of the kernel, not of the image.
        "platform_release": "",
        "platform_system": platform.system(),
        "platform_version": "",
        "python_full_version": full,
        "python_version": XY,
        "sys_platform": sys.platform,
    },
    "runtime": alone,
}
print(json.dumps(facts, sort_keys=True))
