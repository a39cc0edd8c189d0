"""The storage of the keys of reader ids: a file that only its owner can read, or a secret of AWS Secrets Manager.

The keys are outside the lake, so access to the lake does not allow turning reader ids into addresses.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import tempfile
from pathlib import Path

from glue_jobs.errors import StorageError

SECRET_ARN = "arn:"

# No access log is older than 2006, so a new key applies to all events.
FIRST_DAY = "2006-03-14"
NEW_KEY_BYTES = 32

FOLDER_MODE = 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def default_key_file() -> str:
    """The file of the user who runs the program: ``~/.config/usage-lake/reader-keys.json``.

    XDG_CONFIG_HOME, if set, replaces ``~/.config``:
    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return str(Path(folder) / "usage-lake" / "reader-keys.json")


def make_key_file(path: str) -> bool:
    """Create the file with a new key, unless it exists; returns whether it was created.

    Raises:
        StorageError: the file cannot be written.
    """
    target = Path(path)
    if target.exists():
        return False
    content = json.dumps({FIRST_DAY: secrets.token_hex(NEW_KEY_BYTES)}, indent=1) + "\n"
    try:
        target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        # mkstemp creates a file that only its owner can read.
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".reader-keys-")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link never replaces the file of another run.
            os.link(name, target)
        except FileExistsError:
            return False
        finally:
            Path(name).unlink()
    except OSError as error:
        raise StorageError(
            f"cannot make {path} with the key of reader ids: {error.strerror}; name a file with --reader-keys, or set"
            " privacy.addresses to drop"
        ) from error
    return True


def key_bytes(location: str) -> bytes:
    """The content of the file, or of the secret with this ARN.

    Raises:
        StorageError: it cannot be read, or others than its owner may use the file.
    """
    if location.startswith(SECRET_ARN):
        from glue_jobs.storage.secret import secret_value

        return secret_value(location)
    try:
        with Path(location).open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                raise StorageError(
                    f"{location} has the keys of reader ids, and others than its owner may use it; run chmod 600"
                    f" {location}"
                )
            return file.read()
    except OSError as error:
        raise StorageError(f"cannot read the keys of reader ids in {location}: {error.strerror}") from error
