"""Every mutation, in the order of the layers."""

from __future__ import annotations

from tests.mutations import adapters, core, engine

CATALOGUE = (*core.MUTATIONS, *engine.MUTATIONS, *adapters.MUTATIONS)
