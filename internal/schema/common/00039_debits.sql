-- +goose Up
-- The test of an account that a customer typed at a pay link (AR-12), as vendor_bank_accounts has it for vendors.
ALTER TABLE customer_bank_accounts ADD COLUMN prenote_state ctext NOT NULL DEFAULT '';
ALTER TABLE customer_bank_accounts ADD COLUMN prenote_trace ctext NOT NULL DEFAULT '';
ALTER TABLE customer_bank_accounts ADD COLUMN prenote_due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customer_bank_accounts ADD COLUMN prenote_batch ctext NOT NULL DEFAULT '';
ALTER TABLE customer_bank_accounts ADD COLUMN usable_from ctext NOT NULL DEFAULT '';
CREATE INDEX customer_bank_accounts_untested ON customer_bank_accounts (org_id, prenote_due) WHERE prenote_state = 'due';
CREATE INDEX customer_bank_accounts_trace ON customer_bank_accounts (org_id, prenote_trace) WHERE prenote_trace <> '';
CREATE INDEX customer_bank_accounts_batch ON customer_bank_accounts (org_id, prenote_batch) WHERE prenote_batch <> '';

-- Charges that are tried again after they came back (ACH-10): each is a receipt of its own, of the first one.
ALTER TABLE received_pays ADD COLUMN retry_of ctext NOT NULL DEFAULT '';    -- the first charge
ALTER TABLE received_pays ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0;     -- 1 and 2: the tries after the first
ALTER TABLE received_pays ADD COLUMN retry_on ctext NOT NULL DEFAULT '';    -- returned: the process date of the next try
CREATE INDEX received_pays_retry ON received_pays (org_id, retry_on) WHERE retry_on <> '';
