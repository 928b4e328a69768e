CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY,
    external_id TEXT NOT NULL UNIQUE,
    order_name TEXT NOT NULL,
    product_store_id TEXT NOT NULL,
    sales_channel TEXT NOT NULL,
    status_id TEXT NOT NULL,
    order_date TEXT NOT NULL,
    currency TEXT NOT NULL,
    grand_total TEXT NOT NULL,
    customer_external_id TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    address TEXT NOT NULL,
    city TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    state TEXT NOT NULL,
    country TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    placing_facility_id TEXT NOT NULL,
    origin_facility_id TEXT NOT NULL,
    entry_date TEXT NOT NULL,
    log_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS order_items (
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    item_seq_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    id_type TEXT NOT NULL,
    id_value TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    unit_list_price TEXT NOT NULL,
    status_id TEXT NOT NULL,
    facility_id TEXT NOT NULL,
    shipment_method_type_id TEXT NOT NULL,
    carrier_party_id TEXT NOT NULL,
    PRIMARY KEY (order_id, item_seq_id)
);
CREATE TABLE IF NOT EXISTS order_adjustments (
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    item_seq_id TEXT NOT NULL,
    adjustment_type_id TEXT NOT NULL,
    amount TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS order_payments (
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    payment_method_type_id TEXT NOT NULL,
    amount TEXT NOT NULL,
    status_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS excluded_order_facilities (
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    facility_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS inventory_variances (
    variance_id INTEGER PRIMARY KEY,
    log_id TEXT NOT NULL,
    facility_id TEXT NOT NULL,
    id_type TEXT NOT NULL,
    id_value TEXT NOT NULL,
    delta INTEGER NOT NULL,
    location_seq_id TEXT NOT NULL,
    reason_id TEXT NOT NULL,
    comments TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS inventory_by_product ON inventory_variances (facility_id, id_value);
CREATE TABLE IF NOT EXISTS contents (
    content_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS data_manager_logs (
    number INTEGER PRIMARY KEY,
    config_id TEXT NOT NULL,
    status_id TEXT NOT NULL,
    content_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    remote_file_path TEXT,
    upload_content_id INTEGER REFERENCES contents (content_id),
    error_content_id INTEGER REFERENCES contents (content_id),
    log_content_id INTEGER REFERENCES contents (content_id),
    total_record_count INTEGER,
    failed_record_count INTEGER,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
