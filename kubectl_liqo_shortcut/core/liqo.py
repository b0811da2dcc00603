"""What Liqo can do, as its own objects tell: its version, and whether Services may go direct."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubectl_liqo_shortcut.core.model import Object, dig


def can_direct(configurations: Iterable[Object]) -> bool | None:
    """Whether the Liqo that answered *configurations* knows of direct connections.

    They came with Liqo 1.2, as did the condition of Configurations, which is what shows: a version
    is only a name that somebody gave an image.
    """
    statuses = [each.get("status") or {} for each in configurations]
    if any(
        condition.get("type") == "NetworkCIDRsConfigured"
        for status in statuses
        for condition in status.get("conditions") or ()
    ):
        return True
    return False if any(status.get("remote") for status in statuses) else None


def denies_direct(manager: Object | None) -> bool:
    """Whether Liqo's controller manager there drops what would go direct."""
    said = [
        value
        for container in _containers(manager)
        for argument in (*(container.get("command") or ()), *(container.get("args") or ()))
        for flag, _, value in [str(argument).partition("=")]
        if flag == "--deny-direct-connections"
    ]
    return bool(said) and said[-1].lower() not in ("false", "f", "0")


def version_of(manager: Object | None) -> str:
    """The image tag of the controller manager; empty where there is none."""
    images = {str(each.get("name")): str(each.get("image")) for each in _containers(manager)}
    image = images.get("controller-manager") or next(iter(images.values()), "")
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _containers(deployment: Object | None) -> Iterator[Object]:
    yield from dig(deployment, "spec", "template", "spec", "containers") or ()
