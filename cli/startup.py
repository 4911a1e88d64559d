"""What the command sets for its own process before anything heavy is imported. The Python API leaves these alone."""

import gc
import os

# A start allocates some hundred thousand objects that all stay (modules, classes, tables). Collecting among them finds
# nothing and took a tenth of `flashc check`.
gc.set_threshold(200_000, 20, 20)

# Pydantic otherwise searches all installed packages for plugins before it builds the first model (about 25 ms). We use
# none. It reads this once, so it is set before anything imports pydantic.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
