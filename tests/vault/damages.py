"""What can happen to the files of a vault: bits, pages, whole files, values, rows and tables. Each damage is drawn by a seed."""

import os
import sqlite3
import struct

PAGE = 4096
TABLES = {
    "connections": [
        "account",
        "id",
        "kind",
        "label",
        "service",
        "credential",
        "revision",
        "ended",
        "attempted_at",
        "created_at",
    ],
    "pending": [
        "account",
        "browser_hash",
        "verifier",
        "service",
        "redirect_uri",
        "return_to",
        "created_at",
        "state_hash",
    ],
    "spent": ["state_hash", "spent_at"],
    "budgets": ["name", "ledger"],
    "meta": ["name", "value"],
}
VALUES = [
    None,
    "",
    b"",
    0,
    -1,
    2**63 - 1,
    1e308,
    float("inf"),
    -1e300,
    "text",
    b"\xff\xfe",
    b"\x03" + bytes(40),
    "NaN",
    "ü" * 50,
    "1e5",
]


def draw(chance):
    """A damage, as its name and a function that does it to the folder of a vault."""
    kind = chance.choices(list(DAMAGES), [weight for _, weight in DAMAGES.values()])[0]
    return kind, lambda folder: DAMAGES[kind][0](folder, chance)


def _rewrite(folder, change, name="vault.db"):
    path = folder / name
    path.write_bytes(change(bytearray(path.read_bytes())))


def flip_bits(folder, chance):
    def change(data):
        for _ in range(chance.choice([1, 1, 2, 8, 64])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return data

    _rewrite(folder, change)


def overwrite(folder, chance):
    def change(data):
        start, length = chance.randrange(len(data)), chance.choice([1, 4, 16, 100, 1000, 5000])
        filling = chance.choice([bytes(length), b"\xff" * length, chance.randbytes(length)])
        data[start : start + length] = filling[: len(data) - start]
        return data

    _rewrite(folder, change)


def cut(folder, chance):
    def change(data):
        return data[: chance.choice([0, 1, 15, 16, 99, 100, 101, 512, PAGE, chance.randrange(len(data))])]

    _rewrite(folder, change)


def append(folder, chance):
    _rewrite(folder, lambda data: data + chance.randbytes(chance.choice([1, 100, PAGE, 3 * PAGE])))


def change_pages(folder, chance):
    def change(data):
        pages = [data[n : n + PAGE] for n in range(0, len(data), PAGE)]
        one, two = chance.randrange(len(pages)), chance.randrange(1, len(pages))
        how = chance.choice(["swap", "copy", "zero", "random"])
        if how == "swap":
            pages[one], pages[two] = pages[two], pages[one]
        elif how == "copy":
            pages[two] = pages[one]
        else:
            pages[two] = bytearray(PAGE) if how == "zero" else bytearray(chance.randbytes(PAGE))
        return b"".join(pages)

    _rewrite(folder, change)


def lay_beside(folder, chance):
    """A log, an index, a journal or a lock of somebody else's, or a folder, a link or a pipe in their place."""
    path = folder / f"vault.db{chance.choice(['-wal', '-shm', '-journal', '-reserve', '.open.lock', *ACCOUNT_LOCKS])}"
    path.unlink(missing_ok=True)
    kind = chance.choice(["garbage", "log", "folder", "pipe", "link"])
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(chance.choice(["/dev/null", "/nowhere/at/all", "/etc/passwd", "vault.db"]))
    elif kind == "log":
        header = struct.pack(">8I", 0x377F0682, 3007000, PAGE, 0, *(chance.getrandbits(32) for _ in range(4)))
        path.write_bytes(header + chance.randbytes(PAGE + 24))
    else:
        path.write_bytes(chance.randbytes(chance.choice([1, 32, 512, 2 * PAGE])))


ACCOUNT_LOCKS = [".account-37a8eec1ce19687d.lock", ".unstored-37a8eec1ce19687d.lock"]
"""Those of the account "default"."""


def damage_the_key(folder, chance):
    path = folder / "vault.key"
    data = path.read_bytes()
    kind = chance.choice(["cut", "flip", "other", "folder", "pipe", "gone", "huge", "link"])
    if kind == "cut":
        path.write_bytes(data[: chance.randrange(len(data))])
    elif kind == "flip":
        place = chance.randrange(len(data))
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :])
    elif kind == "other":
        path.write_bytes(b"A" * 43 + b"=")
    elif kind == "huge":
        path.write_bytes(data + b" " * 100_000)
    else:
        path.unlink()
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "link":
            path.symlink_to("/dev/zero")


