"""``usage-lake open`` opens the page of published reports."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from glue_jobs.cli.main import main


def opened(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["open", *arguments])


@pytest.fixture
def addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked for; the current folder is empty."""
    seen: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not seen.append(address))
    monkeypatch.chdir(tmp_path)
    return seen


def test_the_page_of_a_folder_is_opened(tmp_path: Path, addresses: list[str]) -> None:
    page = tmp_path / "my reports" / "index.html"
    page.parent.mkdir()
    page.touch()
    assert opened("my reports").stdout == f"opened {page.as_uri()}\n"
    assert opened(str(page)).exit_code == 0
    assert addresses == [page.as_uri()] * 2


def test_without_a_folder_the_page_of_the_demo_is_opened(tmp_path: Path, addresses: list[str]) -> None:
    page = tmp_path / "demo/reports/index.html"
    page.parent.mkdir(parents=True)
    page.touch()
    assert opened().exit_code == 0
    assert addresses == [page.as_uri()]


def test_without_a_browser_the_address_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    (tmp_path / "index.html").touch()
    page = (tmp_path / "index.html").as_uri()
    assert opened(str(tmp_path)).stdout == f"no browser was found here; the page is {page}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 1, "there is no reports/index.html nor demo/reports/index.html; usage-lake report writes one"),
        (("x",), 1, "there is no x/index.html; usage-lake report writes one"),
        (
            ("s3://b/r",),
            2,
            "s3://b/r is on S3; copy it to a folder first: aws s3 cp --recursive s3://b/r reports",
        ),
    ],
)
def test_a_page_that_is_not_here_is_an_error(
    arguments: tuple[str, ...], code: int, sentence: str, addresses: list[str]
) -> None:
    result = opened(*arguments)
    assert (result.exit_code, result.output, addresses) == (code, f"error: {sentence}\n", [])
