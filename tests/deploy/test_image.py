"""The image: what the Dockerfile promises, and that the commands start with what it installs."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "compose" / "Dockerfile").read_text(encoding="utf-8")
STAGES = re.split(r"(?m)^FROM ", DOCKERFILE)[1:]

WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"{{name}} is not in the image", name=name)
sys.meta_path.insert(0, Absent())
sys.argv = ["techhub-cdc", *{arguments!r}]
from ops.cli import main
main()
"""


def test_both_stages_are_pinned_to_one_version() -> None:
    bases = {stage.split()[0] for stage in STAGES}
    assert len(STAGES) == 2
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim", bases.pop())


def test_it_installs_tested_versions_and_compiles_nothing() -> None:
    assert "--constraint constraints.txt" in STAGES[0]
    assert "--only-binary :all:" in STAGES[0]
    assert not re.search(r"apt-get|gcc|build-essential", DOCKERFILE)


def test_it_runs_as_an_ordinary_user_and_has_no_installer() -> None:
    users = re.findall(r"(?m)^USER (.+)$", STAGES[1])
    assert users == ["10001:10001"]
    assert "pip uninstall" in STAGES[1]
    assert '\nENTRYPOINT ["techhub-cdc"]\n' in STAGES[1]
    assert not re.search(r"(?im)^(ARG|ENV).*(password|secret|token|dsn)", DOCKERFILE)


def test_secrets_stay_out_of_the_image_the_wheel_and_the_repository() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in ignored if not line.startswith("#")) == "*"
    assert ignored.index("!deploy") < ignored.index("deploy/compose/secrets")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "compose/secrets/*" in project["tool"]["setuptools"]["exclude-package-data"]["deploy"]
    assert "deploy/compose/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_image_sees_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.removesuffix("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    seen = set(re.findall(r"(?m)^!(\w+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8")))
    assert packages <= seen


def test_commands_start_without_the_parts_of_the_embedded_stack() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    local = {re.split(r"[=<>\[]", line)[0] for line in project["project"]["optional-dependencies"]["local"]}
    # aiohttp, lz4 and zstandard come with other packages, too
    absent = sorted(name.replace("-", "_") for name in local - {"aiohttp", "lz4", "zstandard"})
    for arguments in (["--help"], ["worker", "--help"], ["migrate", "--help"], ["connectors", "apply", "--help"]):
        script = WITHOUT.format(absent=absent, arguments=arguments)
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), arguments
