"""The command ``assemblyzero-tui``; also ``python -m assemblyzero_tui.app``."""

import sys


def main() -> None:
    """Runs the command and leaves with its exit code."""
    from assemblyzero_tui.app.failures import guarded

    sys.exit(guarded(sys.argv[1:]))


if __name__ == "__main__":
    main()
