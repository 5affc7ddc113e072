-- +goose Up
-- What we are owed by a vendor. reserved_amount is in payments not yet released, applied_amount in those that were.
CREATE TABLE vendor_credits (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	vendor_id        ctext  NOT NULL,
	ref_number       ctext  NOT NULL,
	number_key       ctext  NOT NULL,           -- as duplicates are found by it
	approval_status  BIGINT NOT NULL,
	credit_status    BIGINT NOT NULL,
	amount           BIGINT NOT NULL,
	applied_amount   BIGINT NOT NULL,
	reserved_amount  BIGINT NOT NULL,
	currency         ctext  NOT NULL,
	credit_date      ctext  NOT NULL,
	gl_posting_date  ctext  NOT NULL,
	description      ctext  NOT NULL,
	po_number        ctext  NOT NULL,
	apply_to_bank_account_id ctext NOT NULL,
	apply_to_chart_of_account_id ctext NOT NULL,
	duplicate        BIGINT NOT NULL,
	channel          ctext  NOT NULL,
	created_by       ctext  NOT NULL,
	posting_version  BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX vendor_credits_created ON vendor_credits (org_id, created_time, id);
CREATE INDEX vendor_credits_updated ON vendor_credits (org_id, updated_time, id);
CREATE INDEX vendor_credits_vendor ON vendor_credits (org_id, vendor_id, number_key);
CREATE INDEX vendor_credits_external ON vendor_credits (org_id, external_id);
CREATE INDEX vendor_credits_status ON vendor_credits (org_id, is_active, credit_status, id); -- what is left to apply

CREATE TABLE vendor_credit_lines (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	vendor_credit_id ctext  NOT NULL,
	position         BIGINT NOT NULL,
	amount           BIGINT NOT NULL,
	chart_of_account_id ctext NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	customer_id      ctext  NOT NULL,
	item_id          ctext  NOT NULL,
	employee_id      ctext  NOT NULL,
	actg_class_id    ctext  NOT NULL,
	job_billable     BIGINT NOT NULL,
	description      ctext  NOT NULL,
	line_type        BIGINT NOT NULL,
	quantity         ctext  NOT NULL,
	unit_price       ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX vendor_credit_lines_credit ON vendor_credit_lines (org_id, vendor_credit_id, position);

-- Credits that payments not yet released will use.
ALTER TABLE bills ADD COLUMN reserved_credit BIGINT NOT NULL DEFAULT 0;

-- What of a credit a payment uses on a bill.
CREATE TABLE bill_credits (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	bill_id          ctext  NOT NULL,
	payment_id       ctext  NOT NULL,
	vendor_credit_id ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	state            ctext  NOT NULL,            -- reserved, applied, freed
	PRIMARY KEY (org_id, id)
);
CREATE INDEX bill_credits_created ON bill_credits (org_id, created_time, id);
CREATE INDEX bill_credits_updated ON bill_credits (org_id, updated_time, id);
CREATE INDEX bill_credits_bill ON bill_credits (org_id, bill_id, id);
CREATE INDEX bill_credits_payment ON bill_credits (org_id, payment_id, id);
CREATE INDEX bill_credits_credit ON bill_credits (org_id, vendor_credit_id, id);

-- Money that left a bank account or came back, in one lump (FND-3). reverses is the voided payment of one that came back.
CREATE TABLE money_movements (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	name             ctext  NOT NULL,
	type             BIGINT NOT NULL,            -- 1 payables, 2 receivables
	amount           BIGINT NOT NULL,            -- payables negative
	process_date     ctext  NOT NULL,
	status           BIGINT NOT NULL,            -- 0 sent, 1 confirmed, 2 void
	bank_account_id  ctext  NOT NULL,
	description      ctext  NOT NULL,
	reverses         ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX money_movements_created ON money_movements (org_id, created_time, id);
CREATE INDEX money_movements_updated ON money_movements (org_id, updated_time, id);
CREATE UNIQUE INDEX money_movements_lump ON money_movements (org_id, bank_account_id, type, process_date, reverses);
CREATE INDEX money_movements_process ON money_movements (org_id, process_date, id);

CREATE INDEX checks_stopped ON checks (org_id, bank_account_id, serial) WHERE state = 'stopped'; -- the bank is to be told

-- 1: the bank has been asked to send the entry back.
ALTER TABLE disbursements ADD COLUMN recalled BIGINT NOT NULL DEFAULT 0;

-- status, payment_type and disbursement_status are the numbers of generation 2; lists filter by them (domain 5.5.1,
-- api-v2 5.3). disbursement_status is 0 until money has moved.
ALTER TABLE payments ADD COLUMN status BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN payment_type BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN disbursement_status BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN is_online BIGINT NOT NULL DEFAULT 1;
ALTER TABLE payments ADD COLUMN credit_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN chart_of_account_id ctext NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN sync_reference ctext NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN to_print_check BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN money_movement_id ctext NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN replaces ctext NOT NULL DEFAULT '';      -- the first payment of a chain of void and reissue
ALTER TABLE payments ADD COLUMN replaced_by ctext NOT NULL DEFAULT '';   -- the next one of the chain
ALTER TABLE payments ADD COLUMN void_type BIGINT NOT NULL DEFAULT 0;     -- 1 credit, 2 reissue; 0: none asked
ALTER TABLE payments ADD COLUMN void_reason ctext NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN void_status ctext NOT NULL DEFAULT '';   -- requested, confirmed, refused
ALTER TABLE payments ADD COLUMN void_requested BIGINT NOT NULL DEFAULT 0;
UPDATE payments SET
	status = CASE state WHEN 'awaiting_approval' THEN 0 WHEN 'scheduled' THEN 1 WHEN 'on_hold' THEN 1 WHEN 'canceled' THEN 3
		WHEN 'failed' THEN 4 WHEN 'funding_failed' THEN 4 WHEN 'voided' THEN 4 ELSE 2 END,
	payment_type = CASE rail WHEN 'ach' THEN 2 WHEN 'offline' THEN 4 ELSE 0 END,
	is_online = CASE rail WHEN 'offline' THEN 0 ELSE 1 END,
	disbursement_status = CASE WHEN rail = 'offline' THEN 0 WHEN state IN ('releasing', 'in_file') THEN 1
		WHEN state IN ('sent', 'settled', 'cleared') THEN 3 WHEN state IN ('failed', 'funding_failed') THEN 2 ELSE 0 END;
CREATE INDEX payments_status ON payments (org_id, status, process_date, id);
CREATE INDEX payments_movement ON payments (org_id, money_movement_id) WHERE money_movement_id <> '';
CREATE INDEX payments_replaces ON payments (org_id, replaces) WHERE replaces <> '';
