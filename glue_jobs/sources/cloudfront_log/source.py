"""CloudFront standard logs: names of their objects, and columns derived from their records.

Names: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html#AccessLogsFileNaming
Folders of version 2: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html#send-logs-s3
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import as_single_array, codes_of, flags_of, mapped_dictionary
from glue_jobs.config import Config
from glue_jobs.enrich.datasets import assign_datasets
from glue_jobs.enrich.derived import with_derived
from glue_jobs.enrich.places.locate import OTHER, PlaceColumns, locator
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.traffic import is_own
from glue_jobs.sources.cloudfront_log.parser import parse_cloudfront_log
from glue_jobs.sources.cloudfront_log.parser.records import decode_once
from glue_jobs.sources.layouts.day_names import SERVICES_OF_A_LOG_BUCKET, DayNames

__all__ = ["CLOUDFRONT_NAMES", "distribution_advice", "enrich_cloudfront", "parse_cloudfront_log"]

# DISTRIBUTION.YYYY-MM-DD-HH.UNIQUE.gz: the hour in which the requests happened, in any folders. Version 2 may have
# folders of hours below those of days.
_NAME = r"(?P<stem>[0-9A-Za-z]+\.)(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})-\d{2}\.[0-9A-Za-z_-]+(?:\.[a-z]+)*"

CLOUDFRONT_NAMES = DayNames(
    in_day=re.compile(rf"(?:(?:hour=)?[0-9]{{2}}/)?{_NAME}"),
    flat=re.compile(f"{_NAME}$"),
    ignored=SERVICES_OF_A_LOG_BUCKET - {"CloudFront"},
)


def distribution_advice(config: Config) -> str:
    """Advice for a configuration that names no distribution's bucket; empty for other configurations."""
    if config.distributions:
        return ""
    return (
        "the configuration names the bucket of no distribution (distributions), so queries on access count what"
        " CloudFront asked S3 for, not what readers asked CloudFront for"
    )


def enrich_cloudfront(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """Parsed records with the derived columns of the table: bucket, key, data set, own traffic, robots, place, day.

    If the configuration names no bucket, the rules for data sets match the distribution's domain instead. CloudFront
    logs no caller, so only the viewer's address identifies own traffic.
    """
    host, stem, address, user_agent, logged_country = (
        as_single_array(rows[name]) for name in ("cs_host", "cs_uri_stem", "c_ip", "cs_user_agent", "c_country")
    )
    bucket, key = _objects(host, stem, config)
    dataset = assign_datasets(pc.coalesce(bucket.cast(pa.string()), host.cast(pa.string())), key, None, config)
    places = _in_logged_country(locator(config.places, reference).locate(address), logged_country)
    nobody = pa.nulls(rows.num_rows, pa.string())
    rows = rows.append_column("bucket", bucket).append_column("key", key)
    own = is_own(nobody, address, nobody, config)
    return with_derived(rows, dataset, own, user_agent, places, reference)


def _in_logged_country(places: PlaceColumns, logged: pa.DictionaryArray) -> PlaceColumns:
    """The places, with the country that CloudFront logged, if any.

    If the databases have another country, the logged one becomes the place too: a region of the wrong country would
    mislead. Places that are networks, such as those of clouds, do not change.
    """
    country, place, network, other = (each.cast(pa.string()) for each in (*places, logged))
    other = pc.if_else(pc.match_substring_regex(other, "^[A-Z]{2}$"), other, None)
    is_elsewhere = pc.and_(pc.equal(network, OTHER), pc.not_equal(pc.fill_null(country, ""), other))
    place = pc.if_else(pc.fill_null(is_elsewhere, False), other, place)
    return PlaceColumns(pc.coalesce(other, country).dictionary_encode(), place.dictionary_encode(), places.network)


def _objects(
    host: pa.DictionaryArray, stem: pa.DictionaryArray, config: Config
) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Bucket and key of the object that CloudFront requests from S3, its origin; the bucket is null if unknown."""
    # S3 reads the path of a request as a form: a plus is a blank.
    decoded = [decode_once(path.removeprefix("/").replace("+", " ")) for path in stem.dictionary.to_pylist()]
    paths = pa.array(decoded, pa.string())
    key = mapped_dictionary(stem, paths)
    # A domain comes before its folders, and a folder before those in it: the longest that matches stays.
    names = sorted(config.distributions)
    numbers = np.full(len(host), -1)
    for number, (domain, _, folder) in enumerate(name.partition("/") for name in names):
        is_of_domain = np.append(flags_of(pc.equal(host.dictionary, domain)), False)
        is_in_folder = np.append(flags_of(pc.starts_with(paths, folder)), not folder)
        numbers[is_of_domain[codes_of(host.indices)] & is_in_folder[codes_of(stem.indices)]] = number
    origins = [config.distributions[name].partition("/") for name in names]

    def of_origin(texts: list[str]) -> pa.StringArray:
        return pa.array(texts, pa.string()).take(pa.array(numbers, mask=numbers < 0))

    if any(path for _, _, path in origins):
        folders = pc.fill_null(of_origin([f"{path}/" if path else "" for _, _, path in origins]), "")
        key = pc.binary_join_element_wise(folders, key.cast(pa.string()), "").dictionary_encode()
    return of_origin([bucket for bucket, _, _ in origins]).dictionary_encode(), key
