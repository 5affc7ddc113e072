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

-- Users, roles and the organisation as records.
ALTER TABLE users ADD COLUMN login_id ctext NOT NULL DEFAULT '';        -- as written; email_folded is its folded form
ALTER TABLE users ADD COLUMN first_name ctext NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN last_name ctext NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN zone ctext NOT NULL DEFAULT '';
UPDATE users SET login_id = email, first_name = name;

ALTER TABLE roles ADD COLUMN id ctext NOT NULL DEFAULT '';
ALTER TABLE roles ADD COLUMN created_time BIGINT NOT NULL DEFAULT 0;
ALTER TABLE roles ADD COLUMN updated_time BIGINT NOT NULL DEFAULT 0;
UPDATE roles SET id = '0po01CUSTOMROLE' || substr(CAST(100000 + (SELECT count(*) FROM roles x
		WHERE x.org_id < roles.org_id OR x.org_id = roles.org_id AND x.name <= roles.name) AS ctext), 2),
	created_time = (SELECT o.created_time FROM organisations o WHERE o.id = roles.org_id),
	updated_time = (SELECT o.created_time FROM organisations o WHERE o.id = roles.org_id);

CREATE TABLE fixed_roles (
	name        ctext  NOT NULL PRIMARY KEY,
	id          ctext  NOT NULL UNIQUE,
	title       ctext  NOT NULL,
	type        BIGINT NOT NULL,
	description ctext  NOT NULL
);
INSERT INTO fixed_roles (name, id, title, type, description) VALUES
	('accountant',    '0po01FIXEDROLES00001', 'Accountant',    1, 'Enters and corrects the books; pays nothing.'),
	('administrator', '0po01FIXEDROLES00002', 'Administrator', 2, 'May do everything.'),
	('approver',      '0po01FIXEDROLES00003', 'Approver',      3, 'Approves what is assigned.'),
	('payer',         '0po01FIXEDROLES00004', 'Payer',         4, 'Pays what is approved.'),
	('clerk',         '0po01FIXEDROLES00005', 'Clerk',         5, 'Enters bills and invoices.'),
	('auditor',       '0po01FIXEDROLES00006', 'Auditor',       6, 'Reads everything, changes nothing.');

ALTER TABLE memberships ADD COLUMN profile_id ctext NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN created_time BIGINT NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN updated_time BIGINT NOT NULL DEFAULT 0;
UPDATE memberships SET profile_id = coalesce((SELECT f.id FROM fixed_roles f WHERE f.name = memberships.role),
		(SELECT r.id FROM roles r WHERE r.org_id = memberships.org_id AND r.name = memberships.role), ''),
	created_time = (SELECT u.created_time FROM users u WHERE u.id = memberships.user_id),
	updated_time = (SELECT u.created_time FROM users u WHERE u.id = memberships.user_id);

CREATE VIEW member_records AS SELECT m.org_id, u.id, CASE WHEN m.is_active = 1 AND u.is_active = 1 THEN 1 ELSE 2 END AS is_active,
	m.created_time, m.updated_time, CAST('' AS ctext) AS integration_id, CAST('' AS ctext) AS external_id, 0 AS last_sync_time,
	1 AS allow_export, u.first_name, u.last_name, u.email, u.login_id, m.profile_id, u.zone AS time_zone
	FROM memberships m JOIN users u ON u.id = m.user_id;

CREATE VIEW profile_records AS SELECT o.id AS org_id, f.id, 1 AS is_active, o.created_time, o.created_time AS updated_time,
	CAST('' AS ctext) AS integration_id, CAST('' AS ctext) AS external_id, 0 AS last_sync_time, 1 AS allow_export,
	f.title AS name, f.type, f.description FROM organisations o CROSS JOIN fixed_roles f
	UNION ALL SELECT r.org_id, r.id, 1, r.created_time, r.updated_time, CAST('' AS ctext), CAST('' AS ctext), 0, 1, r.name, 7,
	CAST('' AS ctext) FROM roles r;

CREATE VIEW organisation_records AS SELECT id AS org_id, id, CASE WHEN state = 'inactive' THEN 2 ELSE 1 END AS is_active,
	created_time, updated_time, CAST('' AS ctext) AS integration_id, CAST('' AS ctext) AS external_id, 0 AS last_sync_time,
	1 AS allow_export, name, address1, address2, address3, address4, city, region, zip, country, phone, fax FROM organisations;
