"""Moves the data of a quota when the project of a credential becomes known.

Otherwise an exhausted day would be forgotten because the user declared the project.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.pool.grants.pooled_credential import own_quota_name, quota_name

_RENAME = (
    "UPDATE keys SET quota = :project WHERE quota = :alone",
    "UPDATE starts SET quota = :project WHERE quota = :alone",
    "UPDATE tokens SET quota = :project WHERE quota = :alone",
    """INSERT INTO days SELECT :project, model, day, starts, wall FROM days WHERE quota = :alone
       ON CONFLICT DO UPDATE SET starts = starts + excluded.starts""",
    "DELETE FROM days WHERE quota = :alone",
    # of two cooldowns, the longer one holds
    """DELETE FROM quotas WHERE quota = :project AND EXISTS (
           SELECT 1 FROM quotas AS own WHERE own.quota = :alone AND own.model = quotas.model
           AND own.boot = quotas.boot AND own.until > quotas.until)""",
    "UPDATE OR IGNORE quotas SET quota = :project WHERE quota = :alone",
    "DELETE FROM quotas WHERE quota = :alone",
)


def rename_quotas(connection: sqlite3.Connection, credentials: Iterable[Credential]) -> None:
    """Moves the rows stored under the credentials' own quota names; within a transaction."""
    for credential in credentials:
        names = {"project": quota_name(credential), "alone": own_quota_name(credential)}
        if names["project"] != names["alone"]:
            for statement in _RENAME:
                connection.execute(statement, names)
