"""Readers' addresses as stored, by ``privacy.addresses``: docs/decisions/0025-addresses-at-rest.md.

Each distinct address of a batch is hashed once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import as_single_array, dictionary_array, distinct, mapped_dictionary
from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.config import Config
from glue_jobs.enrich.places.locate import SERVICE_ENDINGS
from glue_jobs.enrich.readers.address import AFTER_ENCODED, may_hold_address, plain_address, replace_addresses
from glue_jobs.enrich.readers.keys import ReaderKeys
from glue_jobs.enrich.readers.resource import READER_KEYS
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.tables.model import READER, Table

# Logs write this for a missing value.
DROPPED = "-"

READER_ID = "[0-9a-f]{32}"

Replace = Callable[[str, int], str]
"""Returns the replacement of a text; the arguments are the text and the number of its row."""

Find = Callable[[pa.StringArray], Flags]
"""Returns which texts need a replacement."""


def with_readers(table: Table, rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """The rows with the columns `READER`, and with addresses only as far as the configuration stores them.

    ``rows`` has event_date. Rows of a table without an address are returned unchanged.
    """
    if not table.address:
        return rows
    addresses, codes = distinct(as_single_array(rows[table.address]), encode=True)
    column, texts = dictionary_array(codes, addresses), addresses.to_pylist()
    keys = _keys(config, reference)
    numbers = keys.numbers(as_single_array(rows["event_date"])) if keys else np.zeros(rows.num_rows, np.int64)
    for name, values in zip(READER, _reader(column, texts, keys, numbers), strict=True):
        rows = rows.append_column(name, values)
    if config.privacy.addresses == "keep":
        return rows
    rows = with_column(rows, table.address, mapped_dictionary(column, _services(addresses)))

    def without_any(text: str, row: int) -> str:
        return replace_addresses(text, _stand_in(keys, numbers[row]))

    def without_own(text: str, row: int) -> str:
        own = plain_address(texts[codes[row]] or "") if codes[row] >= 0 else None
        if own is None:
            return text
        stand_in = _stand_in(keys, numbers[row])
        return replace_addresses(text, lambda address: stand_in(address) if address == own else address)

    for names, replaced in ((table.texts_with_addresses, without_any), (table.texts_with_own_address, without_own)):
        for name in names:
            rows = with_column(rows, name, replaced_in(rows[name], replaced))
    return rows


def without_addresses(records: Iterable[bytes], day: date, config: Config, reference: ReferenceData) -> Iterator[bytes]:
    """The bytes of raw records with addresses replaced as in text columns; ``day`` selects the key."""
    if config.privacy.addresses == "keep":
        yield from records
        return
    keys = _keys(config, reference)
    stand_in = _stand_in(keys, keys.number(day) if keys else 0)
    for record in records:
        # Latin-1 decodes every byte and round-trips.
        yield replace_addresses(record.decode("latin-1"), stand_in).encode("latin-1")


def comparable(table: Table, rows: pa.Table) -> pa.Table:
    """The rows without values that depend on the configuration: addresses and reader ids in texts become ``-``.

    In the address column, only the names of AWS services stay.
    """
    for name in table.texts_with_addresses + table.texts_with_own_address:
        rows = with_column(rows, name, replaced_in(rows[name], _hidden, _may_hold_either))
    if table.address:
        addresses = as_single_array(rows[table.address]).cast(pa.string())
        rows = with_column(rows, table.address, _services(addresses))
    return rows


def _services(addresses: pa.StringArray) -> pa.StringArray:
    """The names of AWS services among the addresses, null for all others."""
    is_service = pc.match_substring_regex(addresses, f"(?:{'|'.join(map(re.escape, SERVICE_ENDINGS))})$")
    return pc.if_else(is_service, addresses, None)


def _may_hold_either(texts: pa.StringArray) -> Flags:
    ids: Flags = pc.match_substring_regex(texts, READER_ID).fill_null(False).to_numpy(False)
    return ids | may_hold_address(texts)


def _hidden(text: str, _: int) -> str:
    return re.sub(rf"(?:\b|{AFTER_ENCODED}){READER_ID}\b", DROPPED, replace_addresses(text, lambda _: DROPPED))


def _keys(config: Config, reference: ReferenceData) -> ReaderKeys | None:
    if config.privacy.addresses == "drop":
        return None
    keys: ReaderKeys = reference[READER_KEYS]
    return keys


def _reader(
    column: pa.DictionaryArray, texts: list[str | None], keys: ReaderKeys | None, numbers: Ints
) -> tuple[pa.DictionaryArray, pa.DictionaryArray, pa.DictionaryArray]:
    """The columns `READER`; ``texts`` are the values of the column's dictionary."""
    if keys is None:
        nothing = dictionary_array(np.full(len(column), -1), pa.array([], pa.string()))
        return nothing, nothing, nothing
    codes = column.indices.fill_null(-1).to_numpy()
    used = np.flatnonzero(np.bincount(numbers, minlength=len(keys.keys)))
    found = [keys.readers(number, texts) for number in used.tolist()]
    ids = pa.concat_arrays([ids for ids, _ in found] or [pa.array([], pa.string())])
    prefixes = found[0][1] if found else ids
    # ``ids`` contains the ids of each used key, one key after the other.
    places = np.where(codes < 0, -1, codes + np.searchsorted(used, numbers) * len(texts))
    reader_id = mapped_dictionary(dictionary_array(places, ids), ids)
    key_ids = pa.array([key.id for key in keys.keys], pa.string())
    is_reader = reader_id.is_valid().to_numpy(zero_copy_only=False)
    reader_key = mapped_dictionary(dictionary_array(np.where(is_reader, numbers, -1), key_ids), key_ids)
    return reader_id, mapped_dictionary(column, prefixes), reader_key


def _stand_in(keys: ReaderKeys | None, number: int) -> Callable[[str], str]:
    """The replacement of an address in a text: its reader id by the key with this number, or ``-`` without keys."""
    return keys.keys[number].reader_id if keys else lambda _: DROPPED


def replaced_in(column: pa.ChunkedArray, replaced: Replace, finds: Find = may_hold_address) -> pa.Array:
    """The column with ``replaced(text, row)`` for each text for which ``finds`` is true, also within lists."""
    array = as_single_array(column)
    if pa.types.is_list(array.type):
        if array.null_count == len(array):
            return array
        rows = np.repeat(np.arange(len(array)), pc.fill_null(pc.list_value_length(array), 0).to_numpy())
        texts = replaced_in(
            pa.chunked_array([array.flatten()]), lambda text, item: replaced(text, int(rows[item])), finds
        )
        offsets = np.append(0, np.cumsum(np.bincount(rows, minlength=len(array)))).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), texts, array.type, mask=array.is_null())
    values, codes = distinct(array)
    may_hold = np.append(finds(values), False)
    rows = np.flatnonzero(may_hold[codes]) if may_hold.any() else np.array([], np.int64)
    if not len(rows):
        return array
    before = array.take(pa.array(rows)).to_pylist()
    after = [replaced(text, int(row)) for text, row in zip(before, rows, strict=True)]
    if before == after:
        return array
    mask = np.zeros(len(array), bool)
    mask[rows] = True
    texts = pc.replace_with_mask(array.cast(pa.string()), pa.array(mask), pa.array(after, pa.string()))
    return texts.dictionary_encode() if pa.types.is_dictionary(array.type) else texts


def with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """The rows with new values in a column, which may change between plain and dictionary-encoded."""
    return rows.set_column(rows.column_names.index(name), rows.schema.field(name).with_type(values.type), values)