def _run(folder, *statements):
    db = sqlite3.connect(folder / "vault.db", isolation_level=None)
    try:
        for statement, values in statements:
            db.execute(statement, values)
    except sqlite3.Error:  # a rule of the table forbids it, so this damage cannot happen
        pass
    finally:
        db.close()


def change_a_value(folder, chance):
    table = chance.choice(list(TABLES))
    column = chance.choice(TABLES[table])
    where = chance.choice(["", f" WHERE rowid = (SELECT rowid FROM {table} ORDER BY random() LIMIT 1)"])
    _run(folder, (f"UPDATE OR IGNORE {table} SET {column} = ?{where}", (chance.choice(VALUES),)))


def change_the_type(folder, chance):
    table = chance.choice(list(TABLES))
    column = chance.choice(TABLES[table])
    kind = chance.choice(["BLOB", "TEXT", "INTEGER", "REAL"])
    _run(folder, (f"UPDATE OR IGNORE {table} SET {column} = CAST({column} AS {kind})", ()))


def make_a_text_undecodable(folder, chance):
    table = chance.choice(list(TABLES))
    column = chance.choice(TABLES[table])
    _run(folder, (f"UPDATE OR IGNORE {table} SET {column} = CAST(x'ff80c3' AS TEXT)", ()))


def swap_values(folder, chance):
    """A value of one row in another one, or in another column."""
    table = chance.choice(["connections", "connections", "pending"])
    column = chance.choice(TABLES[table])
    source = chance.choice([column, column, chance.choice(TABLES[table])])
    row = f"(SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {chance.randrange(3)})"
    other = f"(SELECT {source} FROM {table} ORDER BY rowid DESC LIMIT 1 OFFSET {chance.randrange(2)})"
    _run(folder, (f"UPDATE OR IGNORE {table} SET {column} = {other} WHERE rowid = {row}", ()))


def swap_names(folder, chance):
    """Two accounts change their names with each other."""
    one, two = chance.sample(["default", "acme", "robot", "over", "many-3"], 2)
    statements = [(one, "\1"), (two, one), ("\1", two)]
    _run(folder, *[("UPDATE connections SET account = ? WHERE account = ?", (new, old)) for old, new in statements])


def change_the_kind(folder, chance):
    kind = chance.choice(["api_key", "oauth", "API_KEY", ""])
    _run(folder, ("UPDATE connections SET kind = ?", (kind,)))


def change_the_schema(folder, chance):
    table = chance.choice(list(TABLES))
    column = chance.choice(TABLES[table])
    event = chance.choice(["INSERT", "UPDATE", "DELETE"])
    _run(
        folder,
        *chance.choice(
            [
                [(f"ALTER TABLE {table} DROP COLUMN {column}", ())],
                [(f"ALTER TABLE {table} RENAME COLUMN {column} TO other", ())],
                [(f"ALTER TABLE {table} ADD COLUMN other TEXT NOT NULL DEFAULT 'x'", ())],
                [(f"ALTER TABLE {table} RENAME TO other", ())],
                [(f"DROP TABLE {table}", ())],
                [
                    (f"ALTER TABLE {table} RENAME TO other", ()),
                    (f"CREATE VIEW {table} AS SELECT * FROM other", ()),
                ],
                [(f"CREATE TABLE copy AS SELECT * FROM {table}", ()), (f"DROP TABLE {table}", ())],
                [
                    (f"CREATE TABLE copy AS SELECT * FROM {table}", ()),
                    (f"DROP TABLE {table}", ()),
                    ("ALTER TABLE copy RENAME TO " + table, ()),
                    (f"INSERT INTO {table} SELECT * FROM {table}", ()),
                ],
                [(f"CREATE TRIGGER t AFTER {event} ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END", ())],
                [(f"CREATE TRIGGER t AFTER {event} ON {table} BEGIN DELETE FROM connections; END", ())],
                [(f"CREATE INDEX another ON {table} ({column})", ())],
                [("PRAGMA user_version = 7", ())],
                [("PRAGMA journal_mode = DELETE", ())],
            ]
        ),
    )


