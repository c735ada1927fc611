"""Seconds of the processors that the programs of an engine have had, from what Linux tells of processes."""

import os
import pathlib
import resource

# Those of an engine of the harness. What it starts for a step or a frontend are its children.
PROGRAMS = ("dockerd", "containerd", "docker-registry")
TICKS = os.sysconf("SC_CLK_TCK")


def now() -> dict[str, float]:
    """So far: of each program itself, of its children that have ended, and of the children of this process."""
    seconds = dict.fromkeys([*PROGRAMS, *map(children_of, PROGRAMS)], 0.0)
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name is in brackets, and may have some. Source: proc_pid_stat(5), fields 14 to 17.
        name, fields = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        if name in PROGRAMS:
            user, system, of_children, system_of_children = map(int, fields[11:15])
            seconds[name] += (user + system) / TICKS
            seconds[children_of(name)] += (of_children + system_of_children) / TICKS
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {**seconds, "client": usage.ru_utime + usage.ru_stime}


def since(before: dict[str, float]) -> dict[str, float]:
    """Of all engines that run: those that do nothing have next to none."""
    return {name: round(seconds - before[name], 2) for name, seconds in now().items()}


def children_of(program: str) -> str:
    return f"{program}'s children"
