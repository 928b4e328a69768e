-- The truth about what NetSuite was given and what it made of it. Amounts are exact decimal texts.

CREATE TABLE IF NOT EXISTS sequences (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS customers (
    internal_id INTEGER PRIMARY KEY,
    external_id TEXT UNIQUE,           -- NULL: it came without one
    individual TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    status TEXT NOT NULL,
    subsidiary TEXT NOT NULL,
    taxable TEXT NOT NULL,
    default_order_priority TEXT NOT NULL,
    account_source TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    shopify_customer_id TEXT NOT NULL,
    hc_customer_id TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    source TEXT NOT NULL,              -- csv, rest or history
    created_at TEXT NOT NULL           -- ISO 8601, UTC
);

CREATE TABLE IF NOT EXISTS sales_orders (
    internal_id INTEGER PRIMARY KEY,
    external_id TEXT UNIQUE,
    order_name TEXT NOT NULL,          -- PO number: the name customers know
    hc_order_id TEXT NOT NULL,
    shopify_order_id TEXT NOT NULL,
    sales_channel TEXT NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (internal_id),
    tran_date TEXT NOT NULL,           -- ISO 8601 date
    subsidiary TEXT NOT NULL,
    department TEXT NOT NULL,
    location TEXT NOT NULL,
    memo TEXT NOT NULL,
    discount_item TEXT NOT NULL,
    discount_rate TEXT NOT NULL,
    shipping_method TEXT NOT NULL,
    shipping_cost TEXT NOT NULL,
    shipping_tax_code TEXT NOT NULL,
    email TEXT NOT NULL,
    status TEXT NOT NULL,              -- B: pending fulfilment
    ship_to TEXT NOT NULL,             -- JSON object
    bill_to TEXT NOT NULL,             -- JSON object
    source TEXT NOT NULL,
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS order_lines (
    order_id INTEGER NOT NULL REFERENCES sales_orders (internal_id),
    line_id INTEGER NOT NULL,
    hc_order_line_id TEXT NOT NULL,    -- blank on discount rows
    line_type_id TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity TEXT NOT NULL,
    rate TEXT NOT NULL,
    price_level TEXT NOT NULL,
    tax_code TEXT NOT NULL,
    tag TEXT NOT NULL,
    closed INTEGER NOT NULL,
    location TEXT NOT NULL,
    rejected INTEGER NOT NULL,
    PRIMARY KEY (order_id, line_id)
);

CREATE TABLE IF NOT EXISTS deposits (
    internal_id INTEGER PRIMARY KEY,
    external_id TEXT UNIQUE,
    order_id INTEGER NOT NULL REFERENCES sales_orders (internal_id),
    amount TEXT NOT NULL,
    payment_method TEXT NOT NULL,
    tran_date TEXT NOT NULL,           -- the date on which the order was last modified
    source TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS deposits_order ON deposits (order_id);

CREATE TABLE IF NOT EXISTS cash_sales (
    internal_id INTEGER PRIMARY KEY,
    external_id TEXT UNIQUE,
    order_name TEXT NOT NULL,
    hc_order_id TEXT NOT NULL,
    shopify_order_id TEXT NOT NULL,
    sales_channel TEXT NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (internal_id),
    tran_date TEXT NOT NULL,
    subsidiary TEXT NOT NULL,
    department TEXT NOT NULL,
    location TEXT NOT NULL,
    memo TEXT NOT NULL,
    discount_item TEXT NOT NULL,
    discount_rate TEXT NOT NULL,
    ship_to TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS cash_sale_lines (
    cash_sale_id INTEGER NOT NULL REFERENCES cash_sales (internal_id),
    line_id INTEGER NOT NULL,
    hc_order_line_id TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity TEXT NOT NULL,
    rate TEXT NOT NULL,
    price_level TEXT NOT NULL,
    tax_code TEXT NOT NULL,
    PRIMARY KEY (cash_sale_id, line_id)
);

CREATE TABLE IF NOT EXISTS fulfilments (
    number INTEGER PRIMARY KEY,
    internal_id INTEGER NOT NULL,      -- of the item fulfilment; one per order and location
    order_id INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    location TEXT NOT NULL,
    quantity TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    carrier TEXT NOT NULL,
    shipping_method TEXT NOT NULL,
    made_by TEXT NOT NULL,             -- hotwax or netsuite
    shipped_at TEXT NOT NULL,
    FOREIGN KEY (order_id, line_id) REFERENCES order_lines (order_id, line_id)
);
CREATE INDEX IF NOT EXISTS fulfilments_line ON fulfilments (order_id, line_id);

CREATE TABLE IF NOT EXISTS rejections (
    number INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    comments TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- One row per file that a script took. NetSuite shows these on its import status page only.
CREATE TABLE IF NOT EXISTS import_jobs (
    number INTEGER PRIMARY KEY,
    script TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL,
    status TEXT NOT NULL,              -- PENDING, COMPLETE, FAILED (whole file), NOT_SUBMITTED (export/failed), EMPTY, BLOCKED, CRASHED
    message TEXT NOT NULL,
    due_run INTEGER NOT NULL,
    submitted_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS import_jobs_status ON import_jobs (status);

CREATE TABLE IF NOT EXISTS import_rows (
    job_number INTEGER NOT NULL REFERENCES import_jobs (number),
    row_number INTEGER NOT NULL,       -- 1 is the first row below the header, or the first element
    external_id TEXT NOT NULL,
    result TEXT NOT NULL,              -- created, updated, refused or skipped
    message TEXT NOT NULL,
    PRIMARY KEY (job_number, row_number)
);

CREATE TABLE IF NOT EXISTS return_files (
    number INTEGER PRIMARY KEY,
    suffix TEXT NOT NULL,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,               -- sent, lost or waiting
    due_run INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS return_files_name ON return_files (folder, name);
CREATE INDEX IF NOT EXISTS return_files_state ON return_files (state);

CREATE TABLE IF NOT EXISTS rest_calls (
    number INTEGER PRIMARY KEY,
    arrived_at TEXT NOT NULL,
    method TEXT NOT NULL,
    record TEXT NOT NULL,              -- customer, salesOrder, customerDeposit or cashSale
    external_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,              -- of the body
    committed INTEGER NOT NULL,        -- 1: this call wrote the record
    status INTEGER NOT NULL,           -- that went out, 0 when none did
    lie TEXT NOT NULL,
    answer BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS rest_calls_key ON rest_calls (record, external_id);
