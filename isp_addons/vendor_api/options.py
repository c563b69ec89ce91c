"""A plugin's options as data: one pydantic model, from which the configuration is checked and documented."""

from pydantic import BaseModel, ConfigDict, SecretStr

Secret = SecretStr
"""A password or key: written as ``env:NAME`` or ``file:PATH`` in the configuration, starred wherever it is shown."""


class VendorOptions(BaseModel):
    """Subclass it; every field needs a ``description`` and, where one is sensible, a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
