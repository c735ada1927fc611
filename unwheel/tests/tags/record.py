"""Records what the `packaging` library says of interpreters that are not at hand: prints recorded.json.

    python3 record.py > recorded.json

Each case has the facts of an interpreter, its platform tags in order, and its tags, where `*` stands for
each platform tag in turn.
"""

import json
import sysconfig
from unittest import mock

from packaging import _manylinux, _musllinux, tags


def facts(version, platform, libc, implementation="cpython", **other):
    plain = {"debug": False, "free_threaded": False, "ext_suffix": None, "pointer_width": 64, "manylinux": True}
    return {
        "implementation": {"name": implementation, "version": "1.0.0"},
        "version": list(version),
        "platform": platform,
        "libc": libc,
        **plain,
        **other,
    }


def glibc(minor):
    return {"name": "glibc", "major": 2, "minor": minor}


CASES = [
    facts((3, 12), "linux-x86_64", glibc(36)),
    facts((3, 8), "linux-x86_64", glibc(31), pointer_width=32),
    facts((3, 11), "linux-aarch64", glibc(31)),
    facts((3, 11), "linux-aarch64", glibc(31), pointer_width=32),
    facts((3, 11), "linux-armv7l", glibc(31), manylinux=False),
    facts((3, 13), "linux-aarch64", {"name": "musl", "major": 1, "minor": 2}),
    facts((3, 14), "linux-x86_64", glibc(41), free_threaded=True),
    facts((3, 13), "linux-x86_64", glibc(36), free_threaded=True, debug=True),
    facts((3, 12), "linux-x86_64", glibc(36), debug=True),
    facts((3, 10), "linux-x86_64", glibc(31), "pypy", ext_suffix=".pypy310-pp73-x86_64-linux-gnu.so"),
    facts((3, 11), "linux-x86_64", glibc(31), "graalpy", ext_suffix=".graalpy250-311-native-x86_64-linux.so"),
    facts((3, 12), "linux-x86_64", None),
]


def record(case):
    libc, version = case["libc"] or {"name": None}, tuple(case["version"])
    config = {
        "Py_DEBUG": int(case["debug"]),
        "Py_GIL_DISABLED": int(case["free_threaded"]),
        "EXT_SUFFIX": case["ext_suffix"],
    }
    number = (libc.get("major"), libc.get("minor"))
    newest = _manylinux._GLibCVersion(*number) if libc["name"] == "glibc" else _manylinux._GLibCVersion(-1, -1)
    musl = _musllinux._MuslVersion(*number) if libc["name"] == "musl" else None
    known = _manylinux._have_compatible_abi
    small = {"armv7l", "i686"}

    def abi(executable, archs):
        return case["manylinux"] if small & set(archs) else known(executable, archs)

    with mock.patch.object(sysconfig, "get_platform", lambda: case["platform"]), mock.patch.object(
        _manylinux, "_get_glibc_version", lambda: newest
    ), mock.patch.object(_manylinux, "_have_compatible_abi", abi), mock.patch.object(
        _musllinux, "_get_musl_version", lambda executable: musl
    ), mock.patch.object(tags, "_get_config_var", lambda name, warn=False: config.get(name)):
        platforms = list(tags._linux_platforms(is_32bit=case["pointer_width"] == 32))
        nodot = "%d%d" % version
        if case["implementation"]["name"] == "cpython":
            found = list(tags.cpython_tags(version, tags._cpython_abis(version), platforms))
            own = "cp" + nodot
        else:
            name = case["implementation"]["name"]
            short = tags.INTERPRETER_SHORT_NAMES.get(name) or name
            found = list(tags.generic_tags(short + nodot, tags._generic_abi(), platforms))
            own = "pp3" if short == "pp" else None
        found += tags.compatible_tags(version, own, platforms)
    return {"facts": case, "platforms": platforms, "tags": folded([str(tag) for tag in found], platforms)}


def folded(found, platforms):
    short = []
    while found:
        start = found[0].rsplit("-", 1)[0]
        if found[: len(platforms)] == ["%s-%s" % (start, platform) for platform in platforms]:
            short.append(start + "-*")
            found = found[len(platforms) :]
        else:
            short.append(found[0])
            found = found[1:]
    return short


print(json.dumps([record(case) for case in CASES], indent=1))
