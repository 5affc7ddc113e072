-- +goose Up
-- Sanctions lists as they were published; they are the server's, not an organisation's. version counts imports over all lists.
CREATE TABLE sanction_lists (
	name      ctext  NOT NULL PRIMARY KEY,
	published ctext  NOT NULL,
	sha256    ctext  NOT NULL,                 -- of the files, in order
	names     BIGINT NOT NULL,
	version   BIGINT NOT NULL,
	imported  BIGINT NOT NULL
);

CREATE TABLE sanction_names (
	list     ctext  NOT NULL,
	line     BIGINT NOT NULL,
	uid      ctext  NOT NULL,                  -- of the entry in its list; other names of it have it too
	name     ctext  NOT NULL,
	kind     ctext  NOT NULL,                  -- individual, entity, vessel, aircraft
	program  ctext  NOT NULL,
	country  ctext  NOT NULL,
	PRIMARY KEY (list, line)
);

-- Names of ours that a list has, or nearly so. state: open, cleared.
CREATE TABLE sanction_hits (
	org_id     ctext  NOT NULL,
	id         ctext  NOT NULL,
	subject    ctext  NOT NULL,                -- the vendor or customer
	name       ctext  NOT NULL,                -- of ours
	list       ctext  NOT NULL,
	uid        ctext  NOT NULL,
	listed     ctext  NOT NULL,                -- the name there
	program    ctext  NOT NULL,
	score      BIGINT NOT NULL,                -- of 100; 100: the same name
	published  ctext  NOT NULL,                -- the list's date
	state      ctext  NOT NULL,
	found      BIGINT NOT NULL,
	decided    BIGINT NOT NULL,
	decided_by ctext  NOT NULL,
	reason     ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX sanction_hits_once ON sanction_hits (org_id, subject, list, uid, name, listed);
CREATE INDEX sanction_hits_state ON sanction_hits (org_id, state, id);

-- That a payment was screened when it left: against which lists, and with what result.
CREATE TABLE screenings (
	org_id     ctext  NOT NULL,
	payment_id ctext  NOT NULL,
	at         BIGINT NOT NULL,
	names      ctext  NOT NULL,                -- screened, one a line
	lists      ctext  NOT NULL,                -- NAME DATE SHA-256, one a line; empty: there was none
	result     ctext  NOT NULL,                -- clear, cleared (hits that a person cleared), hit
	PRIMARY KEY (org_id, payment_id, at)
);

-- Up to which change parties were screened, and against which version of the lists.
CREATE TABLE screening_marks (
	org_id  ctext  NOT NULL,
	kind    ctext  NOT NULL,                   -- vendor, customer
	version BIGINT NOT NULL,
	until   BIGINT NOT NULL,                   -- updated_time
	PRIMARY KEY (org_id, kind)
);
