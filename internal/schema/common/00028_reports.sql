-- +goose Up
-- What is open per vendor or customer is summed up from the index alone: an ageing reads no document.
CREATE INDEX bills_aged ON bills (org_id, is_active, vendor_id, due_date, id, amount, credit_amount, paid_amount, payment_status) WHERE payment_status <> 0;
CREATE INDEX invoices_aged ON invoices (org_id, is_active, customer_id, due_date, id, amount, credit_amount, paid_amount, payment_status) WHERE payment_status <> 0;
