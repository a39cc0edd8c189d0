"""The configuration file: defaults, the meaning of each section, and one sentence for each mistake."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.config import Config, ConfigError, CsvRule, LayoutRule, PrefixFile, PrefixRule, RegexRule, load_config
from glue_jobs.errors import StorageError

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"


def load(text: str, files: Mapping[str, bytes] | None = None) -> Config:
    def read(name: str) -> bytes:
        if name not in (files or {}):
            raise FileNotFoundError(f"no such file: {name}")
        return (files or {})[name]

    return load_config(text, "usage.yaml", read)


def mistake(text: str, files: Mapping[str, bytes] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, files)
    return str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "datasets:\n  # - prefix: a/\nprices:\n"])
def test_an_empty_file_means_the_defaults(text: str) -> None:
    assert load(text) == Config()
    assert Config().datasets == (LayoutRule(layout="{account}/{repository}/…"),)
    assert Config().prices.storage_gb_month.STANDARD == 0.023


def test_every_kind_of_rule_is_read_in_order() -> None:
    config = load(
        """
datasets:
  - prefix: weather/radar/
    account: weather
    repository: radar
    bucket: example-data
  - regex: "^blobs/(?P<account>[^/]+)/"
    repository: blobs
  - csv: datasets.csv
  - layout: "{repository}/..."
    account: weather
