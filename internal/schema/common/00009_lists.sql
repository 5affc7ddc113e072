-- +goose Up
-- The rest of the lists: classes, employees, payment terms and items; jobs know their customer.
ALTER TABLE jobs ADD COLUMN short_name ctext NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN customer_id ctext NOT NULL DEFAULT '';
CREATE INDEX jobs_customer ON jobs (org_id, customer_id) WHERE customer_id <> '';
CREATE INDEX jobs_name ON jobs (org_id, name);
CREATE INDEX chart_of_accounts_name ON chart_of_accounts (org_id, name);
CREATE INDEX departments_name ON departments (org_id, name);
CREATE INDEX locations_name ON locations (org_id, name);

CREATE TABLE classes (
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
CREATE INDEX classes_created ON classes (org_id, created_time, id);
CREATE INDEX classes_updated ON classes (org_id, updated_time, id);
CREATE INDEX classes_external ON classes (org_id, external_id);
CREATE INDEX classes_name ON classes (org_id, name);

CREATE TABLE employees (
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
	first_name       ctext  NOT NULL,
	last_name        ctext  NOT NULL,
	account_number   ctext  NOT NULL,
	email            ctext  NOT NULL,
	phone            ctext  NOT NULL,
	description      ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX employees_created ON employees (org_id, created_time, id);
CREATE INDEX employees_updated ON employees (org_id, updated_time, id);
CREATE INDEX employees_external ON employees (org_id, external_id);
CREATE INDEX employees_name ON employees (org_id, name);

CREATE TABLE payment_terms (
	org_id                 ctext  NOT NULL,
	id                     ctext  NOT NULL,
	is_active              BIGINT NOT NULL,
	created_time           BIGINT NOT NULL,
	updated_time           BIGINT NOT NULL,
	integration_id         ctext  NOT NULL,
	external_id            ctext  NOT NULL,
	last_sync_time         BIGINT NOT NULL,
	allow_export           BIGINT NOT NULL,
	name                   ctext  NOT NULL,
	type                   BIGINT NOT NULL,
	due_days               BIGINT NOT NULL,    -- of a date-driven term: the day of the month
	discount_days          BIGINT NOT NULL,
	discount_percent       ctext  NOT NULL,
	allow_default_vendor   BIGINT NOT NULL,
	allow_default_customer BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX payment_terms_created ON payment_terms (org_id, created_time, id);
CREATE INDEX payment_terms_updated ON payment_terms (org_id, updated_time, id);
CREATE INDEX payment_terms_name ON payment_terms (org_id, name);

-- price, percentage and pur_cost are texts, empty for none.
CREATE TABLE items (
	org_id              ctext  NOT NULL,
	id                  ctext  NOT NULL,
	is_active           BIGINT NOT NULL,
	created_time        BIGINT NOT NULL,
	updated_time        BIGINT NOT NULL,
	integration_id      ctext  NOT NULL,
	external_id         ctext  NOT NULL,
	last_sync_time      BIGINT NOT NULL,
	allow_export        BIGINT NOT NULL,
	name                ctext  NOT NULL,
	short_name          ctext  NOT NULL,
	type                BIGINT NOT NULL,
	description         ctext  NOT NULL,
	price               ctext  NOT NULL,
	percentage          ctext  NOT NULL,
	chart_of_account_id ctext  NOT NULL,
	parent_id           ctext  NOT NULL,
	has_pur_info        BIGINT NOT NULL,
	expense_account_id  ctext  NOT NULL,
	pur_description     ctext  NOT NULL,
	pur_cost            ctext  NOT NULL,
	taxable             BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX items_created ON items (org_id, created_time, id);
CREATE INDEX items_updated ON items (org_id, updated_time, id);
CREATE INDEX items_external ON items (org_id, external_id);
CREATE INDEX items_name ON items (org_id, name);
CREATE INDEX items_type ON items (org_id, type);
