from __future__ import annotations

from release.picture import draw, told

OUTPUT = ["  0.1s  network\n", "\n", "# the hub learns\n", "$ kubectl liqo-shortcut get\n", "<b>\n"]


def test_the_labs_own_words_are_left_out() -> None:
    assert list(told(OUTPUT)) == OUTPUT[2:]


def test_a_picture_asks_nobody_for_fonts_and_keeps_every_letter() -> None:
    picture = draw(OUTPUT)
    assert "url(http" not in picture
    assert "@font-face" not in picture
    assert "&lt;b&gt;" in picture
