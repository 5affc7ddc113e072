-- +goose Up
CREATE TABLE recurring_bills (
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
	time_period      BIGINT NOT NULL,           -- 0 days, 1 weeks, 2 months, 3 years
	frequency_per_time_period BIGINT NOT NULL,
	next_due_date    ctext  NOT NULL,
	end_date         ctext  NOT NULL,
	days_in_advance  BIGINT NOT NULL,
	anchor_day       BIGINT NOT NULL,           -- day of the month that dates stick to
	create_on        ctext  NOT NULL,           -- when the next one is made; empty: never
	failure          ctext  NOT NULL,           -- code of the refusal that stopped it
	created_by       ctext  NOT NULL,
	description      ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX recurring_bills_created ON recurring_bills (org_id, created_time, id);
CREATE INDEX recurring_bills_updated ON recurring_bills (org_id, updated_time, id);
CREATE INDEX recurring_bills_vendor ON recurring_bills (org_id, vendor_id);
CREATE INDEX recurring_bills_due ON recurring_bills (org_id, create_on) WHERE create_on <> '';

CREATE TABLE recurring_bill_lines (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	recurring_bill_id ctext NOT NULL,
	position         BIGINT NOT NULL,
	amount           BIGINT NOT NULL,
	chart_of_account_id ctext NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	customer_id      ctext  NOT NULL,
	item_id          ctext  NOT NULL,
	employee_id      ctext  NOT NULL,
	actg_class_id    ctext  NOT NULL,
	job_billable     BIGINT NOT NULL,
	description      ctext  NOT NULL,
	line_type        BIGINT NOT NULL,
	quantity         ctext  NOT NULL,
	unit_price       ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX recurring_bill_lines_bill ON recurring_bill_lines (org_id, recurring_bill_id, position);

CREATE TABLE recurring_invoices (
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
	time_period      BIGINT NOT NULL,           -- 0 days, 1 weeks, 2 months, 3 years
	frequency_per_time_period BIGINT NOT NULL,
	next_due_date    ctext  NOT NULL,
	end_date         ctext  NOT NULL,
	days_in_advance  BIGINT NOT NULL,
	anchor_day       BIGINT NOT NULL,           -- day of the month that dates stick to
	create_on        ctext  NOT NULL,           -- when the next one is made; empty: never
	failure          ctext  NOT NULL,           -- code of the refusal that stopped it
	created_by       ctext  NOT NULL,
	description      ctext  NOT NULL,
	po_number        ctext  NOT NULL,
	sales_rep        ctext  NOT NULL,
	terms            ctext  NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	class_id         ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	item_sales_tax_id ctext  NOT NULL,
	to_be_printed    BIGINT NOT NULL,
	to_be_emailed    BIGINT NOT NULL,
	to_be_auto_emailed BIGINT NOT NULL,
	to_be_auto_mailed BIGINT NOT NULL,
	from_user_id     ctext  NOT NULL,
	taxable_amount   BIGINT NOT NULL,
	subtotal         BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX recurring_invoices_created ON recurring_invoices (org_id, created_time, id);
CREATE INDEX recurring_invoices_updated ON recurring_invoices (org_id, updated_time, id);
CREATE INDEX recurring_invoices_customer ON recurring_invoices (org_id, customer_id);
CREATE INDEX recurring_invoices_due ON recurring_invoices (org_id, create_on) WHERE create_on <> '';

CREATE TABLE recurring_invoice_lines (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	recurring_invoice_id ctext NOT NULL,
	position         BIGINT NOT NULL,
	item_id          ctext  NOT NULL,
	quantity         ctext  NOT NULL,
	price            ctext  NOT NULL,
	rate_percent     ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	description      ctext  NOT NULL,
	taxable          BIGINT NOT NULL,
	chart_of_account_id ctext NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	class_id         ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX recurring_invoice_lines_invoice ON recurring_invoice_lines (org_id, recurring_invoice_id, position);

-- One document for each template and due date (BIL-10).
CREATE TABLE recurring_documents (
	org_id           ctext  NOT NULL,
	template_id      ctext  NOT NULL,
	due_date         ctext  NOT NULL,
	document_id      ctext  NOT NULL,
	created          BIGINT NOT NULL,
	PRIMARY KEY (org_id, template_id, due_date)
);
