"""What the frozen program runs."""

from kubectl_liqo_shortcut.cli import main

main()
