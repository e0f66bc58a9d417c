"""Carries out a Containerfile without a registry: each instruction in a chroot, by the commands of the file."""

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The mounts are in a namespace of their own, and end with the command.
_MOUNT = 'mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev"'
_READ_ONLY = ' && mount -o remount,ro,bind "$0" && mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"'


def instructions(containerfile: Path) -> list[tuple[str, str]]:
    """Returns the instructions in their order, each with its argument on one line."""
    text = re.sub(r"(?m)^#.*\n", "", containerfile.read_text()).replace("\\\n", " ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in text.splitlines() if line]


@dataclass
class Stage:
    """A root file system with the state that its instructions have set."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    user: str = "0"
    workdir: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def carry_out(self, instruction: str, argument: str, context: Path, stages: dict[str, "Stage"]) -> None:
        match instruction:
            case "RUN":
                done = subprocess.run(
                    self.arguments(["sh", "-c", argument]), capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"RUN {argument}\n{done.stdout}{done.stderr}"
            case "COPY":
                self._copy(argument, context, stages)
            case "WORKDIR":
                self.workdir = argument
                self._inside(argument).mkdir(parents=True, exist_ok=True)
            case "ENV":
                for name, value in (pair.split("=", 1) for pair in shlex.split(argument)):
                    self.environment[name] = value.replace("$PATH", self.environment["PATH"])
            case "USER":
                self.user = argument
            case "ENTRYPOINT":
                self.entrypoint = json.loads(argument)
            case "CMD":
                self.command = json.loads(argument)
            case "HEALTHCHECK":
                self.health = json.loads(argument.removeprefix("CMD "))
            case _:
                assert instruction in {"EXPOSE", "STOPSIGNAL"}, instruction

    def arguments(self, command: list[str], *, read_only: bool = False, **environment: str) -> list[str]:
        """Returns the arguments of a process that runs the command in here, as the user."""
        values = [f"{name}={value}" for name, value in {**self.environment, **environment}.items()]
        inside = ["env", "-i", f"--chdir={self.workdir}", *values, *command]
        chroot = shlex.join(["chroot", f"--userspec={self.user}:{self.user}"])
        script = f'{_MOUNT}{_READ_ONLY if read_only else ""} && exec {chroot} "$0" {shlex.join(inside)}'
        return ["unshare", "--mount", "--propagation=private", "sh", "-c", script, str(self.root)]

    def _inside(self, path: str) -> Path:
        return self.root / (Path(self.workdir) / path).relative_to("/")

    def _copy(self, argument: str, context: Path, stages: dict[str, "Stage"]) -> None:
        *sources, target = argument.split()
        origin = context
        if sources[0].startswith("--from="):
            origin = stages[sources.pop(0).removeprefix("--from=")].root
        for source in sources:
            path, to = origin / source.lstrip("/"), self._inside(target)
            if path.is_dir():
                shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True)
            else:
                to = to / path.name if target.endswith("/") else to
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, to)


def build(containerfile: Path, context: Path, base: Path, folder: Path, **environment: str) -> dict[str, Stage]:
    """Carries out all stages, each on a copy of the base; returns them by name, the last under "".

    environment: for the commands of RUN, such as where pip finds wheels.
    """
    stages: dict[str, Stage] = {}
    name = ""
    for instruction, argument in instructions(containerfile):
        if instruction == "FROM":
            image, _, name = argument.partition(" AS ")
            assert image == "docker.io/library/python:3.11-slim-bookworm", "the base must be what the image is"
            stages[name] = Stage(folder / f"stage-{len(stages)}")
            subprocess.run([shutil.which("cp") or "cp", "-a", base, stages[name].root], check=True)
            stages[name].environment |= environment
        else:
            stages[name].carry_out(instruction, argument, context, stages)
    for stage in stages.values():
        for variable in environment:
            del stage.environment[variable]
    return stages


def debian(folder: Path) -> Path:
    """Makes a Debian 12 with Python 3.11, as the image has it: `python` with venv."""
    root = folder / "debian"
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    command = ["debootstrap", "--variant=minbase", "--include=python3-venv,python-is-python3", "bookworm", str(root)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return root
