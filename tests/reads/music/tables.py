"""The tables, and the SQL that makes them, with row-level security forced on."""

from piccolo.columns import UUID, BigInt, Boolean, Date, ForeignKey, Integer, Numeric, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.table import Table

RESTRICT = OnDelete.restrict


class Labels(Table):
    id = UUID(primary_key=True, default=None)
    code = Text(default=None)
    name = Text(default=None)


class Genres(Table):
    code = Text(primary_key=True, default=None)
    name = Text(default=None)


class Charts(Table):
    id = UUID(primary_key=True, default=None)
    genre_code = ForeignKey(Genres, default=None, null=False, on_delete=RESTRICT)
    version = Integer(default=None)
    published = Boolean(default=None)


class Albums(Table):
    id = UUID(primary_key=True, default=None)
    tenant_id = ForeignKey(Labels, default=None, null=False, on_delete=RESTRICT)
    genre_code = ForeignKey(Genres, default=None, null=True, on_delete=RESTRICT)
    title = Text(default=None)
    subtitle = Text(default=None, null=True)
    state = Text(default=None)
    price = Numeric(default=None)
    discount = Numeric(default=None, null=True)
    plays = BigInt(default=None)
    released_on = Date(default=None, null=True)
    created_at = Timestamptz(default=None)


class Tracks(Table):
    id = UUID(primary_key=True, default=None)
    tenant_id = ForeignKey(Labels, default=None, null=False, on_delete=RESTRICT)
    album_id = ForeignKey(Albums, default=None, null=False, on_delete=RESTRICT)
    position = Integer(default=None)
    title = Text(default=None)
    length = Numeric(default=None)


class Contracts(Table):
    id = UUID(primary_key=True, default=None)
    tenant_id = ForeignKey(Labels, default=None, null=False, on_delete=RESTRICT)
    album_id = ForeignKey(Albums, default=None, null=False, on_delete=RESTRICT)
    signed_on = Date(default=None)
    years = Integer(default=None)


class Audits(Table):
    id = UUID(primary_key=True, default=None)
    tenant_id = ForeignKey(Labels, default=None, null=False, on_delete=RESTRICT)
    note = Text(default=None)


ALL: tuple[type[Table], ...] = (Labels, Genres, Charts, Albums, Tracks, Contracts, Audits)

READER = "reads_test_reader"
"""Sees one tenant's rows. Neither owner nor superuser, so that row-level security binds it."""
PLATFORM_READER = "reads_test_platform"

OWN = "nullif(current_setting('app.tenant_id', true), '')::uuid"

SQL = f"""
CREATE TABLE labels (id uuid PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE genres (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE charts (
    id uuid PRIMARY KEY, genre_code text NOT NULL REFERENCES genres,
    version integer NOT NULL, published boolean NOT NULL
);
CREATE TABLE albums (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES labels, genre_code text REFERENCES genres,
    title text COLLATE "C" NOT NULL, subtitle text, state text NOT NULL, price numeric NOT NULL, discount numeric,
    plays bigint NOT NULL, released_on date, created_at timestamptz NOT NULL
);
CREATE INDEX albums_tenant ON albums (tenant_id, created_at, id);
CREATE TABLE tracks (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES labels, album_id uuid NOT NULL REFERENCES albums,
    position integer NOT NULL, title text COLLATE "C" NOT NULL, length numeric NOT NULL
);
CREATE INDEX tracks_album ON tracks (album_id, position, id);
CREATE TABLE contracts (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES labels, album_id uuid NOT NULL UNIQUE REFERENCES albums,
    signed_on date NOT NULL, years integer NOT NULL
);
CREATE TABLE audits (id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES labels, note text NOT NULL);
CREATE FUNCTION contract_end(signed_on date, years integer, today date) RETURNS date IMMUTABLE LANGUAGE sql AS
    $$ SELECT greatest((signed_on + make_interval(years => years))::date, today) $$;
CREATE FUNCTION net_price(price numeric, discount numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS
    $$ SELECT price - coalesce(discount, 0) $$;
ALTER TABLE labels ENABLE ROW LEVEL SECURITY;
ALTER TABLE labels FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON labels TO {READER} USING (id = {OWN});
CREATE POLICY platform ON labels TO {PLATFORM_READER} USING (true);
ALTER TABLE audits ENABLE ROW LEVEL SECURITY;
ALTER TABLE audits FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON audits TO {PLATFORM_READER} USING (true);
""" + "".join(
    f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON {table} TO {READER} USING (tenant_id = {OWN});
CREATE POLICY platform ON {table} TO {PLATFORM_READER} USING (true);
"""
    for table in ("albums", "tracks", "contracts")
)
