-- +goose Up
-- The chain of the audit trail: one row for every event that has its place in its organisation's order.
CREATE TABLE audit_links (
	org_id   ctext  NOT NULL,
	place    BIGINT NOT NULL,   -- 1, 2, 3 ... without a gap
	event_id ctext  NOT NULL,
	stamp    BIGINT NOT NULL,   -- of the event
	hash     ctext  NOT NULL,   -- of the hash before and the event, SHA-256 in hexadecimal digits
	PRIMARY KEY (org_id, place)
) WITHOUT ROWID;

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
-- +goose StatementBegin
CREATE TRIGGER audit_links_update BEFORE UPDATE ON audit_links BEGIN SELECT RAISE(ABORT, 'the chain never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_links_delete BEFORE DELETE ON audit_links BEGIN SELECT RAISE(ABORT, 'the chain is never cut'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_anchors_update BEFORE UPDATE ON audit_anchors BEGIN SELECT RAISE(ABORT, 'anchors never change'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_anchors_delete BEFORE DELETE ON audit_anchors BEGIN SELECT RAISE(ABORT, 'anchors are never deleted'); END;
-- +goose StatementEnd