def change_a_version(folder, chance):
    value = chance.choice([b"1", b"2", b"4", b"", b"\xff", "3", 3, "x" * 1000, 2**62, 3.0])
    _run(folder, ("UPDATE meta SET value = ? WHERE name = 'schema'", (value,)))


def swap_rows(folder, chance):
    """Two rows exchange some of their columns, or all but their names."""
    table = chance.choice(["connections", "pending"])
    columns = chance.sample(TABLES[table], chance.choice([1, 2, 3, len(TABLES[table])]))
    rows = f"SELECT rowid, {', '.join(columns)} FROM {table}"
    db = sqlite3.connect(folder / "vault.db")
    (one, *its), (other, *others) = chance.sample(db.execute(rows).fetchall(), 2)
    db.close()
    change = f"UPDATE OR IGNORE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE rowid = ?"
    moved = ["moved", *its[1:]] if columns[0] in ("account", "state_hash") else its
    _run(folder, (change, (*moved, other)), (change, (*others, one)), (change, (*its, other)))


def take_out(folder, chance):
    """Rows that are gone; only of connections is one missed."""
    table = chance.choice(["connections", "connections", "connections", "spent", "budgets", "meta"])
    where = chance.choice(["", f" WHERE rowid = {chance.randrange(1, 4)}"])
    _run(folder, (f"DELETE FROM {table}{where}", ()))


def make_anew(folder, chance):
    """A table made anew by another program, with rules of its own."""
    table = chance.choice(list(TABLES))
    db = sqlite3.connect(folder / "vault.db")
    (made,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    db.close()
    made = chance.choice(
        [
            made.replace("VARCHAR", "VARCHAR COLLATE NOCASE"),
            made.replace("VARCHAR", "VARCHAR COLLATE RTRIM"),
            made.replace("VARCHAR", "INTEGER").replace("BLOB", "REAL"),
            made.replace("NOT NULL", ""),
            made.replace("NOT NULL", "NOT NULL CHECK (1 = 0)"),
            made + " WITHOUT ROWID",
        ]
    )
    copy = (f"INSERT INTO {table} SELECT * FROM old", ())
    _run(folder, (f"ALTER TABLE {table} RENAME TO old", ()), (made, ()), copy, ("DROP TABLE old", ()))


def change_the_header(folder, chance):
    def change(data):
        for _ in range(chance.choice([1, 2, 4])):
            data[chance.randrange(16, 100)] = chance.randrange(256)
        return data

    _rewrite(folder, change)


def make_giant(folder, chance):
    table = chance.choice(list(TABLES))
    value = chance.choice(["zeroblob(50000000)", "2000000000", "printf('%.*c', 2000000, 'x')", "char(27) || char(10)"])
    _run(folder, (f"UPDATE OR IGNORE {table} SET {chance.choice(TABLES[table])} = {value} WHERE rowid = 1", ()))


def change_a_mark(folder, chance):
    marks = [b"making  ", b"made    ", b"made", b"", b"\xff" * 20, b"making  99999999999999999999 x\n"]
    (folder / "vault.db.open.lock").write_bytes(chance.choice(marks))


DAMAGES = {
    "bits": (flip_bits, 30),
    "bytes": (overwrite, 15),
    "cut": (cut, 12),
    "appended": (append, 3),
    "pages": (change_pages, 15),
    "beside": (lay_beside, 10),
    "key": (damage_the_key, 6),
    "value": (change_a_value, 15),
    "type": (change_the_type, 6),
    "undecodable": (make_a_text_undecodable, 4),
    "swapped values": (swap_values, 10),
    "swapped names": (swap_names, 3),
    "kind": (change_the_kind, 3),
    "schema": (change_the_schema, 10),
    "version": (change_a_version, 3),
    "swapped rows": (swap_rows, 10),
    "taken out": (take_out, 6),
    "made anew": (make_anew, 6),
    "header": (change_the_header, 8),
    "giant": (make_giant, 4),
    "mark": (change_a_mark, 2),
}
