"""The page on deployment speaks of settings, files and services that exist."""

import re
from pathlib import Path

import yaml

from schemas.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def test_settings_exist() -> None:
    named = {name.removesuffix("_FILE") for name in re.findall(r"TECHHUB_([A-Z][A-Z_]*[A-Z])", PAGE)}
    known = {name.upper() for name in Settings.model_fields}
    families = set(re.findall(r"TECHHUB_([A-Z_]*[A-Z])_\*", PAGE))
    assert named - families <= known
    assert all(any(name.startswith(family) for name in known) for family in families)


def test_files_and_services_exist() -> None:
    made_later = "deploy/compose/secrets"
    for name in re.findall(r"(?:deploy|tests)/[\w./-]+\w", PAGE):
        assert name.startswith(f"{made_later}/") or name == made_later or (ROOT / name).exists(), name
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    assert set(re.findall(r"compose run --rm (\w+)", PAGE)) <= set(services)


def test_each_secret_of_the_cluster_is_made_with_the_keys_that_are_mounted() -> None:
    made = {
        name: set(re.findall(r"--from-file=([\w.-]+)", options))
        for name, options in re.findall(r"(techhub-cdc-\w+)((?:[ \\\n]+--from-file=\S+)+)", PAGE)
    }
    used: dict[str, set[str]] = {"techhub-cdc-certificates": {"kafka-ca.pem", "postgres-ca.pem"}}
    for file in (ROOT / "deploy" / "kubernetes").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for secret in re.findall(r"secretName: ([\w-]+)", text):
            used[secret] = set(re.findall(r"value: /run/secrets/techhub-cdc/([\w-]+)", text))
    assert made == used
