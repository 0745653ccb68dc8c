"""The SQLite file: the system of record, and the only door to sqlite3."""
