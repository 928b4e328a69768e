-- The truth about what Retail Pro was asked and what it did. Amounts and quantities are whole ten-thousandths.

CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY,
    arrived_at TEXT NOT NULL,          -- ISO 8601, UTC
    operation TEXT NOT NULL,           -- invoice or slip
    key TEXT NOT NULL,                 -- OrderNo or SlipNo, blank when the body had none
    body BLOB NOT NULL,                -- exactly the bytes that came
    sha256 TEXT NOT NULL,              -- of the body
    committed INTEGER NOT NULL,        -- 1: this call created a document
    status INTEGER NOT NULL,           -- the HTTP status that went out, 0 when none did
    lie TEXT NOT NULL,                 -- what went out instead of the answer, blank when the answer did
    answer BLOB NOT NULL               -- the body of the answer, whether it went out or not
);
CREATE INDEX IF NOT EXISTS calls_key ON calls (key);

CREATE TABLE IF NOT EXISTS invoices (
    number INTEGER PRIMARY KEY,
    order_no TEXT NOT NULL,            -- not unique: without duplicate handling a second POST is a second invoice
    invoicing_store TEXT NOT NULL,
    created_date TEXT NOT NULL,
    total_amt INTEGER NOT NULL,
    total_disc_amt INTEGER NOT NULL,
    shipping_amt INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    call_number INTEGER NOT NULL REFERENCES calls (number)
);
CREATE INDEX IF NOT EXISTS invoices_order_no ON invoices (order_no);

CREATE TABLE IF NOT EXISTS slips (
    number INTEGER PRIMARY KEY,
    slip_no TEXT NOT NULL,
    from_store TEXT NOT NULL,
    to_store TEXT NOT NULL,
    created_date TEXT NOT NULL,
    total_qty INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    call_number INTEGER NOT NULL REFERENCES calls (number)
);
CREATE INDEX IF NOT EXISTS slips_slip_no ON slips (slip_no);

CREATE TABLE IF NOT EXISTS look_ups (
    number INTEGER PRIMARY KEY,
    arrived_at TEXT NOT NULL,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    status INTEGER NOT NULL,
    documents INTEGER NOT NULL         -- how many the answer held
);
