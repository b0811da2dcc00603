from __future__ import annotations

import re

from release.picture import PICTURE, draw, told

OUTPUT = ["  0.1s  network\n", "\n", "# the hub learns\n", "$ kubectl liqo-shortcut get\n", "<b>\n"]


def test_the_labs_own_words_are_left_out() -> None:
    assert told(OUTPUT) == OUTPUT[2:]


def test_a_part_with_a_command_that_the_story_can_do_without_is_left_out() -> None:
    aside = ["\n", "# packets prove it\n", "$ kubectl liqo-shortcut verify milan rome\n"]
    after = ["\n", "# a title of\n", "# two lines\n", "\n", "2 calls in all\n"]
    assert told([*OUTPUT, *aside, *after]) == [*OUTPUT[2:], *after]


def test_the_picture_is_wider_than_high_so_that_it_fits_one_screen() -> None:
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', PICTURE.read_text(encoding="utf-8"))
    assert size is not None
    assert float(size[1]) > float(size[2])


def test_a_picture_asks_nobody_for_fonts_and_keeps_every_letter() -> None:
    picture = draw(OUTPUT)
    assert "url(http" not in picture
    assert "@font-face" not in picture
    assert "&lt;b&gt;" in picture
