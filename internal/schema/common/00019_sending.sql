-- +goose Up
-- What a mail to a customer has beyond its text. about is the record it was sent for.
ALTER TABLE mails ADD COLUMN html ctext NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN from_name ctext NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN reply_to ctext NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN about ctext NOT NULL DEFAULT '';
CREATE INDEX mails_about ON mails (org_id, about, created) WHERE about <> '';

-- Files that go with a mail: named here, made from source when it leaves.
CREATE TABLE mail_files (
	org_id     ctext  NOT NULL,
	mail_id    ctext  NOT NULL,
	line       BIGINT NOT NULL,
	name       ctext  NOT NULL,
	media_type ctext  NOT NULL,
	maker      ctext  NOT NULL,
	source     ctext  NOT NULL,
	PRIMARY KEY (org_id, mail_id, line)
);

-- Invoices as they stood when they were sent; id is the fingerprint of the content.
CREATE TABLE invoice_sheets (
	org_id     ctext  NOT NULL,
	id         ctext  NOT NULL,
	invoice_id ctext  NOT NULL,
	content    ctext  NOT NULL,             -- JSON
	created    BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);

-- Addresses under which customers see and pay an invoice: the fingerprint of the token, never the token.
CREATE TABLE pay_links (
	hash       ctext  NOT NULL,
	org_id     ctext  NOT NULL,
	invoice_id ctext  NOT NULL,
	version    BIGINT NOT NULL,
	created    BIGINT NOT NULL,
	revoked    BIGINT NOT NULL,             -- 0: it works
	PRIMARY KEY (hash)
);
CREATE UNIQUE INDEX pay_links_invoice ON pay_links (org_id, invoice_id, version);

-- Invoices that go by post.
CREATE TABLE letters (
	org_id     ctext  NOT NULL,
	id         ctext  NOT NULL,
	invoice_id ctext  NOT NULL,
	sheet_id   ctext  NOT NULL,
	state      ctext  NOT NULL,             -- queued, printed
	file       ctext  NOT NULL,             -- once printed: below the folder for the post
	created    BIGINT NOT NULL,
	printed    BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX letters_invoice ON letters (org_id, invoice_id, created);

-- What customers agreed to when they let us debit their accounts (AR-12); kept for two years after it ended.
CREATE TABLE debit_authorizations (
	org_id          ctext  NOT NULL,
	id              ctext  NOT NULL,
	customer_id     ctext  NOT NULL,
	bank_account_id ctext  NOT NULL,
	received_pay_id ctext  NOT NULL,
	kind            ctext  NOT NULL,        -- single
	sec             ctext  NOT NULL,        -- CCD, WEB
	cap             BIGINT NOT NULL,
	version         BIGINT NOT NULL,        -- of the wording
	wording         ctext  NOT NULL,        -- as it was shown
	name            ctext  NOT NULL,        -- who agreed
	address         ctext  NOT NULL,        -- network address
	created         BIGINT NOT NULL,
	revoked         BIGINT NOT NULL,        -- 0: it stands
	form            ctext  NOT NULL,        -- the form it was given on: one form pays once (XO-5)
	PRIMARY KEY (org_id, id)
);
CREATE INDEX debit_authorizations_customer ON debit_authorizations (org_id, customer_id, created);
CREATE INDEX debit_authorizations_receipt ON debit_authorizations (org_id, received_pay_id);
CREATE UNIQUE INDEX debit_authorizations_form ON debit_authorizations (org_id, form);
