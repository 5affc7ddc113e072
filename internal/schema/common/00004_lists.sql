-- +goose Up
-- Ledger accounts. role is empty, or names the posting role of a system account (domain 9.1).
CREATE TABLE chart_of_accounts (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	name             ctext  NOT NULL,
	account_number   ctext  NOT NULL,
	account_type     BIGINT NOT NULL,
	description      ctext  NOT NULL,
	parent_id        ctext  NOT NULL,
	role             ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX chart_of_accounts_created ON chart_of_accounts (org_id, created_time, id);
CREATE INDEX chart_of_accounts_updated ON chart_of_accounts (org_id, updated_time, id);
CREATE INDEX chart_of_accounts_external ON chart_of_accounts (org_id, external_id);
CREATE INDEX chart_of_accounts_role ON chart_of_accounts (org_id, role);

CREATE TABLE departments (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	name             ctext  NOT NULL,
	short_name       ctext  NOT NULL,
	description      ctext  NOT NULL,
	parent_id        ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX departments_created ON departments (org_id, created_time, id);
CREATE INDEX departments_updated ON departments (org_id, updated_time, id);
CREATE INDEX departments_external ON departments (org_id, external_id);

CREATE TABLE jobs (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	name             ctext  NOT NULL,
	description      ctext  NOT NULL,
	parent_id        ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX jobs_created ON jobs (org_id, created_time, id);
CREATE INDEX jobs_updated ON jobs (org_id, updated_time, id);
CREATE INDEX jobs_external ON jobs (org_id, external_id);

CREATE TABLE locations (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	name             ctext  NOT NULL,
	short_name       ctext  NOT NULL,
	description      ctext  NOT NULL,
	parent_id        ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX locations_created ON locations (org_id, created_time, id);
CREATE INDEX locations_updated ON locations (org_id, updated_time, id);
CREATE INDEX locations_external ON locations (org_id, external_id);
