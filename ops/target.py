"""Which installation a command works on: the settings of the environment, or the addresses of an embedded stack."""

import importlib

from ops.errors import Usage
from schemas.settings import Settings, load


def settings_for(name: str | None, *required: str) -> Settings:
    """Settings with every name in `required`; those of the embedded stack `name` take the environment's place."""
    if name is None:
        return load(*required)
    # an optional part: a production installation has no embedded stack
    addresses = importlib.import_module("deploy.local.stack").read(name)
    if addresses is None:
        raise Usage(f"there is no embedded stack {name}; start it with `techhub-cdc up --name {name}`")
    known = ((field, getattr(addresses, field, None)) for field in Settings.model_fields)
    return load(*required, **{field: value for field, value in known if value is not None})
