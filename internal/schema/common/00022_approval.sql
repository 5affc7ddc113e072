-- +goose Up
-- conditions and steps are JSON, read whole with the policy; empty for policies that generation 2 makes (ADR 15).
ALTER TABLE approval_policies ADD COLUMN name ctext NOT NULL DEFAULT '';
ALTER TABLE approval_policies ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE approval_policies ADD COLUMN conditions ctext NOT NULL DEFAULT '';
ALTER TABLE approval_policies ADD COLUMN steps ctext NOT NULL DEFAULT '';

-- alone: 1 for who must approve in any case, 0 for who is only a member of steps. acted_by: the delegate who decided.
ALTER TABLE bill_approvers ADD COLUMN alone BIGINT NOT NULL DEFAULT 1;
ALTER TABLE bill_approvers ADD COLUMN acted_by ctext NOT NULL DEFAULT '';
ALTER TABLE vendor_credit_approvers ADD COLUMN alone BIGINT NOT NULL DEFAULT 1;
ALTER TABLE vendor_credit_approvers ADD COLUMN acted_by ctext NOT NULL DEFAULT '';
CREATE INDEX bill_approvers_asked ON bill_approvers (org_id, is_active, status, status_changed_time);
CREATE INDEX vendor_credit_approvers_asked ON vendor_credit_approvers (org_id, is_active, status, status_changed_time);

-- The steps of one document that several people are members of; who is in none is a step of its own.
CREATE TABLE approval_steps (
	org_id    ctext  NOT NULL,
	object_id ctext  NOT NULL,
	policy_id ctext  NOT NULL,
	position  BIGINT NOT NULL, -- in the policy, from 1
	need      BIGINT NOT NULL, -- how many of the members have to approve
	members   ctext  NOT NULL, -- ids of users, separated by spaces
	PRIMARY KEY (org_id, object_id, policy_id, position)
);

-- Who last changed the amount or the vendor of a document, where that is not who entered it (APR-10).
CREATE TABLE approval_editors (
	org_id    ctext  NOT NULL,
	object_id ctext  NOT NULL,
	user_id   ctext  NOT NULL,
	time      BIGINT NOT NULL,
	PRIMARY KEY (org_id, object_id)
);

CREATE TABLE approval_groups (
	org_id         ctext  NOT NULL,
	id             ctext  NOT NULL,
	is_active      BIGINT NOT NULL,
	created_time   BIGINT NOT NULL,
	updated_time   BIGINT NOT NULL,
	integration_id ctext  NOT NULL,
	external_id    ctext  NOT NULL,
	last_sync_time BIGINT NOT NULL,
	allow_export   BIGINT NOT NULL,
	name           ctext  NOT NULL,
	members        ctext  NOT NULL, -- ids of users, separated by spaces
	PRIMARY KEY (org_id, id)
);
CREATE INDEX approval_groups_created ON approval_groups (org_id, created_time, id);
CREATE INDEX approval_groups_updated ON approval_groups (org_id, updated_time, id);

-- Who decides for whom, from one day to another, both included, up to an amount in minor units (0: any); APR-11.
CREATE TABLE approval_delegations (
	org_id      ctext  NOT NULL,
	id          ctext  NOT NULL,
	user_id     ctext  NOT NULL,
	delegate_id ctext  NOT NULL,
	from_day    ctext  NOT NULL,
	to_day      ctext  NOT NULL,
	cap         BIGINT NOT NULL,
	created     BIGINT NOT NULL,
	ended       BIGINT NOT NULL, -- 0 while it stands
	PRIMARY KEY (org_id, id)
);
CREATE INDEX approval_delegations_user ON approval_delegations (org_id, user_id, ended, to_day);
CREATE INDEX approval_delegations_delegate ON approval_delegations (org_id, delegate_id, ended, to_day);

-- Links in mails by which one user decides about one document as it was when the mail left; APR-17.
CREATE TABLE approval_links (
	hash      ctext  NOT NULL PRIMARY KEY,
	org_id    ctext  NOT NULL,
	object_id ctext  NOT NULL,
	user_id   ctext  NOT NULL,
	print     ctext  NOT NULL, -- fingerprint of what is approved
	created   BIGINT NOT NULL,
	expires   BIGINT NOT NULL,
	used      BIGINT NOT NULL
);
CREATE INDEX approval_links_object ON approval_links (org_id, object_id, user_id);

-- A change of sodMode that waits for a second person or its day; SEC-5.
CREATE TABLE approval_mode_changes (
	org_id   ctext  NOT NULL PRIMARY KEY,
	mode     ctext  NOT NULL,
	asked_by ctext  NOT NULL,
	asked    BIGINT NOT NULL,
	due      BIGINT NOT NULL
);
