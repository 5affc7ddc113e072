-- +goose Up
-- Funding accounts. account is sealed by the vault; status as FND-6: 1 verified, 2 pending, 3 blocked.
CREATE TABLE bank_accounts (
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
	bank_name        ctext  NOT NULL,
	routing          ctext  NOT NULL,
	account          ctext  NOT NULL,
	account_tail     ctext  NOT NULL,
	account_hash     ctext  NOT NULL,
	company_id       ctext  NOT NULL,
	is_default       BIGINT NOT NULL,
	status           BIGINT NOT NULL,
	ledger_account_id ctext  NOT NULL,
	first_check      BIGINT NOT NULL,           -- number of its first cheque; a counter goes on from there
	PRIMARY KEY (org_id, id)
);
CREATE INDEX bank_accounts_created ON bank_accounts (org_id, created_time, id);
CREATE INDEX bank_accounts_updated ON bank_accounts (org_id, updated_time, id);
CREATE UNIQUE INDEX bank_accounts_number ON bank_accounts (org_id, routing, account_hash) WHERE is_active = 1;

-- An instruction to pay one vendor (SentPay).
CREATE TABLE payments (
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
	bank_account_id  ctext  NOT NULL,
	rail             ctext  NOT NULL,
	state            ctext  NOT NULL,
	process_date     ctext  NOT NULL,
	arrival_date     ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	currency         ctext  NOT NULL,
	confirmation     ctext  NOT NULL,
	txn_number       ctext  NOT NULL,
	description      ctext  NOT NULL,
	scheduled_at     BIGINT NOT NULL,           -- by the organisation's clock; created_time is the database's
	clear_due        BIGINT NOT NULL,           -- settled: the instant from which it counts as cleared
	created_by       ctext  NOT NULL,
	hold_reason      ctext  NOT NULL,
	steps            BIGINT NOT NULL,           -- changes of state so far
	PRIMARY KEY (org_id, id)
);
CREATE INDEX payments_created ON payments (org_id, created_time, id);
CREATE INDEX payments_updated ON payments (org_id, updated_time, id);
CREATE INDEX payments_state ON payments (org_id, state, process_date);
CREATE INDEX payments_vendor ON payments (org_id, vendor_id, id);
CREATE INDEX payments_process ON payments (org_id, process_date, id);

-- The timeline of a payment: one row for each change of state. The key refuses a second change at the same place.
CREATE TABLE payment_steps (
	org_id     ctext  NOT NULL,
	payment_id ctext  NOT NULL,
	line       BIGINT NOT NULL,
	state      ctext  NOT NULL,
	at         BIGINT NOT NULL,
	file_id    ctext  NOT NULL,                -- the bank file that did it
	note       ctext  NOT NULL,
	PRIMARY KEY (org_id, payment_id, line)
);

