"""What every log says about a connection: host, cipher, and the ids S3 gives a request."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from glue_jobs.sample.publisher import Bucket, Publisher
from glue_jobs.sample.readers import ACCESS_POINT, PATH, WEBSITE
from glue_jobs.sample.request import Requests

REQUEST_ID = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
HOST_ID = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
HEXADECIMAL = np.frombuffer(b"0123456789abcdef", np.uint8)


def ids_of(requests: Requests, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Request ids and host ids by request number: the first an ``rng`` gives, so equal ones give every log the same."""
    how_many = int(requests.request.max(initial=-1)) + 1
    return request_ids(how_many, rng), host_ids(how_many, rng)


def request_ids(how_many: int, rng: np.random.Generator) -> list[str]:
    """Ids of requests."""
    return texts(REQUEST_ID, how_many, 16, rng)


def host_ids(how_many: int, rng: np.random.Generator) -> list[str]:
    """Ids of the machines that answered."""
    return [f"{text}=" for text in texts(HOST_ID, how_many, 75, rng)]


def host_header(style: int, bucket: Bucket, publisher: Publisher) -> str:
    """The host a client of a style connects to."""
    if style == WEBSITE:
        return f"{bucket.name}.s3-website-{bucket.region}.amazonaws.com"
    if style == ACCESS_POINT:
        name, account = publisher.access_point.split("/")[-1], publisher.access_point.split(":")[4]
        return f"{name}-{account}.s3-accesspoint.{bucket.region}.amazonaws.com"
    return f"s3.{bucket.region}.amazonaws.com" if style == PATH else f"{bucket.name}.s3.{bucket.region}.amazonaws.com"


def tls_of(user_agent: str) -> tuple[str, str]:
    """Cipher and version of TLS that a client speaks."""
    if user_agent.startswith(("Hadoop", "Java")):
        return "ECDHE-RSA-AES128-GCM-SHA256", "TLSv1.2"
    return "TLS_AES_128_GCM_SHA256", "TLSv1.3"


def texts(alphabet: npt.NDArray[np.uint8], how_many: int, length: int, rng: np.random.Generator) -> list[str]:
    """Texts of a given length in letters of the alphabet, all letters equally likely."""
    choices = np.frombuffer(rng.bytes(how_many * length), np.uint8) % len(alphabet)
    whole = alphabet[choices].tobytes().decode("ascii")
    return [whole[start : start + length] for start in range(0, how_many * length, length)]
