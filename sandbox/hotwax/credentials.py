"""Who may talk to HotWax over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Mapping
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

    def let_in(self, headers: Mapping[str, str]) -> bool:
        """Whether a request to the Moqui back end shows who it is.

        :param headers: of the request, names in lower case.
        """
        basic = base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        known = (f"Basic {basic}", f"Bearer {self.token}")
        return headers.get("authorization", "") in known or headers.get("api_key") == self.api_key

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
