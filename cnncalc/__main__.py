"""`python -m cnncalc` is the command `cnncalc`."""

from __future__ import annotations

import sys

from cnncalc.cli.main import main

sys.exit(main())
