"""Calls the typed functions of azure_oidc.wasm, with wasmtime as the host.

Records of the component become dictionaries whose keys have underscores, and a fault becomes an exception.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, ListType, OptionType, Record, RecordType, ValType, Variant

_PACKAGE = "azure-oidc:federation/{}@0.1.0"
_MEMORY = 64 << 20


class Fault(Exception):
    """The reason of a failure. Its text contains no token."""

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(record["message"])
        self.record = record
        self.code: str = record["code"]
        self.exit_code: int = record["exit_code"]
        self.hints: list[str] = record["hints"]


@dataclass(frozen=True)
class Finding:
    """A finding about a token."""

    code: str
    severity: str
    message: str
    remedy: str | None


@dataclass(frozen=True)
class Verdict:
    """The prediction of Entra's answer: `match`, `no-match` or `invalid-token`."""

    outcome: str
    matched: str | None
    predicted_aadsts: int | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class AccessToken:
    """An Azure access token. `expires_on` is in seconds since 1970."""

    scope: str
    token: str = field(repr=False)
    token_type: str
    expires_on: int


class AzureOidc:
    """The component, compiled once. Each call uses a new instance, so calls cannot affect each other."""

    def __init__(self, path: str | PathLike[str]) -> None:
        code = Path(path).read_bytes()
        self.sha256 = sha256(code).hexdigest()
        self._engine = Engine(Config())
        self._component = Component(self._engine, code)
        self._linker = Linker(self._engine)
        self._linker.add_wasip2()
        self._linker.add_wasi_http()

    def check(self, token: str, credentials: str, *, now: int | None = None, jwks: str | None = None) -> Verdict:
        """Predicts whether Entra would accept this ID token for these federated identity credentials (JSON)."""
        now = int(time.time()) if now is None else now
        answer = self.call("claims", "check", {"token": token, "credentials": credentials, "now": now, "jwks": jwks})
        findings = tuple(
            Finding(one["code"], one["severity"], one["message"], one["remedy"]) for one in answer["findings"]
        )
        return Verdict(answer["outcome"], answer["matched"], answer["predicted_aadsts"], findings)

    def exchange(
        self,
        id_token: str,
        tenant_id: str,
        client_id: str,
        *scopes: str,
        cloud: str | None = None,
        authority_host: str | None = None,
    ) -> list[AccessToken]:
        """Trades an ID token for an access token for each scope. Without scopes: for Azure Resource Manager."""
        request = {
            "id_token": id_token,
            "tenant_id": tenant_id,
            "client_id": client_id,
            "scopes": list(scopes),
            "cloud": cloud,
            "authority_host": authority_host,
        }
        return [AccessToken(**one) for one in self.call("exchange", "exchange", request)]

    def call(self, interface: str, function: str, *arguments: Any) -> Any:
        """Calls a function of `claims` or `exchange`. Dictionaries become records; absent members are none."""
        store = Store(self._engine)
        store.set_limits(memory_size=_MEMORY)
        # No variables, no files, and closed streams. This host cannot restrict HTTP to some hosts.
        store.set_wasi(WasiConfig())
        store.set_wasi_http()
        instance = self._linker.instantiate(store, self._component)
        exports = instance.get_export_index(store, _PACKAGE.format(interface))
        index = instance.get_export_index(store, function, exports)
        found = instance.get_func(store, index) if index is not None else None
        if found is None:
            raise LookupError(f"the component has no function {interface}.{function}")
        wanted = [kind for _, kind in found.type(store).params]
        answer = found(store, *(_lowered(value, kind) for value, kind in zip(arguments, wanted, strict=True)))
        return _answer(answer)


def _lowered(value: Any, kind: ValType) -> Any:
    """Turns a dictionary into wasmtime's record, which has all fields under their names in the WIT."""
    if isinstance(kind, OptionType) and value is not None:
        return _lowered(value, kind.payload)
    if isinstance(kind, ListType):
        return [_lowered(one, kind.element) for one in value]
    if isinstance(kind, RecordType):
        record = Record()
        for name, inner in kind.fields:
            setattr(record, name, _lowered(value.get(name.replace("-", "_")), inner))
        return record
    return value


def _answer(answer: Any) -> Any:
    """The value of a `result`, or its fault. wasmtime keeps the tag only if both cases have the same Python type."""
    if isinstance(answer, Variant):
        failed, answer = answer.tag == "err", answer.payload
    else:
        failed = isinstance(answer, Record) and hasattr(answer, "exit-code")
    plain = _plain(answer)
    if failed:
        raise Fault(plain)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return {name.replace("-", "_"): _plain(inner) for name, inner in vars(value).items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
