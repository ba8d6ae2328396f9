"""The server's tables lie in one `MetaData`, beside those of the scheduler. Times are seconds since 1970 in UTC."""

from sqlalchemy import MetaData

METADATA = MetaData()
