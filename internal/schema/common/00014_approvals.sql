-- +goose Up
-- amount_threshold is in minor units: the policy claims documents of that amount or more.
CREATE TABLE approval_policies (
	org_id            ctext  NOT NULL,
	id                ctext  NOT NULL,
	is_active         BIGINT NOT NULL,
	created_time      BIGINT NOT NULL,
	updated_time      BIGINT NOT NULL,
	integration_id    ctext  NOT NULL,
	external_id       ctext  NOT NULL,
	last_sync_time    BIGINT NOT NULL,
	allow_export      BIGINT NOT NULL,
	type              BIGINT NOT NULL,           -- 0 bills, 1 vendor credits
	amount_threshold  BIGINT NOT NULL,
	min_num_approvers BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX approval_policies_created ON approval_policies (org_id, created_time, id);
CREATE INDEX approval_policies_updated ON approval_policies (org_id, updated_time, id);

CREATE TABLE approval_policy_approvers (
	org_id             ctext  NOT NULL,
	id                 ctext  NOT NULL,
	is_active          BIGINT NOT NULL,
	created_time       BIGINT NOT NULL,
	updated_time       BIGINT NOT NULL,
	integration_id     ctext  NOT NULL,
	external_id        ctext  NOT NULL,
	last_sync_time     BIGINT NOT NULL,
	allow_export       BIGINT NOT NULL,
	approval_policy_id ctext  NOT NULL,
	user_id            ctext  NOT NULL,
	sort_order         BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX approval_policy_approvers_created ON approval_policy_approvers (org_id, created_time, id);
CREATE INDEX approval_policy_approvers_updated ON approval_policy_approvers (org_id, updated_time, id);
CREATE INDEX approval_policy_approvers_policy ON approval_policy_approvers (org_id, approval_policy_id, sort_order);

-- status: 0 waiting, 1 viewed, 2 rerouted, 3 denied, 4 approved, 5 upcoming, 6 stale. Active rows are asked now; an
-- inactive one that approved is remembered until the document changes.
CREATE TABLE bill_approvers (
	org_id              ctext  NOT NULL,
	id                  ctext  NOT NULL,
	is_active           BIGINT NOT NULL,
	created_time        BIGINT NOT NULL,
	updated_time        BIGINT NOT NULL,
	integration_id      ctext  NOT NULL,
	external_id         ctext  NOT NULL,
	last_sync_time      BIGINT NOT NULL,
	allow_export        BIGINT NOT NULL,
	object_id           ctext  NOT NULL,
	user_id             ctext  NOT NULL,
	status              BIGINT NOT NULL,
	sort_order          BIGINT NOT NULL,
	approval_policy_id  ctext  NOT NULL,
	last_reminder_time  BIGINT NOT NULL,
	status_changed_time BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX bill_approvers_created ON bill_approvers (org_id, created_time, id);
CREATE INDEX bill_approvers_updated ON bill_approvers (org_id, updated_time, id);
CREATE INDEX bill_approvers_object ON bill_approvers (org_id, object_id, sort_order);
CREATE INDEX bill_approvers_user ON bill_approvers (org_id, user_id, is_active, status, created_time, id);
CREATE UNIQUE INDEX bill_approvers_once ON bill_approvers (org_id, object_id, user_id) WHERE is_active = 1; -- APR-4

CREATE TABLE vendor_credit_approvers (
	org_id              ctext  NOT NULL,
	id                  ctext  NOT NULL,
	is_active           BIGINT NOT NULL,
	created_time        BIGINT NOT NULL,
	updated_time        BIGINT NOT NULL,
	integration_id      ctext  NOT NULL,
	external_id         ctext  NOT NULL,
	last_sync_time      BIGINT NOT NULL,
	allow_export        BIGINT NOT NULL,
	object_id           ctext  NOT NULL,
	user_id             ctext  NOT NULL,
	status              BIGINT NOT NULL,
	sort_order          BIGINT NOT NULL,
	approval_policy_id  ctext  NOT NULL,
	last_reminder_time  BIGINT NOT NULL,
	status_changed_time BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX vendor_credit_approvers_created ON vendor_credit_approvers (org_id, created_time, id);
CREATE INDEX vendor_credit_approvers_updated ON vendor_credit_approvers (org_id, updated_time, id);
CREATE INDEX vendor_credit_approvers_object ON vendor_credit_approvers (org_id, object_id, sort_order);
CREATE INDEX vendor_credit_approvers_user ON vendor_credit_approvers (org_id, user_id, is_active, status, created_time, id);
CREATE UNIQUE INDEX vendor_credit_approvers_once ON vendor_credit_approvers (org_id, object_id, user_id) WHERE is_active = 1; -- APR-4

-- What people said about a record; APR-8.
CREATE TABLE notes (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	object_id        ctext  NOT NULL,
	user_id          ctext  NOT NULL,
	text             ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX notes_created ON notes (org_id, created_time, id);
CREATE INDEX notes_updated ON notes (org_id, updated_time, id);
CREATE INDEX notes_object ON notes (org_id, object_id, created_time);
