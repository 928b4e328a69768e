"""Who may talk to HotWax over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sandbox.keys import password


@dataclass(frozen=True, repr=False)
class Credentials:
    """One integration user: login and password, a bearer token (OFBiz gives it out on login), an API key (Moqui)."""

    login: str
    password: str
    token: str
    api_key: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read them from a folder of keys, where they are made on first use.

        :param folder: the folder.
        :returns: the credentials.
        """
        return cls(
            login="integration",
            password=password(folder / "hotwax_password"),
            token=password(folder / "hotwax_token"),
            api_key=password(folder / "hotwax_api_key"),
        )
