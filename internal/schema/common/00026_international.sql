-- +goose Up
-- Payments abroad need the operator's agreement and the administrator's switch (INT-1). Where they were on, they stay on.
UPDATE organisations SET preferences = replace(preferences, '"internationalPayments":true', '"internationalPayments":true,"internationalOn":true');

-- A vendor's bank account outside the US, which is wired to (VEN-3). routing is empty then; account holds the IBAN or
-- another number.
ALTER TABLE vendor_bank_accounts ADD COLUMN country ctext NOT NULL DEFAULT '';       -- of the bank, ISO 3166; empty: an ACH account
ALTER TABLE vendor_bank_accounts ADD COLUMN bic ctext NOT NULL DEFAULT '';
ALTER TABLE vendor_bank_accounts ADD COLUMN clearing_code ctext NOT NULL DEFAULT ''; -- the bank's number in its country's clearing system
ALTER TABLE vendor_bank_accounts ADD COLUMN purpose ctext NOT NULL DEFAULT '';       -- ISO 20022 code of what is paid for
ALTER TABLE disbursements ADD COLUMN uetr ctext NOT NULL DEFAULT '';                 -- of a wire: the reference that travels with it

-- Statements of the bank, one for each account and day (REC-1).
CREATE TABLE bank_statements (
	org_id          ctext  NOT NULL,
	id              ctext  NOT NULL,
	file_id         ctext  NOT NULL,
	bank_account_id ctext  NOT NULL,           -- empty: not an account of ours
	as_of           ctext  NOT NULL,
	currency        ctext  NOT NULL,
	opening         BIGINT NOT NULL,
	closing         BIGINT NOT NULL,
	lines           BIGINT NOT NULL,
	state           ctext  NOT NULL,           -- taken; parked: it does not follow the one before; duplicate; refused by a person
	reason          ctext  NOT NULL,
	created         BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX bank_statements_account ON bank_statements (org_id, bank_account_id, as_of, id);
CREATE INDEX bank_statements_state ON bank_statements (org_id, state, as_of);
CREATE INDEX bank_statements_file ON bank_statements (org_id, file_id);
ALTER TABLE statement_lines ADD COLUMN statement_id ctext NOT NULL DEFAULT '';
CREATE INDEX statement_lines_open ON statement_lines (org_id, bank_account_id, as_of) WHERE matched = '';
CREATE INDEX statement_lines_statement ON statement_lines (org_id, statement_id, line);

-- What a line of a statement turned out to be: one row for each thing it is about (REC-4). A thing is on one line only.
CREATE TABLE statement_matches (
	org_id    ctext  NOT NULL,
	line_id   ctext  NOT NULL,
	kind      ctext  NOT NULL,                 -- payment, returned, collection, book, fee, error, suspense
	target    ctext  NOT NULL,                 -- batch, payment, receipt, ledger entry or account
	entry_id  ctext  NOT NULL,                 -- the ledger entry that it posted, or found in the books
	amount    BIGINT NOT NULL,                 -- as on the line
	person    ctext  NOT NULL,                 -- who said so; empty: its exact key
	at        BIGINT NOT NULL,
	PRIMARY KEY (org_id, line_id, kind, target)
);
CREATE UNIQUE INDEX statement_matches_entry ON statement_matches (org_id, entry_id) WHERE entry_id <> '';

-- Days to which a bank account was reconciled, each with a difference of 0.00 (REC-5).
CREATE TABLE reconciliations (
	org_id          ctext  NOT NULL,
	bank_account_id ctext  NOT NULL,
	through         ctext  NOT NULL,           -- the day of the statement
	book            BIGINT NOT NULL,
	statement       BIGINT NOT NULL,
	person          ctext  NOT NULL,
	at              BIGINT NOT NULL,
	PRIMARY KEY (org_id, bank_account_id, through)
);
