"""Which installation a command works on: the settings of the environment, or the addresses of an embedded stack."""

from schemas.errors import Usage
from schemas.settings import PREFIX, Settings, load


def settings_for(name: str | None, *required: str) -> Settings:
    """Settings with every name in `required`; those of the embedded stack `name` take the environment's place."""
    if name is None:
        return load(*required)
    # an optional part: a production installation has no embedded stack
    from deploy.local.stack import Stack

    addresses = Stack(load().local_directory).read(name)
    if addresses is None:
        raise Usage(f"there is no embedded stack {name}; start it with `techhub-cdc up --name {name}`")
    known = addresses.environment().items()
    return load(*required, **{key.removeprefix(PREFIX).lower(): value for key, value in known})
