"""Which numbers are hidden: those of few readers, and those that would give them away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.config import Privacy, Rounding
from glue_jobs.publish.public.suppression import ShownMonth, shown_month
from glue_jobs.query.saved.metadata import Public
from tests.publish.public.attack import Attack

DECLARED = Public(
    period="month",
    breakdown="breakdown",
    names=["country"],
    counts={"bytes_sent": "readers", "readers": "readers"},
)
EXACT = Rounding(minimum=1, multiple=1)
Part = tuple[str, int, int]


def rows(*parts: Part, readers: int | None = None) -> list[dict[str, Any]]:
    """Rows of a month from name, readers and bytes of each country; by default nobody reads from two countries."""
    whole = ("(all)", sum(part[1] for part in parts) if readers is None else readers, sum(part[2] for part in parts))
    return [
        {"breakdown": kind, "country": name, "readers": people, "bytes_sent": sent}
        for kind, (name, people, sent) in [("total", whole), *(("country", part) for part in parts)]
    ]


def shown(*parts: Part, privacy: Privacy | None = None, readers: int | None = None) -> ShownMonth:
    return shown_month(rows(*parts, readers=readers), DECLARED, privacy or Privacy())


def cells(month: ShownMonth) -> list[tuple[Any, ...]]:
    return [(row["country"], row["bytes_sent"], row["readers"]) for row in month.rows]


def test_without_small_numbers_everything_is_shown_and_people_are_rounded() -> None:
    month = shown(("FR", 71, 900), ("DE", 49, 30), ("US", 50, 1000))
    assert cells(month) == [("(all)", 1930, 160), ("DE", 30, "<50"), ("FR", 900, 80), ("US", 1000, 40)]
    assert (month.cells, month.shares) == (0, {"country": 0})


def test_a_small_number_hides_the_smallest_other_one_and_both_are_in_one_row() -> None:
    month = shown(("FR", 71, 900), ("DE", 10, 30), ("IS", 9, 70), ("US", 50, 1000))
    assert cells(month) == [("(all)", 2000, 140), ("FR", 900, 80), ("US", 1000, 40), ("(other)", 100, None)]
    assert (month.cells, month.shares) == (4, {"country": 0.05})


def test_a_month_of_few_readers_shows_nothing_but_that_it_has_few() -> None:
    month = shown(("FR", 5, 900), ("DE", 4, 30))
    assert cells(month) == [("(all)", "<10", "<10"), ("(other)", "<10", None)]


def test_countries_of_few_readers_each_are_together_the_others() -> None:
    assert cells(shown(("FR", 5, 900), ("DE", 5, 30))) == [("(all)", 930, "<50"), ("(other)", 930, None)]


def test_a_number_that_would_give_one_away_is_marked_where_the_row_shows_another() -> None:
    declared = DECLARED.model_copy(update={"counts": {**DECLARED.counts, "downloads": "downloaders"}})
    given = rows(("DE", 12, 30), ("FR", 70, 900), ("US", 50, 1000))
    downloaders = {"(all)": 75, "DE": 12, "FR": 60, "US": 3}
    month = shown_month(
        [
            {**row, "downloads": 2 * downloaders[row["country"]], "downloaders": downloaders[row["country"]]}
            for row in given
        ],
        declared,
        Privacy(),
    )
    assert [(row["country"], row["bytes_sent"], row["downloads"]) for row in month.rows] == [
        ("(all)", 1930, 150), ("DE", 30, "hidden"), ("FR", 900, 120), ("US", 1000, "<10"), ("(other)", None, 30),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["111122223333", "arn:aws:iam::1:user/x", "of 192.0.2.7", "2001:db8::7", "0123456789abcdef" * 4],
)
def test_names_that_say_who_somebody_is_are_not_shown(name: str) -> None:
    month = shown((name, 90, 5), ("FR", 70, 900), ("US", 80, 100))
    assert [cell[:2] for cell in cells(month)] == [("(all)", 1005), ("US", 100), ("(other)", 905)]


def test_people_of_more_rows_are_hidden_if_the_total_would_tell_of_readers_in_hidden_ones() -> None:
    # 69 are the most that are published as 60; 1,251 are the fewest published as 1260, and 9 more than 18 times 69.
    parts = [*((f"A{place:02d}", 69, 10) for place in range(18)), ("IS", 9, 10)]
    for rounding in (Rounding(), EXACT):
        privacy = Privacy(rounding=rounding)
        attack = Attack(shown(*parts, privacy=privacy).rows, rows(*parts), "readers", DECLARED, privacy)
        assert attack.range_of(("country", "IS"))[0] == 0


def test_people_are_hidden_up_to_a_row_that_is_large_enough_for_the_hidden_ones() -> None:
    # Of the 550, 521 would be shown in two rows; A has no more than the 21 of B, so that 8 at least would be in IS.
    parts, privacy = [("A", 20, 1), ("B", 21, 1), ("C", 500, 1), ("IS", 9, 1)], Privacy(rounding=EXACT)
    month = shown(*parts, privacy=privacy)
    assert {row["country"]: row["readers"] for row in month.rows if row["country"] in "ABC"} == {
        "B": "hidden",
        "C": 500,
    }
    assert Attack(month.rows, rows(*parts), "readers", DECLARED, privacy).range_of(("country", "IS"))[0] == 0


def test_the_attack_finds_a_single_hidden_number() -> None:
    given = rows(("FR", 71, 900), ("DE", 12, 30), ("IS", 1, 70))
    naive = [row for row in given if row["country"] != "IS"]
    assert Attack(naive, given, "bytes_sent", DECLARED, Privacy()).range_of(("country", "IS")) == pytest.approx(
        (70, 70)
    )


PARTS = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 10**6)), min_size=1, max_size=6)


@given(parts=PARTS, joint=st.floats(0, 1), multiple=st.sampled_from([1, 5, 20]), minimum=st.sampled_from([1, 50]))
def test_no_hidden_number_of_any_table_can_be_told(
    parts: list[tuple[int, int]], joint: float, multiple: int, minimum: int
) -> None:
    privacy = Privacy(rounding=Rounding(minimum=minimum, multiple=multiple))
    named = [(f"A{place}", *part) for place, part in enumerate(parts)]
    people = [part[0] for part in parts]
    given = rows(*named, readers=round(max(people) + joint * (sum(people) - max(people))))
    month = shown_month(given, DECLARED, privacy)
    exact = {row["country"]: row for row in given}
    for row in month.rows:
        if row["country"] in exact and isinstance(row["bytes_sent"], int):
            assert exact[row["country"]]["readers"] >= 10
    for count in DECLARED.counts:
        for (_, name), least, greatest in Attack(month.rows, given, count, DECLARED, privacy).hidden():
            true = exact[name]
            if true["readers"] < 10:
                assert least == pytest.approx(0)
                assert greatest >= (9 if count == "readers" else true[count]) - 1e-6


CROSSED = DECLARED.model_copy(update={"names": ["data_set", "kind"], "crossed": "data set and kind"})
Cells = dict[tuple[str, str], tuple[int, int]]


def crossed_rows(cells: Cells) -> list[dict[str, Any]]:
    """Rows of a month from readers and bytes of each data set and kind of file; nobody reads from two."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for (data_set, kind), numbers in cells.items():
        for key in [
            ("total", "(all)", "(all)"), ("data set", data_set, "(all)"), ("kind", "(all)", kind),
            ("data set and kind", data_set, kind),
        ]:  # fmt: skip
            sums[key] = [sum(pair) for pair in zip(sums.get(key, (0, 0)), numbers, strict=True)]
    return [
        {"breakdown": key[0], "data_set": key[1], "kind": key[2], "readers": people, "bytes_sent": sent}
        for key, (people, sent) in sums.items()
    ]


