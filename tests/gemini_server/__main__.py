"""``python -m tests.gemini_server --port 8123``: the server, until Ctrl+C."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.gemini_server import (
    EveningServer,
    Fault,
    GeminiServer,
    Limits,
    Project,
    bad_evening,
)


def main() -> None:
    """Serves, and says how to use it."""
    parser = argparse.ArgumentParser(prog="python -m tests.gemini_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--keys", type=int, default=3, help="how many keys, each of a project")
    parser.add_argument("--rpm", type=int, help="requests a minute for each project and model")
    parser.add_argument("--rpd", type=int, help="requests a day for each project and model")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds of an answer")
    parser.add_argument("--fault", choices=list(Fault), help="what goes wrong with every request")
    parser.add_argument(
        "--evening", action="store_true",
        help="a bad evening, from the first request on: 500s, silence, 503s and more",
    )  # fmt: skip
    chosen = parser.parse_args()
    limits = {"*": Limits(chosen.rpm, chosen.rpd)}
    keys = [f"AIzaTryOut{number:029d}" for number in range(1, chosen.keys + 1)]
    projects = [Project(f"project-{n}", [key], dict(limits)) for n, key in enumerate(keys, 1)]
    entries = [
        {"name": f"key-{n}", "type": "api_key", "key": key, "project": f"project-{n}"}
        for n, key in enumerate(keys, 1)
    ]
    more = {"latency": chosen.latency, "port": chosen.port}
    evening = chosen.evening
    with (
        tempfile.TemporaryDirectory() as folder,
        EveningServer(projects, troubles=bad_evening(), **more)
        if evening
        else GeminiServer(projects, **more) as server,
    ):
        if chosen.fault:
            server.script(Fault(chosen.fault))
        path = Path(folder, "credentials.json")
        path.touch(mode=0o600)
        path.write_text(json.dumps({"credentials": entries}, indent=2))
        print(f"Serving on {server.url}. In another terminal:", flush=True)
        print(f"  export ASSEMBLYZERO_TUI_GEMINI_ENDPOINT={server.url}", flush=True)
        print(f"  assemblyzero-tui lld --all --credentials {path}", flush=True)
        try:
            server.stopping.wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
