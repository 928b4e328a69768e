"""SuiteTalk REST: who gets in, upserts by external id, lines that double, limits, locks and lies."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sandbox.netsuite import RECORD_PATH, TOKEN_PATH, NetSuite
from sandbox.retailpro import LIES, Lie
from tests.sandbox.netsuite_kit import returned, with_customer, with_order

ENDS_CONNECTION = {"close", "reset", "hang", "half"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def netsuite(tmp_path: Path) -> Iterator[NetSuite]:
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as running:
        yield running


def part(content: object) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(netsuite: NetSuite, key: Any = None, *, alg: str = "", kid: str = "", **changes: object) -> str:
    known = netsuite.credentials
    key = key or serialization.load_pem_private_key(known.private_key.encode(), None)
    default = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "PS256"
    now = int(time.time())
    claims = {
        "iss": known.client_id,
        "scope": ["rest_webservices"],
        "aud": f"{netsuite.url}{TOKEN_PATH}",
        "iat": now,
        "exp": now + 3600,
        **changes,
    }
    signed = f"{part({'alg': alg or default, 'typ': 'JWT', 'kid': kid or known.certificate_id})}.{part(claims)}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        pair = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = b"".join(number.to_bytes(32, "big") for number in pair)
    else:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        signature = key.sign(signed.encode(), pss, hashes.SHA256())
    return f"{signed}.{part(signature)}"


def ask_token(netsuite: NetSuite, token: str, **changes: str) -> requests.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": token}
    return requests.post(f"{netsuite.url}{TOKEN_PATH}", data={**form, **changes}, timeout=5)


@pytest.fixture
def login(netsuite: NetSuite) -> dict[str, str]:
    answer = ask_token(netsuite, assertion(netsuite))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def put(
    netsuite: NetSuite, login: dict[str, str], path: str, body: object, *, timeout: float = 5, **query: str
) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{netsuite.url}{RECORD_PATH}/{path}"
    return requests.put(url, data=data, headers=login, params=query, timeout=timeout)


def get(netsuite: NetSuite, login: dict[str, str], path: str) -> requests.Response:
    return requests.get(f"{netsuite.url}{RECORD_PATH}/{path}", headers=login, timeout=5)


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]


def customer_body(**changes: object) -> dict[str, object]:
    body = {"isPerson": True, "firstName": "Ada", "lastName": "Shopper", "subsidiary": {"id": "1"}}
    return {**body, "custentity_hc_shop_cust_id": "71", **changes}


def order_body(customer_id: int, **changes: object) -> dict[str, object]:
    line = {"item": {"id": "901"}, "quantity": 2, "rate": 10.5, "custcol_hc_order_line_id": "00001"}
    return {
        "entity": {"id": str(customer_id)},
        "tranDate": "2026-11-21",
        "otherRefNum": "#M1",
        "subsidiary": {"id": "1"},
        "shippingCost": 5,
        "shippingAddress": {"addressee": "Ada Shopper", "addr1": "1 Sample Street", "country": {"id": "US"}},
        "billingAddress": {"city": "Dallas"},
        "custbody_hc_order_id": "M1",
        "item": {"items": [line, {**line, "custcol_hc_order_line_id": "00002", "price": {"id": "-1"}}]},
        **changes,
    }


def test_a_token_for_a_signed_assertion(netsuite: NetSuite) -> None:
    answer = ask_token(netsuite, assertion(netsuite))
    assert answer.status_code == 200
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == ("3600", "Bearer")
    assert len({ask_token(netsuite, assertion(netsuite)).json()["access_token"] for _ in range(2)}) == 2


def test_rsa_keys_sign_with_ps256(netsuite: NetSuite) -> None:
    key = rsa.generate_private_key(65537, 3072)
    netsuite.rest.authority.register("rsa", _public(key))
    assert ask_token(netsuite, assertion(netsuite, key, kid="rsa")).status_code == 200
    assert ask_token(netsuite, assertion(netsuite, key)).status_code == 400
    assert netsuite.rest.authority.problems == ["alg: PS256 does not fit the certificate"]


def test_weak_keys_are_not_registered(netsuite: NetSuite) -> None:
    with pytest.raises(ValueError, match="at least 3072 bits"):
        netsuite.rest.authority.register("weak", _public(rsa.generate_private_key(65537, 1024)))


def _public(key: rsa.RSAPrivateKey) -> bytes:
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(*form)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iss": "someone"}, "iss: not the client id of the integration"),
        ({"aud": "https://example.com"}, "aud: must be http"),
        ({"scope": "restlets"}, "scope: rest_webservices is missing"),
        ({"exp": 1}, "iat, exp: not valid now"),
        ({"exp": int(time.time()) + 9000}, "exp: more than an hour after iat"),
        ({"iat": "now"}, "iat, exp: must be whole seconds"),
        ({"kid": "other"}, "kid: no such certificate is registered"),
        ({"alg": "none"}, "alg: none does not fit the certificate"),
    ],
)
def test_wrong_assertions(netsuite: NetSuite, changes: dict[str, Any], problem: str) -> None:
    answer = ask_token(netsuite, assertion(netsuite, **changes))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})
    assert netsuite.rest.authority.problems[0].startswith(problem)


def test_a_signature_of_another_key_is_wrong(netsuite: NetSuite) -> None:
    ask_token(netsuite, assertion(netsuite, ec.generate_private_key(ec.SECP256R1())))
    ask_token(netsuite, "no.token")
    ask_token(netsuite, "a.b.c")
    assert netsuite.rest.authority.problems == ["the signature is wrong", *["it is no JSON web token"] * 2]
    other = ask_token(netsuite, assertion(netsuite), grant_type="password")
    assert other.json() == {"error": "unsupported_grant_type"}


def test_tokens_end(netsuite: NetSuite, login: dict[str, str]) -> None:
    assert get(netsuite, login, "customer/eid:HC1").status_code == 404
    netsuite.rest.authority.revoke()
    assert code(get(netsuite, login, "customer/eid:HC1")) == (401, "INVALID_LOGIN")
    netsuite.settings.token_seconds = 0
    short = {"Authorization": f"Bearer {ask_token(netsuite, assertion(netsuite)).json()['access_token']}"}
    assert get(netsuite, short, "customer/eid:HC1").status_code == 401


def test_an_upsert_never_makes_a_second_record(netsuite: NetSuite, login: dict[str, str]) -> None:
    first = put(netsuite, login, "customer/eid:HC1", customer_body())
    again = put(netsuite, login, "customer/eid:HC1", {"firstName": "Eve"})
    assert (first.status_code, again.status_code, first.content) == (204, 204, b"")
    assert first.headers["Location"] == again.headers["Location"]
    (made,) = netsuite.database.rows("SELECT * FROM customers")
    assert first.headers["Location"] == f"{netsuite.url}{RECORD_PATH}/customer/{made['internal_id']}"
    assert (made["first_name"], made["last_name"], made["source"]) == ("Eve", "Shopper", "rest")
    netsuite.scripts.run_now()
    assert len(returned(netsuite, "customer/import", "CustomerExport")) == 1


def test_an_external_id_may_hold_any_character(netsuite: NetSuite, login: dict[str, str]) -> None:
    assert put(netsuite, login, "customer/eid:SO_1%2F%C3%B1%20%232", customer_body()).status_code == 204
    assert netsuite.database.customer("SO_1/ñ #2") is not None


def test_lines_double_unless_they_are_replaced(netsuite: NetSuite, login: dict[str, str]) -> None:
    body = order_body(with_customer(netsuite))
    assert put(netsuite, login, "salesOrder/eid:M1", body).status_code == 204
    assert netsuite.database.order_total("M1") == 47
    order = netsuite.database.order("M1")
    assert order is not None
    assert '"address1": "1 Sample Street"' in order["ship_to"]
    assert [line["price_level"] for line in order["lines"]] == ["", "Custom"]
    assert put(netsuite, login, "salesOrder/eid:M1", body).status_code == 204
    assert netsuite.database.order_total("M1") == 89
    assert put(netsuite, login, "salesOrder/eid:M1", body, replace="item").status_code == 204
    assert netsuite.database.order_total("M1") == 47
    change = {"memo": "call first", "item": {"items": [{"line": 2, "rate": 11}]}}
    assert put(netsuite, login, "salesOrder/eid:M1", change).status_code == 204
    assert netsuite.database.order_total("M1") == 48
    order = netsuite.database.order("M1")
    assert order is not None
    assert (order["memo"], order["order_name"], len(order["lines"])) == ("call first", "#M1", 2)


def test_what_a_get_shows(netsuite: NetSuite, login: dict[str, str]) -> None:
    assert code(get(netsuite, login, "salesOrder/eid:M1")) == (404, "NONEXISTENT_ID")
    put(netsuite, login, "salesOrder/eid:M1", order_body(with_customer(netsuite)))
    shown = get(netsuite, login, "salesOrder/eid:M1").json()
    assert (shown["externalId"], shown["tranDate"], shown["otherRefNum"]) == ("M1", "2026-11-21", "#M1")
    expanded = get(netsuite, login, "salesOrder/eid:M1?expandSubResources=true").json()
    assert [line["line"] for line in expanded["item"]["items"]] == [1, 2]
    assert get(netsuite, login, "customer/eid:HC1").json()["firstName"] == "X"


def test_deposits_and_cash_sales(netsuite: NetSuite, login: dict[str, str]) -> None:
    order_id = with_order(netsuite)
    (customer,) = netsuite.database.rows("SELECT internal_id FROM customers")
    order = {"salesOrder": {"id": str(order_id)}, "customer": {"id": str(customer["internal_id"])}}
    body = {**order, "payment": 98.1, "paymentMethod": {"id": "8"}}
    for _ in range(2):
        assert put(netsuite, login, "customerDeposit/eid:M1-CD-1", body).status_code == 204
    assert Decimal(netsuite.database.figures()["deposited"]) == Decimal("98.1")
    assert get(netsuite, login, "customerDeposit/eid:M1-CD-1").json()["payment"] == "98.1"
    for wrong in ({"payment": 0}, {"customer": None}, {"customer": {"id": "77"}}):
        assert code(put(netsuite, login, "customerDeposit/eid:X", {**body, **wrong})) == (400, "USER_ERROR")
    sale = order_body(customer["internal_id"])
    del sale["shippingCost"]
    for _ in range(2):
        assert put(netsuite, login, "cashSale/eid:M9", sale, replace="item").status_code == 204
    made = netsuite.database.cash_sale("M9")
    assert made is not None
    assert [line["rate"] for line in made["lines"]] == ["10.5", "10.5"]


@pytest.mark.parametrize(
    ("changes", "expected", "detail"),
    [
        ({"entity": {"id": "77"}}, "INVALID_KEY_OR_REF", "Invalid entity reference key 77"),
        ({"entity": None}, "USER_ERROR", "Please enter value(s) for: Customer"),
        ({"item": {"items": []}}, "USER_ERROR", "You must enter at least one line item"),
        ({"tranDate": "11/21/2026"}, "USER_ERROR", "Invalid date value"),
        ({"color": "red"}, "INVALID_CONTENT", "Unknown reference or field color"),
        ({"shippingCost": {}}, "INVALID_CONTENT", "Invalid value for the field shippingCost"),
        ({"item": [1]}, "INVALID_CONTENT", "Invalid value for the field item"),
    ],
)
def test_refusals(
    netsuite: NetSuite, login: dict[str, str], changes: dict[str, Any], expected: str, detail: str
) -> None:
    answer = put(netsuite, login, "salesOrder/eid:M1", order_body(with_customer(netsuite), **changes))
    assert code(answer) == (400, expected)
    assert detail in answer.json()["o:errorDetails"][0]["detail"]
    assert netsuite.database.order("M1") is None
    assert put(netsuite, login, "salesOrder/eid:M1", b"{").status_code == 400
    assert put(netsuite, login, "invoice/eid:M1", {}).status_code == 404


def test_lines_that_were_shipped_cannot_be_replaced(netsuite: NetSuite, login: dict[str, str]) -> None:
    body = order_body(with_customer(netsuite))
    put(netsuite, login, "salesOrder/eid:M1", body)
    netsuite.fulfil("M1", "9", ["00001"])
    answer = put(netsuite, login, "salesOrder/eid:M1", body, replace="item")
    assert code(answer) == (400, "USER_ERROR")
    assert netsuite.database.order_total("M1") == 47


@pytest.mark.parametrize("status", [429, 400])
def test_too_many_at_once(netsuite: NetSuite, login: dict[str, str], status: int) -> None:
    netsuite.settings.concurrency_limit, netsuite.settings.concurrency_status = 2, status  # type: ignore[assignment]
    netsuite.rest.faults.latency_ms = 300
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        paths = [f"customer/eid:HC{number}" for number in range(4)]
        answers = list(pool.map(lambda path: put(netsuite, login, path, customer_body()), paths))
    blocked = [answer for answer in answers if answer.status_code != 204]
    assert [code(answer) for answer in blocked] == [(status, "CONCURRENCY_LIMIT_EXCEEDED")] * 2
    assert blocked[0].json()["title"] == "Bad Request"
    assert "Retry-After" not in blocked[0].headers
    assert netsuite.database.figures()["customers"] == 2


def test_locks_maintenance_and_disguised_floods(netsuite: NetSuite, login: dict[str, str]) -> None:
    faults = netsuite.rest.faults
    faults.locked["HC1"] = 1
    answer = put(netsuite, login, "customer/eid:HC1", customer_body())
    assert code(answer) == (400, "USER_ERROR")
    assert "changed by another process" in answer.json()["o:errorDetails"][0]["detail"]
    faults.invalid_logins = 1
    assert put(netsuite, login, "customer/eid:HC1", customer_body()).status_code == 401
    faults.maintenance = True
    answer = put(netsuite, login, "customer/eid:HC1", customer_body())
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    faults.maintenance = False
    netsuite.faults.refuse["HC1"] = "Nobody likes this one"
    assert code(put(netsuite, login, "customer/eid:HC1", customer_body())) == (400, "USER_ERROR")
    netsuite.faults.refuse.clear()
    assert put(netsuite, login, "customer/eid:HC1", customer_body()).status_code == 204


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("what", LIES)
def test_a_lie_tells_nothing_about_the_record(
    netsuite: NetSuite, login: dict[str, str], what: str, committed: bool
) -> None:
    netsuite.rest.faults.lies.lie_about("HC1", Lie(what, committed, hang_seconds=0.1))  # type: ignore[arg-type]
    if what in ENDS_CONNECTION:
        with pytest.raises(requests.ConnectionError):
            put(netsuite, login, "customer/eid:HC1", customer_body())
    else:
        answer = put(netsuite, login, "customer/eid:HC1", customer_body())
        assert answer.status_code == (200 if what == "html" else int(what))
        assert "<html>" in answer.text
    assert (netsuite.database.customer("HC1") is not None) is committed
    (call,) = netsuite.database.rows("SELECT * FROM rest_calls")
    assert (call["external_id"], call["committed"], call["lie"]) == ("HC1", committed, what)
    assert put(netsuite, login, "customer/eid:HC1", customer_body()).status_code == 204
    assert netsuite.database.figures()["customers"] == 1


def test_a_record_may_come_late(netsuite: NetSuite, login: dict[str, str]) -> None:
    netsuite.rest.faults.lies.lie_about("HC1", Lie("504", committed=True, late_seconds=0.3))
    assert put(netsuite, login, "customer/eid:HC1", customer_body()).status_code == 504
    assert netsuite.database.customer("HC1") is None
    deadline = time.monotonic() + 5
    while netsuite.database.customer("HC1") is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_server_can_be_stopped_and_started_on_its_port(netsuite: NetSuite, login: dict[str, str]) -> None:
    port = netsuite.rest.port
    netsuite.rest.stop()
    with pytest.raises(requests.ConnectionError):
        get(netsuite, login, "customer/eid:HC1")
    netsuite.rest.start()
    assert netsuite.rest.port == port
    assert get(netsuite, login, "customer/eid:HC1").status_code == 404
    assert requests.get(f"{netsuite.url}/sandbox/summary", timeout=5).json()["customers"] == 0
