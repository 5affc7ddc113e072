-- +goose Up
-- When the payment was scheduled last (made, approved, or let go from a hold) says which of the two pickups of its process
-- date it leaves with (PAY-10). held_by caused the hold, hold_until ends it. review is what a person should look at.
ALTER TABLE payments ADD COLUMN ready_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN pickup BIGINT NOT NULL DEFAULT 1;
ALTER TABLE payments ADD COLUMN approved_by ctext NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN held_by ctext NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN hold_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN review ctext NOT NULL DEFAULT '';
UPDATE payments SET ready_at = scheduled_at;
CREATE INDEX payments_made ON payments (org_id, scheduled_at);
CREATE INDEX payments_held ON payments (org_id, hold_until) WHERE hold_until > 0;

-- Payments of a bill that wait for approval (PAY-8).
ALTER TABLE bills ADD COLUMN pending_payments BIGINT NOT NULL DEFAULT 0;

ALTER TABLE money_movements ADD COLUMN pickup BIGINT NOT NULL DEFAULT 0;      -- of payments: 1 or 2
DROP INDEX money_movements_lump;
CREATE UNIQUE INDEX money_movements_lump ON money_movements (org_id, bank_account_id, type, process_date, reverses, pickup);
ALTER TABLE disbursement_batches ADD COLUMN pickup BIGINT NOT NULL DEFAULT 0; -- as above

-- Originator, day, batches, entry hash and totals of a file of credits: two alike on a day are asked about (XO-7).
ALTER TABLE bank_files ADD COLUMN control ctext NOT NULL DEFAULT '';
CREATE INDEX bank_files_control ON bank_files (org_id, control) WHERE control <> '';

-- Payees as they stood at 00:01 Pacific on the process date (PAY-12): JSON without account number, which is sealed.
CREATE TABLE payment_payees (
	org_id     ctext  NOT NULL,
	payment_id ctext  NOT NULL,
	payee      ctext  NOT NULL,
	account    ctext  NOT NULL,
	taken      BIGINT NOT NULL,
	PRIMARY KEY (org_id, payment_id)
);
