"""The manifest templates, from a checkout, an installed package or a frozen program."""

from __future__ import annotations

import importlib
import os


def read_template(file_name: str) -> str:
    # A build maps the top-level folder into the package (setup.cfg), so only an import finds it
    # everywhere. Plain open() beside it: importlib.resources would add 20 ms to every start.
    package = importlib.import_module("kubectl_liqo_shortcut.templates")
    folder = os.path.dirname(str(package.__file__))
    with open(os.path.join(folder, file_name), encoding="utf-8") as file:
        return file.read()
