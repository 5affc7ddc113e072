-- +goose Up
-- Postings are inserted first, their entry last: the entry's trigger finds them complete and refuses one that does
-- not balance. Afterwards neither can be added to, changed or deleted (GL-1, GL-2).
CREATE TABLE postings (
	org_id      ctext  NOT NULL,
	entry_id    ctext  NOT NULL,
	line        BIGINT NOT NULL,
	account_id  ctext  NOT NULL,
	amount      BIGINT NOT NULL,               -- debit positive, credit negative
	party_id    ctext  NOT NULL,               -- vendor or customer on control accounts
	department_id ctext NOT NULL,
	location_id ctext  NOT NULL,
	job_id      ctext  NOT NULL,
	customer_id ctext  NOT NULL,
	PRIMARY KEY (org_id, entry_id, line)
);
-- Without amount on purpose: a covering index here tempts SQLite away from the primary key in the balance trigger.
CREATE INDEX postings_account ON postings (org_id, account_id, entry_id);

CREATE TABLE journal_entries (
	org_id       ctext  NOT NULL,
	id           ctext  NOT NULL,
	posting_date ctext  NOT NULL,
	original_date ctext NOT NULL,              -- differs where the period was closed (GL-8)
	event        BIGINT NOT NULL,              -- event number of domain 9.2
	source_id    ctext  NOT NULL,
	version      BIGINT NOT NULL,
	reverses     ctext  NOT NULL,              -- the entry this one reverses
	currency     ctext  NOT NULL,
	memo         ctext  NOT NULL,
	created      BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX journal_entries_source ON journal_entries (org_id, source_id, event, version);
CREATE INDEX journal_entries_date ON journal_entries (org_id, posting_date, id);

CREATE TABLE periods (
	org_id ctext NOT NULL,
	month  ctext NOT NULL,                     -- YYYY-MM
	state  ctext NOT NULL,                     -- soft_closed or closed; open months have no row
	PRIMARY KEY (org_id, month)
);
