"""kubectl liqo-shortcut: a direct network link between two leaves of a Liqo hub."""

__version__ = "0.2.0.dev0"
