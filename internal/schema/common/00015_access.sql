-- +goose Up
ALTER TABLE sessions ADD COLUMN trusted BIGINT NOT NULL DEFAULT 0;         -- the second factor was shown
ALTER TABLE sessions ADD COLUMN token_id ctext NOT NULL DEFAULT '';        -- of an API token's session
ALTER TABLE app_keys ADD COLUMN all_generations BIGINT NOT NULL DEFAULT 1; -- a session of generation 1 serves the later ones

-- Secrets by which programs sign in as the user who made them (api-v2 2.1.7).
CREATE TABLE api_tokens (
	id           ctext  NOT NULL PRIMARY KEY,
	org_id       ctext  NOT NULL,
	user_id      ctext  NOT NULL,
	name         ctext  NOT NULL,
	name_folded  ctext  NOT NULL,
	hash         ctext  NOT NULL UNIQUE,
	created      BIGINT NOT NULL,
	ended        BIGINT NOT NULL                 -- 0 while it is good
);
CREATE UNIQUE INDEX api_tokens_name ON api_tokens (org_id, name_folded);
CREATE INDEX sessions_token ON sessions (token_id) WHERE token_id <> '';

-- The second factor of a user: an authenticator, and how the tokens of late were.
CREATE TABLE second_factors (
	user_id      ctext  NOT NULL PRIMARY KEY,
	sealed       ctext  NOT NULL DEFAULT '',     -- the authenticator's secret; empty without one
	pending      ctext  NOT NULL DEFAULT '',     -- that of one being set up, until its first token was right
	last_step    BIGINT NOT NULL DEFAULT 0,      -- a time step whose token was taken; it and earlier ones are spent
	wrong        BIGINT NOT NULL DEFAULT 0,      -- wrong tokens in a row
	paused_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE mfa_challenges (
	hash     ctext  NOT NULL PRIMARY KEY,        -- of the challenge's id
	session  ctext  NOT NULL,                    -- hash of the session that asked
	user_id  ctext  NOT NULL,
	code     ctext  NOT NULL,                    -- hash of the code sent, with the id; empty: the authenticator answers
	expires  BIGINT NOT NULL,
	used     BIGINT NOT NULL
);
CREATE INDEX mfa_challenges_user ON mfa_challenges (user_id, expires);

CREATE TABLE mfa_devices (                       -- remembered devices
	hash     ctext  NOT NULL PRIMARY KEY,        -- of mfaId and device id
	user_id  ctext  NOT NULL,
	machine  ctext  NOT NULL,
	created  BIGINT NOT NULL,
	expires  BIGINT NOT NULL
);
CREATE INDEX mfa_devices_user ON mfa_devices (user_id, expires);

-- Calls of an application's key in a clock hour, over all nodes.
CREATE TABLE call_counts (
	key_hash ctext  NOT NULL,
	kind     ctext  NOT NULL,                    -- call, login
	hour     BIGINT NOT NULL,                    -- since 1970, UTC
	n        BIGINT NOT NULL,
	PRIMARY KEY (key_hash, kind, hour)
);
CREATE INDEX call_counts_hour ON call_counts (hour);
