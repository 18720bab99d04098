"""The credentials of the demonstration: only the offline model accepts them."""

from __future__ import annotations

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.run_spec import OfflineQuotas

_PREFIX = "made-up-key-of-the-demo-"


def demo_credentials(quota: OfflineQuotas) -> tuple[Credential, ...]:
    """The credentials that use these quotas, each in its own project.

    The limits of the first ones are declared; the pool learns those of the others.
    """
    return tuple(
        Credential(
            f"demo-{number}",
            Secret(f"{_PREFIX}{number}"),
            f"project-{number}",
            {"*": quota.per_minute} if number <= quota.declared else {},
            {"*": quota.per_day} if number <= quota.declared else {},
        )
        for number in range(1, quota.credentials + 1)
    )
