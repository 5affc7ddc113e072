-- +goose Up
-- linked_to names the listed vendor or organisation that maintains the payee data (VEN-9).
CREATE TABLE vendors (
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
	name_on_check    ctext  NOT NULL,
	company_name     ctext  NOT NULL,
	tax_id           ctext  NOT NULL,
	track1099        BIGINT NOT NULL,
	email            ctext  NOT NULL,
	phone            ctext  NOT NULL,
	fax              ctext  NOT NULL,
	address1         ctext  NOT NULL,
	address2         ctext  NOT NULL,
	address3         ctext  NOT NULL,
	address4         ctext  NOT NULL,
	city             ctext  NOT NULL,
	region           ctext  NOT NULL,
	zip              ctext  NOT NULL,
	country          ctext  NOT NULL,
	account_number   ctext  NOT NULL,
	description      ctext  NOT NULL,
	pay_by           BIGINT NOT NULL,
	account_type     BIGINT NOT NULL,
	network_status   BIGINT NOT NULL,
	linked_to        ctext  NOT NULL,
	duplicate        BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX vendors_created ON vendors (org_id, created_time, id);
CREATE INDEX vendors_updated ON vendors (org_id, updated_time, id);
CREATE INDEX vendors_name ON vendors (org_id, name_folded, id);

CREATE UNIQUE INDEX vendors_external_unique ON vendors (org_id, external_id) WHERE external_id <> '';

-- account is sealed by the vault; account_hash finds equal ones.
CREATE TABLE vendor_bank_accounts (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	vendor_id        ctext  NOT NULL,
	routing          ctext  NOT NULL,
	account          ctext  NOT NULL,
	account_tail     ctext  NOT NULL,
	account_hash     ctext  NOT NULL,
	account_type     BIGINT NOT NULL,
	holder_type      BIGINT NOT NULL,
	holder_name      ctext  NOT NULL,
	status           BIGINT NOT NULL,
	usable_from      ctext  NOT NULL,
	prenote_state    ctext  NOT NULL,           -- due, sent, returned
	prenote_trace    ctext  NOT NULL,           -- ACH: 15 digits, once it is sent
	prenote_due      BIGINT NOT NULL,           -- instant from which it may be sent
	entered_by       ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX vendor_bank_accounts_created ON vendor_bank_accounts (org_id, created_time, id);
CREATE INDEX vendor_bank_accounts_updated ON vendor_bank_accounts (org_id, updated_time, id);
CREATE INDEX vendor_bank_accounts_vendor ON vendor_bank_accounts (org_id, vendor_id);
CREATE INDEX vendor_bank_accounts_hash ON vendor_bank_accounts (org_id, account_hash);
CREATE INDEX vendor_bank_accounts_prenote ON vendor_bank_accounts (org_id, prenote_state) WHERE prenote_state = 'due';
CREATE INDEX vendor_bank_accounts_trace ON vendor_bank_accounts (org_id, prenote_trace) WHERE prenote_trace <> '';
CREATE UNIQUE INDEX vendor_bank_accounts_one ON vendor_bank_accounts (org_id, vendor_id) WHERE is_active = 1; -- VEN-3

-- number_key is the invoice number as duplicates are found by it (BIL-6).
CREATE TABLE bills (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	vendor_id        ctext  NOT NULL,
	invoice_number   ctext  NOT NULL,
	number_key       ctext  NOT NULL,
	approval_status  BIGINT NOT NULL,
	payment_status   BIGINT NOT NULL,
	amount           BIGINT NOT NULL,
	credit_amount    BIGINT NOT NULL,
	scheduled_amount BIGINT NOT NULL,
	paid_amount      BIGINT NOT NULL,
	currency         ctext  NOT NULL,
	invoice_date     ctext  NOT NULL,
	due_date         ctext  NOT NULL,
	gl_posting_date  ctext  NOT NULL,
	description      ctext  NOT NULL,
	po_number        ctext  NOT NULL,
	duplicate        BIGINT NOT NULL,
	channel          ctext  NOT NULL,
	created_by       ctext  NOT NULL,
	posting_version  BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX bills_created ON bills (org_id, created_time, id);
CREATE INDEX bills_updated ON bills (org_id, updated_time, id);
CREATE INDEX bills_vendor ON bills (org_id, vendor_id, number_key);
CREATE INDEX bills_external ON bills (org_id, external_id);
CREATE INDEX bills_due ON bills (org_id, due_date, id);
CREATE INDEX bills_status ON bills (org_id, is_active, payment_status, due_date, id); -- what is open, and since when

CREATE TABLE bill_lines (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	bill_id          ctext  NOT NULL,
	position         BIGINT NOT NULL,
	amount           BIGINT NOT NULL,
	chart_of_account_id ctext  NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	customer_id      ctext  NOT NULL,
	item_id          ctext  NOT NULL,
	job_billable     BIGINT NOT NULL,
	description      ctext  NOT NULL,
	line_type        BIGINT NOT NULL,
	quantity         ctext  NOT NULL,
	unit_price       ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX bill_lines_bill ON bill_lines (org_id, bill_id, position);
CREATE INDEX bill_lines_department ON bill_lines (org_id, department_id, bill_id) WHERE department_id <> '';
CREATE INDEX bill_lines_job ON bill_lines (org_id, job_id, bill_id) WHERE job_id <> '';
CREATE INDEX bill_lines_location ON bill_lines (org_id, location_id, bill_id) WHERE location_id <> '';
CREATE INDEX bill_lines_customer ON bill_lines (org_id, customer_id, bill_id) WHERE customer_id <> '';

-- A document is a name for content, which is stored once by its hash; links tie it to any number of records (DOC-7).
CREATE TABLE documents (
	org_id      ctext  NOT NULL,
	id          ctext  NOT NULL,
	file_name   ctext  NOT NULL,
	media_type  ctext  NOT NULL,
	size        BIGINT NOT NULL,
	sha256      ctext  NOT NULL,
	description ctext  NOT NULL,
	source      ctext  NOT NULL,              -- the channel it came by
	uploaded_by ctext  NOT NULL,
	created     BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX documents_sha256 ON documents (sha256);
CREATE TABLE document_links (
	org_id      ctext  NOT NULL,
	record_id   ctext  NOT NULL,
	document_id ctext  NOT NULL,
	kind        ctext  NOT NULL,              -- image, receipt, contract, sow, w9, insurance, letter, other
	created     BIGINT NOT NULL,
	PRIMARY KEY (org_id, record_id, document_id)
);
CREATE INDEX document_links_document ON document_links (org_id, document_id);
