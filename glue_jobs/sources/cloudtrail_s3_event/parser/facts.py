"""additionalEventData of many events: what differs in every event is cut out, so that each different text is few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.byte_search import Flags, Places, Words
from glue_jobs.sources.cloudtrail_s3_event.parser import parts
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import FACTS, SIZES
from glue_jobs.sources.cloudtrail_s3_event.parser.parts import Part, only
from glue_jobs.sources.cloudtrail_s3_event.parser.pieces import Span, joined, spans_of, values_of
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import null_if_no_json, whole_numbers

# Elsewhere, or of another length, they only cost time.
_ID_2, _ID_2_LENGTHS = b'"x-amz-id-2":"', (76, 88, 96, 108)
_SIZE, _SIZE_MARK = "bytes_out", b',"bytesTransferredOut":'


@dataclass(frozen=True)
class FactsOfEvents:
    """The texts, what they say without what was cut out, and the size cut out of each, -1 where none was."""

    texts: pa.StringArray
    part: Part
    sizes: Places
    digits: Places

    @classmethod
    def of(cls, texts: pa.StringArray) -> FactsOfEvents:
        """Those that `joined` put together."""
        span, data = spans_of(texts)
        sizes, digits, size = _sizes(Words(data), span)
        ids = values_of(data, (span[0], size[0]), _ID_2, _ID_2_LENGTHS)
        part = Part.of(joined(data, (span[0], ids[0]), (ids[1], size[0]), (size[1], span[1])), parts.said)
        return cls(texts, part, sizes, digits)

    def proven(self) -> Flags:
        """Which are what the rest of them says: JSON, with the first digit of the size as the size."""
        if not self.part.values:
            return ~self.part.damaged
        said = [fact if type(fact) is int and 0 <= fact <= 9 else -1 for fact in self.part.fields[SIZES[_SIZE]]]
        believed: Flags = np.array(said)[self.part.codes.to_numpy()] == self.digits
        return ~self.part.damaged & (believed | (self.sizes < 0))

    def columns(self, chosen: Flags) -> dict[str, pa.Array]:
        """The columns of the chosen events."""
        part, sizes = self.part.only(chosen), self.sizes[chosen]
        numbers = {name: whole_numbers(part.fields[fact]).take(part.codes) for name, fact in SIZES.items()}
        cut_out = sizes >= 0
        return {
            "additional_event_data": null_if_no_json(only(self.texts, chosen)),
            **{name: part.texts(part.fields[fact]) for name, fact in FACTS.items()},
            **numbers,
            _SIZE: pc.replace_with_mask(numbers[_SIZE], cut_out, pa.array(sizes[cut_out])),
        }


def _sizes(words: Words, span: Span) -> tuple[Places, Places, Span]:
    """The sizes that end their facts, -1 where none does, their first digits, and where the other digits are.

    The first digit stays, so that there is a number to be read; it is believed when it is read as the size.
    """
    end = span[1] - 1
    sizes, begins = words.numbers_before(end)
    mark = begins - len(_SIZE_MARK)
    there = (begins >= 0) & (mark > span[0]) & words.is_at(ord("}"), end) & words.has(_SIZE_MARK, mark)
    digits = sizes // 10 ** np.where(there, end - begins - 1, 0)
    return np.where(there, sizes, -1), digits, (np.where(there, begins + 1, span[1]), np.where(there, end, span[1]))
