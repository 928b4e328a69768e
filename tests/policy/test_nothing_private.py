"""No secret, no address of one machine, and no sample of a real person in what is published."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.policy.repository import repository_files, shown

SECRETS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{40}"),
    "access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "token": re.compile(r"\b(?:ghp|gho|ghs|glpat|xoxb|xoxp|shpat|shpss|sk_live|pypi)[-_][A-Za-z0-9_-]{16,}"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\."),
    "password in an address": re.compile(r"\b[a-z+]+://[^\s/:@'\"{}<>]+:(?!(?:password|secret)@)[^\s/@'\"{}<>$]+@"),
}
# A letter in brackets each, so that this file does not find itself.
MACHINE = {
    "folder of one machine": re.compile(r"(?<![\w.})*-])/(?:[w]ork|[r]oot|[U]sers|[h]ome/(?![{$<])\w+)(?:/|\b)"),
    "index of packages": re.compile(r"index-[u]rl|find-[l]inks|[a]rtifactory|[n]exus\.", re.IGNORECASE),
}
ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
RESERVED = re.compile(
    r"(?:^|[.-])(?:example\.(?:com|org|net)|[a-z0-9-]+\.(?:example|invalid|test)|example|invalid|test)$"
)
#: Names of ciphers look like addresses.
NO_ADDRESS = {"openssh.com", "libssh.org", "ssh.com"}
LARGEST = 400_000


def _texts() -> list[tuple[Path, str]]:
    return [
        (path, path.read_text(encoding="utf-8", errors="replace"))
        for path in repository_files()
        if path.suffix not in {".lock", ".png", ".gz", ".zip"}
    ]


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_no_secrets(kind: str) -> None:
    found = {shown(path): hit[0][:12] for path, text in _texts() if (hit := SECRETS[kind].search(text))}
    assert found == {}


@pytest.mark.parametrize("kind", sorted(MACHINE))
def test_nothing_of_one_machine(kind: str) -> None:
    found = {f"{shown(path)}: {hit[0]}" for path, text in _texts() for hit in MACHINE[kind].finditer(text)}
    assert found == set()


def test_addresses_are_invented() -> None:
    """Only domains that are reserved for examples: nobody's mail, and no mail to anybody."""
    found = {
        f"{shown(path)}: {hit[0]}"
        for path, text in _texts()
        for hit in ADDRESS.finditer(text)
        if not RESERVED.search(hit[1].lower()) and hit[1].lower() not in NO_ADDRESS
    }
    assert found == set()


def test_what_is_made_here_stays_out_of_git() -> None:
    made = (".venv", ".airflow", ".demo", ".sandbox", ".order_sync", "benchmarks/data")
    inside = [shown(path) for path in repository_files() if shown(path).startswith(tuple(f"{name}/" for name in made))]
    assert inside == []


def test_no_big_files() -> None:
    big = {shown(path): path.stat().st_size for path in repository_files() if path.stat().st_size > LARGEST}
    assert big == {}
