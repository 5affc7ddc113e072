-- +goose Up
ALTER TABLE vendors ADD COLUMN invites_sent BIGINT NOT NULL DEFAULT 0;

-- Invitations of organisations of this server to connect. The row belongs to the organisation that invites; peer_id is
-- the one that has accepted, peer_record_id what stands for the inviter there.
CREATE TABLE network_requests (
	org_id         ctext  NOT NULL,
	id             ctext  NOT NULL,
	is_active      BIGINT NOT NULL,
	created_time   BIGINT NOT NULL,
	updated_time   BIGINT NOT NULL,
	integration_id ctext  NOT NULL,
	external_id    ctext  NOT NULL,
	last_sync_time BIGINT NOT NULL,
	allow_export   BIGINT NOT NULL,
	vendor_id      ctext  NOT NULL,              -- one of the two: who is invited
	customer_id    ctext  NOT NULL,
	email          ctext  NOT NULL,              -- one of the two: how
	network_id     ctext  NOT NULL,
	token_hash     ctext  NOT NULL,
	state          BIGINT NOT NULL,
	sent           BIGINT NOT NULL,              -- mails
	expires_time   BIGINT NOT NULL,
	peer_id        ctext  NOT NULL,
	peer_record_id ctext  NOT NULL,
	account_id     ctext  NOT NULL,              -- of the peer: where it wants to be paid
	PRIMARY KEY (org_id, id)
);
CREATE INDEX network_requests_created ON network_requests (org_id, created_time, id);
CREATE INDEX network_requests_updated ON network_requests (org_id, updated_time, id);
CREATE INDEX network_requests_vendor ON network_requests (org_id, vendor_id);
CREATE INDEX network_requests_customer ON network_requests (org_id, customer_id);
CREATE INDEX network_requests_token ON network_requests (token_hash);
CREATE INDEX network_requests_network ON network_requests (network_id, state);
CREATE INDEX network_requests_peer ON network_requests (peer_id, peer_record_id);

-- The operator's directory of large billers (NET-5); it is the server's, not an organisation's.
CREATE TABLE listed_vendors (
	id           ctext  NOT NULL PRIMARY KEY,
	name         ctext  NOT NULL UNIQUE,
	address1     ctext  NOT NULL,
	address2     ctext  NOT NULL,
	city         ctext  NOT NULL,
	region       ctext  NOT NULL,
	zip          ctext  NOT NULL,
	country      ctext  NOT NULL,
	phone        ctext  NOT NULL,
	account_mask ctext  NOT NULL,                -- # a digit, @ a letter, ? either; empty: any
	is_active    BIGINT NOT NULL,
	created_time BIGINT NOT NULL
);