def test_a_kind_of_file_that_few_data_sets_have_does_not_tell_what_is_hidden_of_one() -> None:
    # All .tif less those of C would be A, whose three readers are hidden in the other breakdown.
    given = crossed_rows({("A", "tif"): (3, 7), ("B", "zarr"): (12, 20), ("C", "tif"): (60, 500), ("D", "nc"): (70, 9)})
    month = shown_month(given, CROSSED, Privacy())
    assert [(row["data_set"], row["kind"], row["bytes_sent"]) for row in month.rows] == [
        ("(all)", "(all)", 536), ("D", "(all)", 9), ("(other)", "(all)", 527),
        ("(all)", "nc", 9), ("(all)", "tif", 507), ("(all)", "zarr", 20),
    ]  # fmt: skip


@given(
    cells=st.dictionaries(
        st.tuples(st.sampled_from("ABCDE"), st.sampled_from("vwxyz")),
        st.tuples(st.integers(1, 60), st.integers(0, 10**6)),
        min_size=1,
    )
)
def test_two_breakdowns_tell_no_hidden_number_though_it_is_known_which_kinds_each_data_set_has(cells: Cells) -> None:
    given = crossed_rows(cells)
    month = shown_month(given, CROSSED, Privacy())
    exact = {(row["breakdown"], row["data_set"], row["kind"]): row for row in given}
    for key, least, greatest in Attack(month.rows, given, "bytes_sent", CROSSED, Privacy()).hidden():
        if exact[key]["readers"] < 10:
            assert least == pytest.approx(0, abs=1)
            assert greatest >= exact[key]["bytes_sent"] - 1
