"""The command ``assemblyzero-tui``; also ``python -m assemblyzero_tui.app``."""

import os
import sys


def main() -> None:
    """Runs the command and exits with its exit code."""
    try:
        _open_standard_streams()
        from assemblyzero_tui.app.cli.failures import guarded

        code = guarded(lambda: _run(sys.argv[1:]), sys.argv[1:])
    except KeyboardInterrupt:  # while even the first modules were loading
        os.write(2, b"Interrupted.\n")
        code = 130
    sys.exit(code)


def _run(arguments: list[str]) -> object:
    from assemblyzero_tui.app.cli.typed_keys import refuse_typed_keys
    from assemblyzero_tui.app.commands.program import PROGRAM, cli

    refuse_typed_keys(arguments, os.environ)
    return cli.main(arguments, prog_name=PROGRAM, standalone_mode=False)


def _open_standard_streams() -> None:
    """Opens the null device for each standard stream that was closed (``>&-``).

    Otherwise the next file to be opened would get its descriptor, and output would go into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115


if __name__ == "__main__":
    main()