-- The part of a payment that goes to one bill.
CREATE TABLE bill_pays (
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
	vendor_id        ctext  NOT NULL,
	name             ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	payment_status   BIGINT NOT NULL,
	state            ctext  NOT NULL,
	description      ctext  NOT NULL,
	process_date     ctext  NOT NULL,
	txn_number       ctext  NOT NULL,
	payment_type     BIGINT NOT NULL,
	sync_reference   ctext  NOT NULL,
	to_print_check   BIGINT NOT NULL,
	chart_of_account_id ctext  NOT NULL,
	reason_code      ctext  NOT NULL,
	reason_text      ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX bill_pays_created ON bill_pays (org_id, created_time, id);
CREATE INDEX bill_pays_updated ON bill_pays (org_id, updated_time, id);
CREATE INDEX bill_pays_bill ON bill_pays (org_id, bill_id, id);
CREATE INDEX bill_pays_payment ON bill_pays (org_id, payment_id);
CREATE INDEX bill_pays_external ON bill_pays (org_id, external_id);

-- One movement of money; belongs to one payment for ever, so that nothing is paid twice (XO-3).
CREATE TABLE disbursements (
	org_id        ctext  NOT NULL,
	id            ctext  NOT NULL,
	payment_id    ctext  NOT NULL,
	batch_id      ctext  NOT NULL,
	rail          ctext  NOT NULL,
	state         ctext  NOT NULL,             -- released, sent, settled, cleared, returned, credited (by the bank, after a return), rejected
	amount        BIGINT NOT NULL,
	payee         ctext  NOT NULL,             -- snapshot, JSON without account number
	bank_account  ctext  NOT NULL,             -- the vendor's account it went to (vba id); empty for a cheque
	trace         ctext  NOT NULL,             -- ACH: 15 digits
	serial        BIGINT NOT NULL,             -- cheque number
	settled_on    ctext  NOT NULL,
	reason_code   ctext  NOT NULL,
	reason_text   ctext  NOT NULL,
	created       BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX disbursements_payment ON disbursements (org_id, payment_id);
CREATE INDEX disbursements_batch ON disbursements (org_id, batch_id, id);
CREATE UNIQUE INDEX disbursements_trace ON disbursements (org_id, trace) WHERE trace <> '';

CREATE TABLE checks (                          -- the register: a number is used once, for ever (XO-4)
	org_id          ctext  NOT NULL,
	bank_account_id ctext  NOT NULL,
	serial          BIGINT NOT NULL,
	disbursement_id ctext  NOT NULL,
	state           ctext  NOT NULL,           -- allocated, mailed, cleared
	amount          BIGINT NOT NULL,
	payee           ctext  NOT NULL,           -- the name on it
	issued          ctext  NOT NULL,
	PRIMARY KEY (org_id, bank_account_id, serial)
);

CREATE TABLE disbursement_batches (            -- what a release run put together: one rail, one account, one date
	org_id          ctext  NOT NULL,
	id              ctext  NOT NULL,
	rail            ctext  NOT NULL,
	bank_account_id ctext  NOT NULL,
	process_date    ctext  NOT NULL,
	effective_date  ctext  NOT NULL,
	members         BIGINT NOT NULL,
	total           BIGINT NOT NULL,
	state           ctext  NOT NULL,           -- in_file, sent, settled, rejected
	created         BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);

-- Bytes to and from the bank, kept as they were (XO-1, XO-8).
CREATE TABLE bank_files (
	org_id     ctext  NOT NULL,
	id         ctext  NOT NULL,
	direction  ctext  NOT NULL,                -- out or in
	kind       ctext  NOT NULL,                -- ach, prenote, positivepay, checks, ack, returns, statement
	batch_id   ctext  NOT NULL,
	name       ctext  NOT NULL,                -- in the folder; fixed before the bytes of a file leave
	sha256     ctext  NOT NULL,
	size       BIGINT NOT NULL,
	state      ctext  NOT NULL,                -- out: unprinted, ready, delivered, delivery_unknown, accepted, rejected; in: taken, refused
	detail     ctext  NOT NULL,
	created    BIGINT NOT NULL,
	delivered  BIGINT NOT NULL,
	bytes      ctext  NOT NULL,                -- sealed by the vault: account numbers stand in it
	PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX bank_files_content ON bank_files (org_id, direction, sha256) WHERE sha256 <> '';
CREATE INDEX bank_files_state ON bank_files (org_id, state, id);
CREATE INDEX bank_files_batch ON bank_files (org_id, batch_id);
CREATE INDEX bank_files_name ON bank_files (org_id, direction, name);

-- Entries the bank sent back, each taken in once (XO-8).
CREATE TABLE bank_returns (
	org_id   ctext  NOT NULL,
	trace    ctext  NOT NULL,                  -- of the entry on its way back
	original ctext  NOT NULL,                  -- trace of our entry
	code     ctext  NOT NULL,                  -- Rnn or Cnn
	amount   BIGINT NOT NULL,
	file_id  ctext  NOT NULL,
	matched  ctext  NOT NULL,                  -- the payment or vendor bank account; empty: an exception for a person
	created  BIGINT NOT NULL,
	PRIMARY KEY (org_id, original, trace, code)
);

CREATE TABLE statement_lines (                 -- what the bank said happened; one line matches once (REC-4)
	org_id          ctext  NOT NULL,
	id              ctext  NOT NULL,
	file_id         ctext  NOT NULL,
	line            BIGINT NOT NULL,
	bank_account_id ctext  NOT NULL,
	as_of           ctext  NOT NULL,
	type_code       BIGINT NOT NULL,
	amount          BIGINT NOT NULL,           -- credit to the account positive
	bank_ref        ctext  NOT NULL,
	customer_ref    ctext  NOT NULL,
	text            ctext  NOT NULL,
	matched         ctext  NOT NULL,           -- what it matched; empty: an exception for a person
	PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX statement_lines_source ON statement_lines (org_id, file_id, line);

-- Intentions to pay, each carried out once (XO-5). request is what was asked, to refuse the key for something else.
CREATE TABLE pay_keys (
	org_id      ctext  NOT NULL,
	key         ctext  NOT NULL,
	request     ctext  NOT NULL,
	bill_pay_id ctext  NOT NULL,
	PRIMARY KEY (org_id, key)
);
