-- +goose Up
CREATE TABLE store (
	id           BIGINT PRIMARY KEY,
	kind         ctext  NOT NULL,            -- live or sandbox
	clock_offset BIGINT NOT NULL DEFAULT 0,  -- microseconds that a sandbox's clock is ahead of real time
	settled_offset BIGINT NOT NULL DEFAULT 0, -- clock_offset when due work was last run through: until then work rests
	worked_until BIGINT NOT NULL DEFAULT 0,  -- instant up to which due work has been done
	version      BIGINT NOT NULL DEFAULT 0   -- moves with everything that is cached across requests: keys, roles, sessions ended
);

-- The audit trail, which is also the change feed: one row for every change of a record and every act worth keeping.
CREATE TABLE audit_events (
	org_id      ctext  NOT NULL,
	id          ctext  NOT NULL,
	stamp       BIGINT NOT NULL,
	user_id     ctext  NOT NULL,
	key_id      ctext  NOT NULL,
	channel     ctext  NOT NULL,
	address     ctext  NOT NULL,
	action      ctext  NOT NULL,   -- create, update, and the verbs of the rooms: pay, release, return, sign in ...
	record_type ctext  NOT NULL,
	record_id   ctext  NOT NULL,
	changes     ctext  NOT NULL,   -- JSON: {"field": [old, new]}; at creation {"field": new}
	PRIMARY KEY (org_id, id)
);
CREATE INDEX audit_events_record ON audit_events (org_id, record_id, id);
CREATE INDEX audit_events_stamp ON audit_events (org_id, stamp, id);

-- Due work. Losing every row delays work, never loses it: what is due stands in the business tables too.
CREATE TABLE work (
	org_id   ctext  NOT NULL,
	kind     ctext  NOT NULL,
	key      ctext  NOT NULL,          -- business key: the same work is queued once
	due      BIGINT NOT NULL,          -- instant, by the store's clock
	again    BIGINT NOT NULL,          -- due instant of the same work asked for while this one runs; 0 for none
	state    ctext  NOT NULL,          -- ready, running, dead
	attempts BIGINT NOT NULL,
	lease    BIGINT NOT NULL,          -- running until, by real time; a dead node's lease runs out
	holder   ctext  NOT NULL,          -- token of the claim that runs it
	error    ctext  NOT NULL,          -- of the last attempt
	PRIMARY KEY (org_id, kind, key)
);
CREATE INDEX work_due ON work (state, due, org_id);
CREATE INDEX work_org ON work (org_id, state, due);

CREATE TABLE counters (
	org_id ctext  NOT NULL,
	name   ctext  NOT NULL,
	value  BIGINT NOT NULL,            -- the last number given
	PRIMARY KEY (org_id, name)
);

-- Mail that leaves: written with the business, sent by work, kept as evidence.
CREATE TABLE mails (
	org_id     ctext  NOT NULL,
	id         ctext  NOT NULL,
	recipient  ctext  NOT NULL,
	subject    ctext  NOT NULL,
	body       ctext  NOT NULL,
	kind       ctext  NOT NULL,
	secret     BIGINT NOT NULL,        -- 1: the body is emptied once a live store has sent it
	created    BIGINT NOT NULL,
	sent       BIGINT NOT NULL,
	state      ctext  NOT NULL,        -- waiting, sent, caught, failed
	error      ctext  NOT NULL,        -- why the last try failed
	PRIMARY KEY (org_id, id)
);
