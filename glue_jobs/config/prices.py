"""The section ``prices``, for estimates: US dollars, with the list prices of ``prices.json`` as defaults."""

from __future__ import annotations

import json
import pkgutil
from typing import Any

from glue_jobs.config.checks import Dollars
from glue_jobs.config.section import Section

# Glue imports the library from a zip file.
_LIST: dict[str, Any] = json.loads(pkgutil.get_data("glue_jobs.config", "prices.json") or b"")["prices"]
_STORAGE, _TIERS, _REQUESTS = (
    _LIST[name] for name in ("storage_gb_month", "intelligent_tiering_gb_month", "requests_per_1000")
)
_CLASSES, _WITHIN_AWS = _LIST["requests_per_1000_of_class"], _LIST["transfer_per_gb_within_aws"]


class StoragePrices(Section):
    """Per GB and month by storage class. 0 means no price: AWS lists none per GB.

    The classes are those of an object (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
    INTELLIGENT_TIERING is for objects whose tier is unknown.
    """

    STANDARD: Dollars = _STORAGE["STANDARD"]
    STANDARD_IA: Dollars = _STORAGE["STANDARD_IA"]
    ONEZONE_IA: Dollars = _STORAGE["ONEZONE_IA"]
    GLACIER_IR: Dollars = _STORAGE["GLACIER_IR"]
    GLACIER: Dollars = _STORAGE["GLACIER"]
    DEEP_ARCHIVE: Dollars = _STORAGE["DEEP_ARCHIVE"]
    REDUCED_REDUNDANCY: Dollars = _STORAGE["REDUCED_REDUNDANCY"]
    EXPRESS_ONEZONE: Dollars = _STORAGE["EXPRESS_ONEZONE"]
    INTELLIGENT_TIERING: Dollars = _STORAGE["INTELLIGENT_TIERING"]
    OUTPOSTS: Dollars = _STORAGE["OUTPOSTS"]
    SNOW: Dollars = _STORAGE["SNOW"]
    FSX_OPENZFS: Dollars = _STORAGE["FSX_OPENZFS"]
    FSX_ONTAP: Dollars = _STORAGE["FSX_ONTAP"]


class TierPrices(Section):
    """Per GB and month by access tier of INTELLIGENT_TIERING."""

    FREQUENT: Dollars = _TIERS["FREQUENT"]
    INFREQUENT: Dollars = _TIERS["INFREQUENT"]
    ARCHIVE_INSTANT_ACCESS: Dollars = _TIERS["ARCHIVE_INSTANT_ACCESS"]
    ARCHIVE: Dollars = _TIERS["ARCHIVE"]
    DEEP_ARCHIVE: Dollars = _TIERS["DEEP_ARCHIVE"]


class RequestPrices(Section):
    """Per 1,000 requests to STANDARD: ``write`` for PUT, COPY, POST and LIST, ``read`` for all others except DELETE."""

    read: Dollars = _REQUESTS["read"]
    write: Dollars = _REQUESTS["write"]


class ClassRequestPrices(Section):
    """Per 1,000 requests for objects of one class, without LIST."""

    read: Dollars
    write: Dollars


class RequestPricesOfClass(Section):
    """Per 1,000 requests for objects of the classes other than STANDARD."""

    STANDARD_IA: ClassRequestPrices = ClassRequestPrices(**_CLASSES["STANDARD_IA"])
    ONEZONE_IA: ClassRequestPrices = ClassRequestPrices(**_CLASSES["ONEZONE_IA"])
    GLACIER_IR: ClassRequestPrices = ClassRequestPrices(**_CLASSES["GLACIER_IR"])
    GLACIER: ClassRequestPrices = ClassRequestPrices(**_CLASSES["GLACIER"])
    DEEP_ARCHIVE: ClassRequestPrices = ClassRequestPrices(**_CLASSES["DEEP_ARCHIVE"])
    INTELLIGENT_TIERING: ClassRequestPrices = ClassRequestPrices(**_CLASSES["INTELLIGENT_TIERING"])
    REDUCED_REDUNDANCY: ClassRequestPrices = ClassRequestPrices(**_CLASSES["REDUCED_REDUNDANCY"])
    EXPRESS_ONEZONE: ClassRequestPrices = ClassRequestPrices(**_CLASSES["EXPRESS_ONEZONE"])


class TransferPrices(Section):
    """Per GB to destinations within AWS: the bucket's Region, other Regions, CloudFront."""

    same_region: Dollars = _WITHIN_AWS["same_region"]
    other_regions: Dollars = _WITHIN_AWS["other_regions"]
    cloudfront: Dollars = _WITHIN_AWS["cloudfront"]


class Prices(Section):
    """All prices. ``transfer_per_gb`` is for transfer to the internet."""

    storage_gb_month: StoragePrices = StoragePrices()
    intelligent_tiering_gb_month: TierPrices = TierPrices()
    monitoring_per_1000_objects: Dollars = _LIST["monitoring_per_1000_objects"]
    requests_per_1000: RequestPrices = RequestPrices()
    requests_per_1000_of_class: RequestPricesOfClass = RequestPricesOfClass()
    transfer_per_gb: Dollars = _LIST["transfer_per_gb"]
    transfer_per_gb_within_aws: TransferPrices = TransferPrices()
