"""Report accounts that read their own buckets and are not configured as own traffic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa

from glue_jobs.progress import first_names
from glue_jobs.query.saved.query import SavedQuery

# Anybody may use a URL that the owner signed, users of an application of the owner have its account from Amazon
# Cognito or S3 Access Grants, and Lake Formation reads for other accounts.
_OWNERS = """
SELECT DISTINCT subscriber_account_id
FROM cloudtrail_s3_event
WHERE event_date >= {first}
    AND event_date <= {last}
    AND subscriber_account_id = bucket_owner_account_id
    AND NOT coalesce(is_own, false)
    AND NOT coalesce(management_event, false)
    AND coalesce(authentication_method, '(none)') <> 'QueryString'
    AND NOT coalesce(regexp_like(principal_arn, '/(CognitoIdentityCredentials$|access-grants-|AWSLF-)'), false)
ORDER BY subscriber_account_id
"""


def own_callers(
    run: Callable[[str], pa.Table], query: SavedQuery, day: date, since: date | None = None, until: date | None = None
) -> tuple[str, ...]:
    """A sentence on a query about subscribers, as of ``day``; ``run`` returns the result of a SELECT."""
    first, last = query.period_days(day, since, until)
    accounts = run(_OWNERS.format(first=first, last=last))["subscriber_account_id"].to_pylist()
    if not accounts:
        return ()
    return (
        f"Requests of {first_names(accounts, 'account')} for buckets of the same account count as those of readers;"
        " own_traffic.accounts in the configuration makes new ones own traffic.",
    )
