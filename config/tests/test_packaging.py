"""The files that a newcomer and a container start from."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def names(pattern: str, *files: str) -> set[str]:
    """What the pattern's group finds in these files."""
    return {name for file in files for name in re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE)}


def test_every_variable_that_is_read_is_explained_and_every_one_explained_is_read() -> None:
    read = names(r'\benv(?:\.\w+)?\(\s*"(\w+)"', "config/settings.py")
    read |= names(r'\w+=\("([A-Z_]+)", ', "config/settings.py")  # options of upstreams
    read |= names(r"\$\{(\w+)", "docker-compose.yml")
    lines = (ROOT / ".env.example").read_text().splitlines()
    explained = {line[1:].split("=")[0]: before for before, line in pairwise(lines) if "=" in line}
    assert set(explained) == read
    assert all(before.startswith("# ") for before in explained.values())


def test_nothing_but_settings_and_what_starts_them_reads_the_environment() -> None:
    files = [
        path for path in ROOT.glob("*/**/*.py") if not {"tests", "bench", ".venv", ".data"} & set(path.parts)
    ]
    allowed = {
        "settings",
        "bootstrap",
        "engines",
        "serve",
        "gunicorn",
        "celery",
        "wsgi",
        "healthcheck",
    }
    assert {
        path.stem for path in files if "environ" in path.read_text() and path.stem not in allowed
    } == set()


def test_every_requirement_is_pinned_exactly() -> None:
    pins: dict[str, set[str]] = {}
    for file in ("requirements.txt", "requirements-engines.txt", "requirements-dev.txt", "constraints.txt"):
        for line in (ROOT / file).read_text().splitlines():
            if line and not line.startswith(("#", "-")):
                name, version = re.fullmatch(r"([\w.-]+)(?:\[.*])?==([\w.]+)(?:;.*)?", line).groups()  # type: ignore[union-attr]
                pins.setdefault(re.sub(r"[-_.]+", "-", name.lower()), set()).add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


def test_the_image_needs_nothing_that_only_the_embedded_engines_need() -> None:
    code = "import sys, config.wsgi, config.celery, config.sample; print({'psutil'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_the_containers_run_commands_that_exist_as_an_ordinary_user() -> None:
    assert re.search(r"^USER \d+", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert {"web", "worker", "beat", "migrate", "postgres", "redis"} == set(services)
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
