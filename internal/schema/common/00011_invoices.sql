-- +goose Up
CREATE TABLE invoices (
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
	invoice_number   ctext  NOT NULL,
	invoice_date     ctext  NOT NULL,
	due_date         ctext  NOT NULL,
	gl_posting_date  ctext  NOT NULL,
	description      ctext  NOT NULL,
	currency         ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	item_sales_tax_id ctext  NOT NULL,
	sales_tax_percentage ctext  NOT NULL,
	sales_tax_total  BIGINT NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	class_id         ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	pay_to_bank_account_id ctext  NOT NULL,
	pay_to_account_id ctext  NOT NULL,
	duplicate        BIGINT NOT NULL,
	channel          ctext  NOT NULL,
	created_by       ctext  NOT NULL,
	posting_version  BIGINT NOT NULL,
	extras           ctext  NOT NULL,          -- members of generation 2 without behaviour
	payment_status   BIGINT NOT NULL,
	credit_amount    BIGINT NOT NULL,
	scheduled_amount BIGINT NOT NULL,
	paid_amount      BIGINT NOT NULL,
	po_number        ctext  NOT NULL,
	to_be_printed    BIGINT NOT NULL,
	to_be_emailed    BIGINT NOT NULL,
	last_sent_time   BIGINT NOT NULL,
	terms            ctext  NOT NULL,
	sales_rep        ctext  NOT NULL,
	fob              ctext  NOT NULL,
	ship_date        ctext  NOT NULL,
	ship_method      ctext  NOT NULL,
	template_id      ctext  NOT NULL,
	recurring_id     ctext  NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX invoices_created ON invoices (org_id, created_time, id);
CREATE INDEX invoices_updated ON invoices (org_id, updated_time, id);
CREATE INDEX invoices_customer ON invoices (org_id, customer_id, id);
CREATE INDEX invoices_number ON invoices (org_id, invoice_number);
CREATE INDEX invoices_external ON invoices (org_id, external_id);
CREATE INDEX invoices_due ON invoices (org_id, due_date, id);
CREATE INDEX invoices_status ON invoices (org_id, is_active, payment_status, due_date, id); -- what is open, and since when

CREATE TABLE invoice_lines (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	invoice_id       ctext  NOT NULL,
	position         BIGINT NOT NULL,
	item_id          ctext  NOT NULL,
	quantity         ctext  NOT NULL,
	price            ctext  NOT NULL,
	rate_percent     ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	service_date     ctext  NOT NULL,
	chart_of_account_id ctext  NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	class_id         ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	description      ctext  NOT NULL,
	taxable          BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX invoice_lines_invoice ON invoice_lines (org_id, invoice_id, position);

CREATE TABLE credit_memos (
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
	ref_number       ctext  NOT NULL,
	credit_date      ctext  NOT NULL,
	gl_posting_date  ctext  NOT NULL,
	description      ctext  NOT NULL,
	currency         ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	item_sales_tax_id ctext  NOT NULL,
	sales_tax_percentage ctext  NOT NULL,
	sales_tax_total  BIGINT NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	class_id         ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	pay_to_bank_account_id ctext  NOT NULL,
	pay_to_account_id ctext  NOT NULL,
	duplicate        BIGINT NOT NULL,
	channel          ctext  NOT NULL,
	created_by       ctext  NOT NULL,
	posting_version  BIGINT NOT NULL,
	extras           ctext  NOT NULL,          -- members of generation 2 without behaviour
	credit_status    BIGINT NOT NULL,
	applied_amount   BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX credit_memos_created ON credit_memos (org_id, created_time, id);
CREATE INDEX credit_memos_updated ON credit_memos (org_id, updated_time, id);
CREATE INDEX credit_memos_customer ON credit_memos (org_id, customer_id, id);
CREATE INDEX credit_memos_number ON credit_memos (org_id, ref_number);
CREATE INDEX credit_memos_external ON credit_memos (org_id, external_id);

CREATE TABLE credit_memo_lines (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	credit_memo_id   ctext  NOT NULL,
	position         BIGINT NOT NULL,
	item_id          ctext  NOT NULL,
	quantity         ctext  NOT NULL,
	price            ctext  NOT NULL,
	rate_percent     ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	service_date     ctext  NOT NULL,
	chart_of_account_id ctext  NOT NULL,
	department_id    ctext  NOT NULL,
	location_id      ctext  NOT NULL,
	class_id         ctext  NOT NULL,
	job_id           ctext  NOT NULL,
	description      ctext  NOT NULL,
	taxable          BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX credit_memo_lines_memo ON credit_memo_lines (org_id, credit_memo_id, position);

-- What of a credit memo went to which invoice.
CREATE TABLE invoice_credits (
	org_id           ctext  NOT NULL,
	id               ctext  NOT NULL,
	is_active        BIGINT NOT NULL,
	created_time     BIGINT NOT NULL,
	updated_time     BIGINT NOT NULL,
	integration_id   ctext  NOT NULL,
	external_id      ctext  NOT NULL,
	last_sync_time   BIGINT NOT NULL,
	allow_export     BIGINT NOT NULL,
	invoice_id       ctext  NOT NULL,
	credit_memo_id   ctext  NOT NULL,
	received_pay_id  ctext  NOT NULL,
	amount           BIGINT NOT NULL,
	PRIMARY KEY (org_id, id)
);
CREATE INDEX invoice_credits_created ON invoice_credits (org_id, created_time, id);
CREATE INDEX invoice_credits_updated ON invoice_credits (org_id, updated_time, id);
CREATE INDEX invoice_credits_invoice ON invoice_credits (org_id, invoice_id, id);
CREATE INDEX invoice_credits_memo ON invoice_credits (org_id, credit_memo_id, id);
CREATE INDEX invoice_credits_receipt ON invoice_credits (org_id, received_pay_id) WHERE received_pay_id <> '';
