"""Keys and passwords of the sandbox: made on first use in one private folder, the same on every later start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import asyncssh


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, in one step (readers never see half of it).

    :param path: where it goes; missing folders are made.
    :param content: its bytes.
    :raises OSError: when the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    half.unlink(missing_ok=True)
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    half.replace(path)


def ssh_key(path: Path) -> asyncssh.SSHKey:
    """Read an ed25519 private key, or make one.

    :param path: file of the private key in OpenSSH format.
    :returns: the key.
    :raises asyncssh.KeyImportError: when the file holds something else.
    """
    if not path.exists():
        write_private(path, asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    return asyncssh.read_private_key(path)


def public_text(key: asyncssh.SSHKey) -> str:
    """Show the public half of a key as ``ssh-ed25519 AAAA...``, without a comment.

    :param key: the key.
    :returns: algorithm and base64 text, as the ``host_key`` extra of an Airflow connection wants it.
    """
    algorithm, encoded = key.export_public_key().decode("ascii").split()[:2]
    return f"{algorithm} {encoded}"


def password(path: Path) -> str:
    """Read a password, or make a random one.

    :param path: file that holds nothing but the password.
    :returns: the password.
    """
    if not path.exists():
        write_private(path, secrets.token_urlsafe(18).encode("ascii"))
    return path.read_text(encoding="ascii")
