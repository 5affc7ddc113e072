-- +goose Up
CREATE TABLE organisations (
	id           ctext  NOT NULL PRIMARY KEY,
	name         ctext  NOT NULL,
	address1     ctext  NOT NULL DEFAULT '',
	address2     ctext  NOT NULL DEFAULT '',
	address3     ctext  NOT NULL DEFAULT '',
	address4     ctext  NOT NULL DEFAULT '',
	city         ctext  NOT NULL DEFAULT '',
	region       ctext  NOT NULL DEFAULT '',
	zip          ctext  NOT NULL DEFAULT '',
	country      ctext  NOT NULL DEFAULT '',
	phone        ctext  NOT NULL DEFAULT '',
	fax          ctext  NOT NULL DEFAULT '',
	zone         ctext  NOT NULL DEFAULT 'America/Los_Angeles',
	currency     ctext  NOT NULL DEFAULT 'USD',
	ach_id       ctext  NOT NULL DEFAULT '',
	state        ctext  NOT NULL,              -- active, overdue, inactive, setup
	api_access   BIGINT NOT NULL,
	preferences  ctext  NOT NULL DEFAULT '{}', -- JSON; the names of domain section 2.2
	created_time BIGINT NOT NULL,
	updated_time BIGINT NOT NULL
);

CREATE TABLE users (
	id            ctext  NOT NULL PRIMARY KEY,
	email         ctext  NOT NULL,
	email_folded  ctext  NOT NULL UNIQUE,
	name          ctext  NOT NULL,
	password      ctext  NOT NULL,           -- argon2id
	failures      BIGINT NOT NULL DEFAULT 0, -- wrong passwords in a row
	operator      BIGINT NOT NULL DEFAULT 0, -- runs the server
	is_active     BIGINT NOT NULL DEFAULT 1,
	created_time  BIGINT NOT NULL
);

CREATE TABLE memberships (
	org_id    ctext  NOT NULL,
	user_id   ctext  NOT NULL,
	role      ctext  NOT NULL,
	is_active BIGINT NOT NULL,
	PRIMARY KEY (org_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, org_id);

CREATE TABLE roles (                          -- custom roles; the six fixed ones are in the program
	org_id      ctext  NOT NULL,
	name        ctext  NOT NULL,
	permissions BIGINT NOT NULL,
	PRIMARY KEY (org_id, name)
);

CREATE TABLE app_keys (
	id       ctext  NOT NULL PRIMARY KEY,
	hash     ctext  NOT NULL UNIQUE,
	tail     ctext  NOT NULL,
	app      ctext  NOT NULL,
	email    ctext  NOT NULL,
	mfa      ctext  NOT NULL,                 -- required or exempt
	state    ctext  NOT NULL,                 -- active or deactivated
	reason   ctext  NOT NULL,
	created  BIGINT NOT NULL
);

CREATE TABLE sessions (
	hash      ctext  NOT NULL PRIMARY KEY,
	kind      ctext  NOT NULL,                -- xml1, web
	org_id    ctext  NOT NULL,                -- empty until an organisation is chosen
	user_id   ctext  NOT NULL,
	key_id    ctext  NOT NULL,
	created   BIGINT NOT NULL,
	last_used BIGINT NOT NULL,
	ended     BIGINT NOT NULL,                -- 0 while it lives
	address   ctext  NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, ended);
CREATE INDEX sessions_key ON sessions (key_id, ended);

CREATE TABLE password_resets (
	hash     ctext  NOT NULL PRIMARY KEY,
	user_id  ctext  NOT NULL,
	expires  BIGINT NOT NULL,
	used     BIGINT NOT NULL
);
CREATE INDEX password_resets_user ON password_resets (user_id, used);

-- Combinations that an administrator has confirmed for payments over generation 1 (LOG-5).
CREATE TABLE payment_confirmations (
	org_id    ctext  NOT NULL,
	user_id   ctext  NOT NULL,
	key_id    ctext  NOT NULL,
	confirmed BIGINT NOT NULL,                -- 0 while it waits
	confirmed_by ctext NOT NULL,
	PRIMARY KEY (org_id, user_id, key_id)
);
