-- +goose Up
-- Changes of bank data, payee name or address of vendors that are being paid: a second person decides (VEN-6, SEC-5).
CREATE TABLE vendor_changes (
	org_id     ctext  NOT NULL,
	id         ctext  NOT NULL,
	vendor_id  ctext  NOT NULL,
	kind       ctext  NOT NULL,                 -- bank, payee
	fields     ctext  NOT NULL,                 -- names, one a line
	state      ctext  NOT NULL,                 -- waiting, approved, refused
	changed    BIGINT NOT NULL,
	changed_by ctext  NOT NULL,
	decided    BIGINT NOT NULL,
	decided_by ctext  NOT NULL,                 -- empty for an approved one: nobody else could decide
	live_from  ctext  NOT NULL,                 -- approved: the first process date it is paid with
	PRIMARY KEY (org_id, id)
);
CREATE INDEX vendor_changes_vendor ON vendor_changes (org_id, vendor_id, state, id);
CREATE INDEX vendor_changes_state ON vendor_changes (org_id, state, id);
