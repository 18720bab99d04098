"""``python -m assemblyzero_tui.runner.engine RUN_FOLDER --ready FD [--retry ITEMS]``."""

from assemblyzero_tui.runner.engine.service import main

if __name__ == "__main__":
    main()
