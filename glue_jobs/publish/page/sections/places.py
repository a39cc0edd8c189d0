"""Where downloads go: countries on a map, networks, and Regions of AWS."""

from __future__ import annotations

from collections.abc import Sequence

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers, DataSet, Row
from glue_jobs.publish.page.charts.bars import bar_list, count_bar
from glue_jobs.publish.page.charts.world_map import SOURCE, country_name, world_map
from glue_jobs.publish.page.markup import element, name
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import Column, count_column, data_table, size_column

COUNTRIES, NETWORKS = "access/downloads_by_country", "access/downloads_by_network"
PLACES, AWS = "access/downloads_by_place", "AWS/"
UNKNOWN = "(unknown)"
BARS = 10
DOWNLOADS, SENT = "audience_logical_downloads", "audience_bytes_sent"
ALL_DOWNLOADS, ALL_SENT = "logical_downloads", "bytes_sent"
NUMBERS = (DOWNLOADS, SENT, ALL_DOWNLOADS, ALL_SENT)
NAMES_OF_NETWORKS = {
    "aws": "Amazon Web Services",
    "gcp": "Google Cloud",
    "azure": "Microsoft Azure",
    "github": "GitHub",
    "cloudflare": "Cloudflare",
    "vpn": "VPNs",
    "other": "Other networks",
}
WITH_ARTICLE = ("Netherlands", "Philippines", "Bahamas", "Gambia", "Maldives")
COLUMNS = (
    count_column("Downloads", DOWNLOADS),
    size_column("Data served", SENT),
    count_column("Downloads, all traffic", ALL_DOWNLOADS),
    size_column("Data served, all traffic", ALL_SENT),
)


def known_countries(answers: Answers, scope: DataSet) -> int:
    """The number of known countries with downloads."""
    return len([row for row in _ranked(answers, COUNTRIES, "country", scope) if row["country"] != UNKNOWN])


def world(answers: Answers, scope: DataSet) -> Section | None:
    """Downloads by country."""
    rows = _ranked(answers, COUNTRIES, "country", scope)
    known = [row for row in rows if row["country"] != UNKNOWN]
    if not known:
        return None
    downloads = {row["country"]: row[DOWNLOADS] for row in known}
    everything = sum(row[DOWNLOADS] for row in rows)
    first = _within_a_sentence(country_name(known[0]["country"]))
    most = known[0][DOWNLOADS]
    share = f"; {words.share(most, everything)}" if 2 * most <= everything else ", most of them"
    title = f"Downloads went to {words.plural(len(known), 'country', 'countries')}{share} to {first}"
    if len(known) == 1:
        title = f"{words.share(most, everything)} of downloads went to {first}"
    bars = [count_bar(name(country_name(row["country"])), row[DOWNLOADS]) for row in known[:BARS]]
    table = [{**row, "name": country_name(row["country"])} for row in rows]
    ranking = element("div", bar_list(bars, "Countries by downloads"))
    unknown = everything - sum(downloads.values())
    return Section(
        "countries",
        "Countries",
        title,
        f"{answers.period(COUNTRIES, 'Downloads by the country of the reader, told by the address,')} "
        f"Of {words.share(unknown, everything)} the country is unknown. Map: {SOURCE}.",
        element("div", world_map(downloads, title), ranking, class_="split"),
        data_table("Downloads by country", [Column("Country", "name"), Column("Code", "country"), *COLUMNS], table),
        (COUNTRIES,),
    )


def networks(answers: Answers, scope: DataSet) -> Section | None:
    """Downloads by the network that the reader's address belongs to."""
    rows = _ranked(answers, NETWORKS, "network", scope)
    if not rows:
        return None
    rows = [{**row, "name": network_name(row["network"])} for row in rows]
    everything = sum(row[DOWNLOADS] for row in rows)
    clouds = sum(row[DOWNLOADS] for row in rows if row["network"] in ("aws", "gcp", "azure"))
    title = f"{words.share(clouds, everything)} of downloads go to the clouds of Amazon, Google and Microsoft"
    about = answers.period(NETWORKS, "Downloads by the owner of the address range")
    return _ranking("networks", "Networks", title, about, rows, "network", NETWORKS)


def network_name(network: str) -> str:
    """The name of a network; an unknown one is returned unchanged."""
    return NAMES_OF_NETWORKS.get(network, network)


def regions(answers: Answers, scope: DataSet) -> Section | None:
    """Downloads from inside AWS, by Region."""
    ranked = _ranked(answers, PLACES, "place", scope)
    rows = [{**row, "name": row["place"].removeprefix(AWS)} for row in ranked if row["place"].startswith(AWS)]
    if not rows:
        return None
    everything, within = sum(row[DOWNLOADS] for row in ranked), sum(row[DOWNLOADS] for row in rows)
    most = rows[0][DOWNLOADS]
    part = "all" if most == within else "most" if 2 * most > within else words.share(most, within)
    share = words.share(within, everything)
    title = f"{share} of downloads come from inside AWS, {part} of them from {rows[0]['name']}"
    about = answers.period(PLACES, "Downloads by the AWS Region that the reader's address belongs to")
    return _ranking("regions", "AWS Regions", title, about, rows, "AWS Region", PLACES)


def _ranking(
    identity: str, subject: str, title: str, about: str, rows: Sequence[Row], noun: str, query: str
) -> Section:
    """A bar for the downloads of each row, which has a ``name``; ``noun`` says what a row is."""
    bars = [count_bar(name(row["name"]), row[DOWNLOADS], words.size(row[SENT])) for row in rows[:BARS]]
    columns = [Column(f"{noun[0].upper()}{noun[1:]}", "name"), *COLUMNS]
    return Section(
        identity,
        subject,
        title,
        about,
        bar_list(bars, f"{subject} by downloads"),
        data_table(f"Downloads by {noun}", columns, rows),
        (query,),
        is_wide=False,
    )


def _ranked(answers: Answers, query: str, key: str, scope: DataSet) -> list[Row]:
    rows = [row for row in answers.sums(query, key, NUMBERS, scope) if row[DOWNLOADS]]
    return sorted(rows, key=lambda row: (-row[DOWNLOADS], row[key]))


def _within_a_sentence(country: str) -> str:
    article = country.startswith("United ") or country in WITH_ARTICLE
    return f"the {country}" if article else country
