CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    symbol TEXT NOT NULL,
    quantity NUMERIC(20, 8) NOT NULL,
    placed TIMESTAMP NOT NULL
);
CREATE TABLE trades (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), price NUMERIC(20, 8) NOT NULL);
