"""A credential service that records calls and changes nothing."""

from __future__ import annotations

from assemblyzero_tui.runner.base.errors import TuiError


class FakeCredentialService:
    """Records its calls."""

    location = "~/.assemblyzero/gemini-credentials.json"

    read_only_reason = ""
    can_test = True

    def __init__(self) -> None:
        self.orders: list[tuple[str, ...]] = []
        self.refusal = ""

    async def _order(self, *order: str) -> str:
        self.orders.append(order)
        if self.refusal:
            raise TuiError(self.refusal)
        return f"{order[0]}: [done]"

    async def disable(self, fingerprint: str, name: str) -> str:
        return await self._order("disable", fingerprint, name)

    async def enable(self, fingerprint: str, name: str) -> str:
        return await self._order("enable", fingerprint, name)

    async def reset(self, fingerprint: str, name: str) -> str:
        return await self._order("reset", fingerprint, name)

    async def test(self, fingerprint: str, name: str) -> str:
        return await self._order("test", fingerprint, name)

    async def add(self, name: str, key: str, project: str) -> str:
        return await self._order("add", name, key, project)
