"""``python -m tests.e2e.whoami``: who the plugin is to the hub, as JSON; kubectl's own options."""

from __future__ import annotations

import argparse
import json
import sys

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.adapters.kubeconfig.impersonation import Impersonation
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.engine.hub.queries import who_am_i
from kubectl_liqo_shortcut.errors import ShortcutError


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--kubeconfig", "--context", "--as", "--as-uid"):
        parser.add_argument(option)
    parser.add_argument("--as-group", action="append", default=[])
    given = vars(parser.parse_args())
    acting = Impersonation(
        user=given["as"] or "", groups=tuple(given["as_group"]), uid=given["as_uid"] or ""
    )
    try:
        access = ClusterAccess(
            kubeconfig=given["kubeconfig"], context=given["context"], impersonation=acting
        )
        sys.stdout.write(json.dumps(who_am_i(access(HUB))))
    except ShortcutError as error:
        sys.exit(f"Error: {error.message}")


if __name__ == "__main__":
    main()
