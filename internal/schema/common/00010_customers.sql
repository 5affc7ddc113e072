-- +goose Up
-- balance and credit are sums kept beside the customer: what is open on its invoices, and what it has paid or been
-- credited and not yet used. vendor_id names the customer as a payee.
CREATE TABLE customers (
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
	name_folded      ctext  NOT NULL,
	short_name       ctext  NOT NULL,
	parent_id        ctext  NOT NULL,
	company_name     ctext  NOT NULL,
	contact_first_name ctext  NOT NULL,
	contact_last_name ctext  NOT NULL,
	account_number   ctext  NOT NULL,
	bill_address1    ctext  NOT NULL,
	bill_address2    ctext  NOT NULL,
	bill_address3    ctext  NOT NULL,
	bill_address4    ctext  NOT NULL,
	bill_city        ctext  NOT NULL,
	bill_region      ctext  NOT NULL,
	bill_country     ctext  NOT NULL,
	bill_zip         ctext  NOT NULL,
	ship_address1    ctext  NOT NULL,
	ship_address2    ctext  NOT NULL,
	ship_address3    ctext  NOT NULL,
	ship_address4    ctext  NOT NULL,
	ship_city        ctext  NOT NULL,
	ship_region      ctext  NOT NULL,
	ship_country     ctext  NOT NULL,
	ship_zip         ctext  NOT NULL,
	email            ctext  NOT NULL,
	phone            ctext  NOT NULL,
	alt_phone        ctext  NOT NULL,
	fax              ctext  NOT NULL,
	description      ctext  NOT NULL,
	print_as         ctext  NOT NULL,
	account_type     BIGINT NOT NULL,
	payment_term_id  ctext  NOT NULL,
	currency         ctext  NOT NULL,
	tax_id           ctext  NOT NULL,
	tax_liable       BIGINT NOT NULL,
	tax_exempt       BIGINT NOT NULL,
	authorized       BIGINT NOT NULL,
	has_bank_account BIGINT NOT NULL,
	balance          BIGINT NOT NULL,
	credit           BIGINT NOT NULL,
	vendor_id        ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX customers_created ON customers (org_id, created_time, id);
CREATE INDEX customers_updated ON customers (org_id, updated_time, id);
CREATE INDEX customers_name ON customers (org_id, name_folded, id);
CREATE INDEX customers_external ON customers (org_id, external_id);
CREATE INDEX customers_parent ON customers (org_id, parent_id) WHERE parent_id <> '';
CREATE UNIQUE INDEX customers_vendor ON customers (org_id, vendor_id) WHERE vendor_id <> '';

CREATE TABLE customer_contacts (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	customer_id      ctext  NOT NULL,
	name             ctext  NOT NULL,
	first_name       ctext  NOT NULL,
	last_name        ctext  NOT NULL,
	email            ctext  NOT NULL,
	phone            ctext  NOT NULL,
	alt_phone        ctext  NOT NULL,
	fax              ctext  NOT NULL,
	title            ctext  NOT NULL,
	description      ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX customer_contacts_created ON customer_contacts (org_id, created_time, id);
CREATE INDEX customer_contacts_updated ON customer_contacts (org_id, updated_time, id);
CREATE INDEX customer_contacts_customer ON customer_contacts (org_id, customer_id, id);

-- account is sealed by the vault.
CREATE TABLE customer_bank_accounts (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	customer_id      ctext  NOT NULL,
	name_on_account  ctext  NOT NULL,
	nickname         ctext  NOT NULL,
	routing          ctext  NOT NULL,
	account          ctext  NOT NULL,
	account_tail     ctext  NOT NULL,
	account_hash     ctext  NOT NULL,
	account_length   BIGINT NOT NULL,
	locked           BIGINT NOT NULL,
	savings          BIGINT NOT NULL,
	person           BIGINT NOT NULL,
	written_auth     BIGINT NOT NULL,
	private          BIGINT NOT NULL,
	phone            ctext  NOT NULL,
	network_user_id  ctext  NOT NULL,
	status           BIGINT NOT NULL,
	entered_by       ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX customer_bank_accounts_created ON customer_bank_accounts (org_id, created_time, id);
CREATE INDEX customer_bank_accounts_updated ON customer_bank_accounts (org_id, updated_time, id);
CREATE UNIQUE INDEX customer_bank_accounts_customer ON customer_bank_accounts (org_id, customer_id) WHERE is_active = 1;