""",
        {
            "datasets.csv": b"\xef\xbb\xbfprefix,account,repository,bucket\r\n"
            b'a/,acme,,\r\n\r\n"b,/",,tiles,example-data\r\n'
        },
    )
    assert config.datasets == (
        PrefixRule(prefix="weather/radar/", account="weather", repository="radar", bucket="example-data"),
        RegexRule(regex="^blobs/(?P<account>[^/]+)/", repository="blobs"),
        CsvRule(csv=PrefixFile(("a/", "b,/"), ("acme", None), (None, "tiles"), (None, "example-data"))),
        LayoutRule(layout="{repository}/...", account="weather"),
    )


def test_a_rule_may_set_the_repository_alone() -> None:
    rule = RegexRule(regex="^blobs/", repository="blobs")
    assert load("datasets: [{regex: ^blobs/, repository: blobs}]").datasets == (rule,)


def test_subscribers_are_named_in_the_file_and_in_csv_files_and_the_first_name_wins() -> None:
    config = load(
        'subscribers:\n  - {account: "111122223333", name: Acme}\n  - csv: names.csv\n',
        {"names.csv": b"account,name\n111122223333,Other\n012345670123,Zero\n012345670123,Again\n"},
    )
    assert config.subscriber_names == {"111122223333": "Acme", "012345670123": "Zero"}


def test_a_price_replaces_its_own_default_only() -> None:
    prices = load("prices:\n  storage_gb_month: {STANDARD: 0.021}\n  transfer_per_gb: 0\n").prices
    assert (prices.storage_gb_month.STANDARD, prices.storage_gb_month.GLACIER) == (0.021, 0.0036)
    assert (prices.transfer_per_gb, prices.requests_per_1000.read) == (0, 0.0004)


def test_a_configuration_can_be_pickled() -> None:
    config = load("access_points: {example: {account: acme}}\nown_traffic: {cidrs: [192.0.2.0/24]}\n")
    assert pickle.loads(pickle.dumps(config)) == config


# YAML reads these as octal, decimal, boolean, date, sexagesimal and float.
@pytest.mark.parametrize("raw", ["012345670123", "111122223333", "no", "2024-03-01", "12:30", "1.5"])
def test_the_error_for_text_that_yaml_reads_as_another_type_asks_for_quotes(raw: str) -> None:
    expected = f'must be text, which this is not without quotes; write "{raw}".'
    assert mistake(f"datasets:\n  - prefix: a\n    account: {raw}\n") == f"usage.yaml, line 3: 'account' {expected}"
    assert (
        mistake(f"own_traffic:\n  accounts:\n    - {raw}\n") == f"usage.yaml, line 3: an entry of 'accounts' {expected}"
    )
    assert mistake(f"subscribers:\n\n  - {{name: A, account: {raw}}}") == f"usage.yaml, line 3: 'account' {expected}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\nprice: 1", "line 2: 'price' is unknown; allowed: datasets, access_points, distributions, subscribers, own"),
        ("datasets:\n  - prefix: a\n    acount: b", "line 3: 'acount' is unknown; allowed: account, repository, pre"),
        ("prices:\n  storage_gb_month:\n    S3: 1", "line 3: 'S3' is unknown; allowed: STANDARD, STANDARD_IA, ONEZO"),
        ("datasets:\n  - {prefix: a, regex: b}", "line 2: an entry of 'datasets' must have exactly one of layout,"),
        (
            "datasets:\n  - bucket: a",
            "line 2: an entry of 'datasets' must have exactly one of layout, prefix, regex, csv, mapping.",
        ),
        ("datasets: everything", "line 1: 'datasets' must be a list (lines that start with '- ')."),
        ("- datasets", "line 1: the file must be a mapping (lines such as 'name: value')."),
        ("access_points:\n  example: acme", "line 2: 'example' must be a mapping (lines such as 'name: value')."),
        ("access_points:\n  example: {}", "line 2: 'example': 'account', 'repository' or both are missing."),
        ('access_points:\n  "arn:aws:s3:::b": {account: a}', "line 2: 'arn:aws:s3:::b': not an access point; allowed:"),
        ("distributions:\n  data.example.com: b-1", "line 2: 'data.example.com': not the domain that CloudFront gave"),
        (
            "distributions:\n  d1.cloudfront.net/tiles/*: b-1",
            "line 2: 'd1.cloudfront.net/tiles/*': not the domain that",
        ),
        ("distributions:\n  d1.cloudfront.net: s3://open-data", "line 2: 'd1.cloudfront.net': not the name of a"),
        (
            "distributions:\n  d1.cloudfront.net: open-data.s3.us-east-1.amazonaws.com",
            "line 2: 'd1.cloudfront.net': not the name of a bucket, with the origin path behind it",
        ),
        ("datasets:\n  - prefix: a", "line 2: an entry of 'datasets': 'account', 'repository' or both are missing."),
        ("datasets:\n  - layout: '{account}'", "line 2: 'layout': a layout ends in '/…' (or '/...', '/*'), as in {acc"),
        (
            "datasets:\n  - layout: 'x/*'",
            "line 2: 'layout': a layout contains {account}, {repository} or both, each once.",
        ),
        ("datasets:\n  - layout: '{account}/{account}/…'", "line 2: 'layout': a layout contains {account},"),
        ('datasets:\n  - {prefix: "a\\0", account: a}', "line 2: 'prefix': a prefix cannot contain a NUL character."),
        (
            "datasets:\n  - {prefix: 's3://b/a/', account: a}",
            "line 2: 'prefix': a prefix is the beginning of keys, such",
        ),
        ("datasets:\n  - {prefix: acme/*, account: a}", "line 2: 'prefix': a prefix is the beginning of keys, such as"),
        ("datasets:\n  - {prefix: /acme/, account: a}", "line 2: 'prefix': keys begin without a slash: acme/rain/;"),
        ("datasets:\n  - layout: '/{account}/…'", "line 2: 'layout': a layout begins with the first folder of a key"),
        ("datasets:\n  - layout: 's3://b/{account}/…'", "line 2: 'layout': a layout begins with the first folder of"),
        ("datasets:\n  - {prefix: a/, account: a, bucket: 's3://b'}", "line 2: 'bucket': not the name of a bucket"),
        ("datasets:\n  - {regex: '(?P<account>a)', bucket: b/a}", "line 2: 'bucket': not the name of a bucket, which"),
        ("datasets:\n  - layout: '{account}/*/…'", "line 2: 'layout': '*' cannot be a part of a layout; allowed: {acc"),
        ("datasets:\n  - layout: '{account}/{x}/…'", "line 2: 'layout': '{x}' cannot be a part of a layout; allowed:"),
        ("datasets:\n  - {layout: '{account}/…', account: a}", "line 2: an entry of 'datasets': 'account' is both"),
        (
            "datasets:\n  - regex: (a",
            "line 2: 'regex': not a regular expression in RE2 syntax whose groups are all named (Inv",
        ),
        ("datasets:\n  - regex: (a)(?P<account>b)", "line 2: 'regex': not a regular expression in RE2 syntax whose"),
        (
            "datasets:\n  - regex: (?P<who>b)(?P<when>b)(?P<how>b)(?P<why>b)(?P<account>b)",
            "line 2: 'regex': group 'how' is unknown; allowed: account, reposi",
        ),
        ("datasets:\n  - regex: a", "line 2: an entry of 'datasets': nothing names an account or a repository; add a"),
        ('datasets:\n  - regex: "(a\\nb"', "line 2: 'regex': not a regular expression in RE2 syntax whose groups are"),
        ("datasets:\n  - csv: x.csv", "line 2: 'csv': cannot read 'x.csv' (no such file: x.csv)."),
        ("subscribers:\n  - account: '111122223333'", "line 2: 'name' is missing."),
        ("subscribers:\n  - {account: '1', name: A}", "line 2: 'account': not an account id (12 digits) or a"),
        (f"own_traffic: {{accounts: [{'A' * 64}]}}", "line 1: an entry of 'accounts': not an account id (12 digits)"),
        ("own_traffic:\n  cidrs:\n    - 192.0.2.0/24\n    - 192.0.2.1/24", "line 4: an entry of 'cidrs': not an"),
        ("own_traffic: {principals: [Loader]}", "line 1: an entry of 'principals': not an ARN such as arn:aws:iam::11"),
        ("own_traffic: {principals: ['arn:aws:iam::111122223333']}", "line 1: an entry of 'principals': not an ARN"),
        ("own_traffic: {principals: ['aws:iam:::111122223333:root']}", "line 1: an entry of 'principals': not an ARN"),
        ("own_traffic: {principals: ['arn:aws:iam::111122223333:root']}", "line 1: an entry of 'principals': in a"),
        ("own_traffic: {principals: ['arn:aws:iam::1:role/a/*']}", "line 1: an entry of 'principals': logs name a"),
        ("prices:\n  transfer_per_gb: -1", "line 2: 'transfer_per_gb': a price is 0, or from 0.000000001 to 1,000,000"),
        ("privacy:\n  minimum_readers: 1", "line 2: 'minimum_readers' must be a whole number, 2 or more, with"),
        ("privacy:\n  minimum_readers: '10'", "line 2: 'minimum_readers' must be a whole number without quotes"),
        ("privacy:\n  rounding: {minimum: 0}", "line 2: 'minimum' must be a whole number, 1 or more, without quotes"),
        ("privacy: {addresses: none}", "line 1: 'addresses' must be one of 'keep', 'keyed' or 'drop'."),
        ("prices:\n  transfer_per_gb: yes", "line 2: 'transfer_per_gb' must be a number of US dollars, 0 or more, wi"),
        ("prices:\n  transfer_per_gb: .inf", "line 2: 'transfer_per_gb': a price is 0, or from 0.000000001 to"),
        ("prices:\n  transfer_per_gb: .nan", "line 2: 'transfer_per_gb': a price is 0, or from 0.000000001 to"),
        ("prices:\n  transfer_per_gb: 1.0e+10", "line 2: 'transfer_per_gb': a price is 0, or from 0.000000001 to"),
        ("prices:\n  transfer_per_gb: 1.0e-10", "line 2: 'transfer_per_gb': a price is 0, or from 0.000000001 to"),
        ("datasets: []\nprices:\ndatasets: []", "line 3: 'datasets' appears twice."),
        ("access_points:\n  111122223333: {account: a}", "line 2: a name before ':' must be text; put it in quotes:"),
        ("datasets: &a []\nsubscribers: *a", "line 2: '*a' is an alias; write the value out."),
        ("prices:\n  transfer_per_gb: 2024-13-45", "line 2: '2024-13-45' is not a value of YAML; put it in quotes if"),
        ("datasets:\n\t- a", "line 2: this is not YAML: found character '\\t' that cannot start any token"),
        ("datasets:\n- a\nb: [", "line 3: this is not YAML: expected the node content, but found '<stream end>'"),
        ("prices:\n\n  x: \x01", "line 3: this is not YAML: the character U+0001 is not allowed."),
    ],
)
def test_the_error_for_a_mistake_has_file_line_and_what_is_allowed(text: str, sentence: str) -> None:
    message = mistake(text)
    assert message.startswith(f"usage.yaml, {sentence}"), message
    assert message.endswith(".") and "\n" not in message


def test_the_keys_of_a_mapping_are_not_an_empty_list() -> None:
    message = mistake("datasets:\n  - {mapping: ids.json, keys: []}", {"ids.json": b"{}"})
    assert message == "usage.yaml, line 2: 'keys' must have at least 1 entry."


def test_the_error_is_about_the_first_mistake() -> None:
    assert mistake("prices: {x: 1}\ndatasets:\n  - layout: 1\n").startswith("usage.yaml, line 1: 'x'")
    assert mistake("datasets:\n  - layout: 1\nprices: {x: 1}\n").startswith("usage.yaml, line 2: 'layout'")


def test_the_error_for_an_unreadable_csv_file_has_its_line_in_the_configuration() -> None:
    def read(name: str) -> bytes:
        raise StorageError(f"no permission for {name}")

    with pytest.raises(
        ConfigError, match=r"^usage.yaml, line 2: 'csv': cannot read 'x.csv' \(no permission for x.csv\)\.$"
    ):
        load_config("subscribers:\n  - csv: x.csv", "usage.yaml", read)


FRAGMENTS = [
    "datasets:", "prices:", "\n  ", "\n  - ", "prefix: ", "csv: ", "account: ", "{", "}", "[", "]", "!!timestamp ",
    "? ", "!!bool ", "!!float ", "!!int ", "!!null ", "!x ", "'", '"', "&a ", "*a", "<<: ", "- ", "1:2",
    "9999-12-31T23:59:59-23:59",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=12).map("".join))
def test_any_text_gives_a_configuration_or_an_error_of_one_line(text: str) -> None:
    try:
        load(text)
    except ConfigError as error:
        assert re.fullmatch(r"usage.yaml, line \d+: .+\.", str(error))


def test_deep_nesting_is_an_error() -> None:
    assert mistake("[" * 500 + "]" * 500) == "usage.yaml: the lists and mappings are nested too deeply."


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (b"key,account\n", "line 1: the header must be prefix,account,repository or prefix,account,repository,bucket."),
        (b"", "line 1: the header must be prefix,account,repository or prefix,account,repository,bucket."),
        (b"prefix,account,repository\na/,b\n", "line 2: the row has 2 cells, the header 3."),
        (b"prefix,account,repository\n\na/,,\n", "line 3: the row needs an account, a repository or both."),
        (b"prefix,account,repository\na/,x,\na/,y,\n", "line 3: prefix 'a/' appears twice."),
        (b"prefix,account,repository\na\0,x,y\n", "line 2: a prefix cannot contain a NUL character."),
        (
            b"prefix,account,repository\na/*,x,y\n",
            "line 2: a prefix is the beginning of keys, such as acme/rain/, without",
        ),
        (b"prefix,account,repository,bucket\na/,x,y,s3://b\n", "line 2: not the name of a bucket, which has no s3://,"),
        (b'prefix,account,repository\n"a" b,x,y\n', "line 2: this is not CSV (',' expected after '\"')."),
    ],
)
def test_the_error_for_a_csv_of_prefixes_names_the_csv_and_its_line(rows: bytes, sentence: str) -> None:
    message = mistake("datasets: [{csv: sets.csv}]", {"sets.csv": rows})
    assert message.startswith(f"sets.csv, {sentence}") and message.endswith(".")


def test_a_csv_file_that_is_not_utf_8_is_an_error() -> None:
    assert mistake("datasets: [{csv: sets.csv}]", {"sets.csv": b"\xff"}) == "sets.csv: this is not UTF-8 text."


def test_the_error_for_a_csv_of_subscribers_names_the_csv_and_its_line() -> None:
    message = mistake("subscribers: [{csv: names.csv}]", {"names.csv": b"account,name\n111122223333,A\n12,B\n"})
    assert message.startswith("names.csv, line 3: 'account': not an account id (12 digits)")
    message = mistake("subscribers: [{csv: names.csv}]", {"names.csv": b"account,name\n111122223333,\n"})
    assert message == "names.csv, line 2: 'name' must be text, but it is empty."


def test_the_examples_in_the_docs_load_and_its_prices_are_the_defaults() -> None:
    text = DOCS.read_text(encoding="utf-8")
    files = dict(re.findall(r"```(?:csv|json) (\S+)\n(.*?)```", text, re.S))
    read = {name: rows.encode() for name, rows in files.items()}
    examples = re.findall(r"```yaml\n(.*?)```", text, re.S)
    assert len(examples) >= 2 and set(read) == {"datasets.csv", "content-ids.json", "subscribers.csv"}
    configs = [load(example, read) for example in examples]
    assert configs[0].datasets and configs[0].access_points and configs[0].subscribers and configs[0].own_traffic.cidrs
    assert configs[-1] == Config()
