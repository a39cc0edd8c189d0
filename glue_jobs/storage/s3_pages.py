"""Parse the objects in a page of S3's listing in a tenth of boto3's time; boto3 parses the rest of the page.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

CONTENTS = "Contents"


def read_pages_quickly(client: Any) -> None:
    """Make the boto3 client parse the objects of its listings with `_read_contents`."""
    client.meta.events.register("before-parse.s3.ListObjectsV2", _read_contents)


def _read_contents(response_dict: Any, customized_response_dict: Any, **_: object) -> None:
    """Remove the objects from the page before boto3 parses it, and add them to boto3's result."""
    if response_dict["status_code"] != 200:
        return
    try:
        page = ElementTree.fromstring(response_dict["body"])
    except ElementTree.ParseError:
        # boto3 reports the error.
        return
    contents = [each for each in page if _name(each) == CONTENTS]
    for each in contents:
        page.remove(each)
    if contents:
        response_dict["body"] = ElementTree.tostring(page)
        customized_response_dict[CONTENTS] = [_item(each) for each in contents]


def _item(element: ElementTree.Element) -> dict[str, Any]:
    """The attributes of an object, under the names that boto3 uses."""
    item: dict[str, Any] = {}
    for each in element:
        item[_name(each)] = {_name(child): child.text for child in each} if len(each) else each.text or ""
    item["Size"] = int(item["Size"])
    item["LastModified"] = datetime.fromisoformat(item["LastModified"])
    return item


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
