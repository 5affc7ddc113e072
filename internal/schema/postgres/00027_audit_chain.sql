-- +goose Up
-- The chain of the audit trail: one row for every event that has its place in its organisation's order.
CREATE TABLE audit_links (
	org_id   ctext  NOT NULL,
	place    BIGINT NOT NULL,   -- 1, 2, 3 ... without a gap
	event_id ctext  NOT NULL,
	stamp    BIGINT NOT NULL,   -- of the event
	hash     ctext  NOT NULL,   -- of the hash before and the event, SHA-256 in hexadecimal digits
	PRIMARY KEY (org_id, place)
);

-- How far the trail of an organisation went on a day, signed.
CREATE TABLE audit_anchors (
	org_id    ctext  NOT NULL,
	day       ctext  NOT NULL,  -- of UTC
	place     BIGINT NOT NULL,
	hash      ctext  NOT NULL,
	taken     BIGINT NOT NULL,
	signature ctext  NOT NULL,  -- Ed25519, base64
	PRIMARY KEY (org_id, day)
);
CREATE TRIGGER audit_links_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_links EXECUTE FUNCTION never_changes();
CREATE TRIGGER audit_anchors_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchors EXECUTE FUNCTION never_changes();
-- The triggers stop whoever does not switch them off; beneath them the role that runs the server has no right either,
-- though as the owner of the tables it could grant it to itself.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_events, audit_links, audit_anchors, journal_entries, postings FROM CURRENT_USER;
