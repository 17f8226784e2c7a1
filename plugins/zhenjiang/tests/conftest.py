"""Lets the tests run on the source tree, whether or not the plugin is installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
