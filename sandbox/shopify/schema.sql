CREATE TABLE IF NOT EXISTS orders (
    num INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content BLOB NOT NULL,
    deleted_at INTEGER
);
-- What the search knows: one row for each version, seen from visible_at until hidden_at.
CREATE TABLE IF NOT EXISTS versions (
    num INTEGER NOT NULL,
    version INTEGER NOT NULL,
    visible_at REAL NOT NULL,
    hidden_at REAL NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    processed_at INTEGER NOT NULL,
    closed_at INTEGER,
    cancelled_at INTEGER,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    total INTEGER NOT NULL,
    source_name TEXT NOT NULL,
    source_identifier TEXT NOT NULL,
    confirmation_number TEXT NOT NULL,
    po_number TEXT NOT NULL,
    financial_status TEXT NOT NULL,
    fulfillment_status TEXT NOT NULL,
    return_status TEXT NOT NULL,
    delivery_method TEXT NOT NULL,
    location_num INTEGER NOT NULL,
    customer_num INTEGER NOT NULL,
    email TEXT NOT NULL,
    test TEXT NOT NULL,
    tags TEXT NOT NULL,
    skus TEXT NOT NULL,
    PRIMARY KEY (num, version)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_updated ON versions (updated_at, num);
CREATE INDEX IF NOT EXISTS versions_created ON versions (created_at, num);
CREATE INDEX IF NOT EXISTS versions_processed ON versions (processed_at, num);
CREATE TABLE IF NOT EXISTS bulk_operations (
    number INTEGER PRIMARY KEY,
    query TEXT NOT NULL,
    version TEXT NOT NULL,
    grouped INTEGER NOT NULL,
    status TEXT NOT NULL,
    error_code TEXT,
    created_at INTEGER NOT NULL,
    completed_at INTEGER,
    object_count INTEGER NOT NULL DEFAULT 0,
    root_count INTEGER NOT NULL DEFAULT 0,
    file_size INTEGER,
    has_result INTEGER NOT NULL DEFAULT 0,
    polls INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
