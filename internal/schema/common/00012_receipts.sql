-- +goose Up
-- Money from customers (ReceivedPay). status is what the API shows of state; trace, batch_id and settle_date belong to
-- the debit of a customer's account.
CREATE TABLE received_pays (
	org_id                ctext  NOT NULL,
	id                    ctext  NOT NULL,
	is_active             BIGINT NOT NULL,
	created_time          BIGINT NOT NULL,
	updated_time          BIGINT NOT NULL,
	integration_id        ctext  NOT NULL,
	external_id           ctext  NOT NULL,
	last_sync_time        BIGINT NOT NULL,
	allow_export          BIGINT NOT NULL,
	customer_id           ctext  NOT NULL,
	status                BIGINT NOT NULL,
	state                 ctext  NOT NULL,     -- recorded, voided; scheduled, canceled, in_file, settled, returned
	payment_date          ctext  NOT NULL,
	deposit_to_account_id ctext  NOT NULL,
	is_online             BIGINT NOT NULL,
	payment_type          BIGINT NOT NULL,
	amount                BIGINT NOT NULL,
	unapplied_amount      BIGINT NOT NULL,
	currency              ctext  NOT NULL,
	description           ctext  NOT NULL,
	ref_number            ctext  NOT NULL,
	conv_fee_amount       BIGINT NOT NULL,
	payment_account_id    ctext  NOT NULL,     -- the customer's bank account
	pay_to_bank_account_id ctext NOT NULL,     -- the account of ours it is charged to
	channel               ctext  NOT NULL,
	created_by            ctext  NOT NULL,
	posting_version       BIGINT NOT NULL,
	batch_id              ctext  NOT NULL,
	trace                 ctext  NOT NULL,     -- 15 digits
	settle_date           ctext  NOT NULL,
	reason_code           ctext  NOT NULL,
	reason_text           ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX received_pays_created ON received_pays (org_id, created_time, id);
CREATE INDEX received_pays_updated ON received_pays (org_id, updated_time, id);
CREATE INDEX received_pays_external ON received_pays (org_id, external_id);
CREATE INDEX received_pays_customer ON received_pays (org_id, customer_id, id);
CREATE INDEX received_pays_date ON received_pays (org_id, payment_date, id);
CREATE INDEX received_pays_state ON received_pays (org_id, state, payment_date);
CREATE INDEX received_pays_batch ON received_pays (org_id, batch_id) WHERE batch_id <> '';
CREATE UNIQUE INDEX received_pays_trace ON received_pays (org_id, trace) WHERE trace <> '';

-- The part of a received payment that goes to one invoice.
CREATE TABLE invoice_pays (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	received_pay_id  ctext  NOT NULL,
	position         BIGINT NOT NULL,
	invoice_id       ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	description      ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX invoice_pays_created ON invoice_pays (org_id, created_time, id);
CREATE INDEX invoice_pays_updated ON invoice_pays (org_id, updated_time, id);
CREATE INDEX invoice_pays_receipt ON invoice_pays (org_id, received_pay_id, position);
CREATE INDEX invoice_pays_invoice ON invoice_pays (org_id, invoice_id, id);

-- What a customer paid for paying (AR-15).
CREATE TABLE convenience_fees (
	org_id              ctext  NOT NULL,
	id                  ctext  NOT NULL,
	is_active           BIGINT NOT NULL,
	created_time        BIGINT NOT NULL,
	updated_time        BIGINT NOT NULL,
	integration_id      ctext  NOT NULL,
	external_id         ctext  NOT NULL,
	last_sync_time      BIGINT NOT NULL,
	allow_export        BIGINT NOT NULL,
	received_pay_id     ctext  NOT NULL,
	ref_number          ctext  NOT NULL,
	amount              BIGINT NOT NULL,
	payment_date        ctext  NOT NULL,
	chart_of_account_id ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX convenience_fees_created ON convenience_fees (org_id, created_time, id);
CREATE INDEX convenience_fees_updated ON convenience_fees (org_id, updated_time, id);
CREATE INDEX convenience_fees_receipt ON convenience_fees (org_id, received_pay_id);
CREATE INDEX convenience_fees_date ON convenience_fees (org_id, payment_date, id);
