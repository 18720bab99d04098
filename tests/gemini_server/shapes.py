"""Packs errors: as the service does it, and as others between here and there do."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

from tests.gemini_server.faults import ErrorReply, Shape

IN_200 = frozenset({Shape.IN_200, Shape.LIST_IN_200})
_PAGE = "<!DOCTYPE html>\n<html><title>Error</title>\n"


def packed(error: ErrorReply) -> dict[str, Any]:
    """An error as a piece of an answer."""
    assert isinstance(error.body, dict)
    body = copy.deepcopy(error.body)
    if error.shape is Shape.NO_CODE:
        del body["error"]["code"]
    return body


def body_of(error: ErrorReply, *, streamed: bool) -> bytes:
    """The body of an error.

    Args:
        error: What to say.
        streamed: The answer would have been a list.
    """
    body = error.body
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, list):
        return json.dumps(body).encode()
    inner = body["error"]
    match error.shape:
        case Shape.LIST | Shape.LIST_IN_200 | Shape.PACKED:
            data = json.dumps([body], indent=2).encode()
            return gzip.compress(data) if error.shape is Shape.PACKED else data
        case Shape.SEVERAL:
            return json.dumps([{"usageMetadata": {"promptTokenCount": 1}}, body]).encode()
        case Shape.STRING:
            return json.dumps(inner["message"]).encode()
        case Shape.TEXT:
            return str(inner["message"]).encode()
        case Shape.QUOTED:
            quoted = {"message": json.dumps(body, indent=2), "code": inner["code"], "status": ""}
            return json.dumps({"error": quoted}).encode()
        case Shape.MESSAGE:
            return json.dumps({"error": inner["message"]}).encode()
        case Shape.BARE:
            return json.dumps(inner).encode()
        case Shape.ODD:
            odd = {"code": str(inner["code"]), "message": None, "status": None, "details": None}
            return json.dumps({"error": odd}).encode()
        case Shape.TORN | Shape.CUT:
            return json.dumps([body]).encode()[:60]
        case Shape.HTML:
            return _PAGE.encode()
        case Shape.LONG_HTML:
            return (_PAGE + "<p>{sorry}</p>\n" * 500_000).encode()
        case Shape.NOTHING:
            return b""
        case Shape.BYTES:
            return b"\xff\xfe{\x00\xc3("
        case Shape.DEEP:
            return b"[" * 60_000
    return json.dumps([body] if streamed and error.shape is Shape.SERVICE else body).encode()
