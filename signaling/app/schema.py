"""SQL tables of the lease by which one server works on a database, and of who may work on its tables."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from signaling.core.schema import METADATA

SERVER_LEASE = Table(  # one row: which server works on the database, and until when (see signaling.app.lease)
    "server_lease",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("server", String(100), nullable=False),
    Column("holder", String(300), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),  # milliseconds since 1970, by the clock of the database
    Column("system", String(32), nullable=False, server_default=""),  # its id: servers of another one are refused
    Column("address", String(100), nullable=False, server_default=""),  # where others pass connections on to
)

TABLE_VERSIONS = Table(  # of `scheduler` and `signaling`: releases whose tables are of this version still work on them
    "table_versions",
    METADATA,
    Column("part", String(16), primary_key=True),
    Column("oldest", String(32), nullable=False),
)
