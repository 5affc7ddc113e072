-- +goose Up
-- What clients list records by. An enumeration's index goes on in the order of lists, so that a page is read off it however
-- many records match. What most records leave empty is indexed only where it is set.

-- Bills pay for two more indexes by one that held the empty text of nearly all.
DROP INDEX bills_external;
CREATE INDEX bills_external ON bills (org_id, external_id) WHERE external_id <> '';
CREATE INDEX bills_active ON bills (org_id, is_active, created_time, id);
CREATE INDEX bills_invoice_date ON bills (org_id, invoice_date, id);
DROP INDEX bills_number;
CREATE INDEX bills_number ON bills (org_id, lower(invoice_number), created_time, id);
CREATE INDEX bills_account ON bills (org_id, chart_of_account_id) WHERE chart_of_account_id <> '';
CREATE INDEX bills_department ON bills (org_id, department_id) WHERE department_id <> '';
CREATE INDEX bills_location ON bills (org_id, location_id) WHERE location_id <> '';
CREATE INDEX bills_class ON bills (org_id, actg_class_id) WHERE actg_class_id <> '';

CREATE INDEX vendors_active ON vendors (org_id, is_active, created_time, id);
CREATE INDEX vendors_short ON vendors (org_id, lower(short_name), id) WHERE lower(short_name) <> '';
CREATE INDEX vendors_company ON vendors (org_id, lower(company_name), id) WHERE lower(company_name) <> '';
CREATE INDEX vendors_term ON vendors (org_id, payment_term_id) WHERE payment_term_id <> '';

CREATE INDEX customers_active ON customers (org_id, is_active, created_time, id);
CREATE INDEX customers_short ON customers (org_id, lower(short_name), id) WHERE lower(short_name) <> '';
CREATE INDEX customers_company ON customers (org_id, lower(company_name), id) WHERE lower(company_name) <> '';
CREATE INDEX customers_term ON customers (org_id, payment_term_id) WHERE payment_term_id <> '';
CREATE INDEX customer_contacts_name ON customer_contacts (org_id, lower(name), id);
CREATE INDEX customer_bank_accounts_owner ON customer_bank_accounts (org_id, customer_id);

DROP INDEX invoices_external;
CREATE INDEX invoices_external ON invoices (org_id, external_id) WHERE external_id <> '';
CREATE INDEX invoices_active ON invoices (org_id, is_active, created_time, id);
CREATE INDEX invoices_of_status ON invoices (org_id, payment_status, created_time, id);
DROP INDEX invoices_customer;
CREATE INDEX invoices_customer ON invoices (org_id, customer_id, created_time, id);
CREATE INDEX invoices_invoice_date ON invoices (org_id, invoice_date, id);
CREATE INDEX invoices_shown ON invoices (org_id, lower(invoice_number), created_time, id);
CREATE INDEX invoices_department ON invoices (org_id, department_id) WHERE department_id <> '';
CREATE INDEX invoices_location ON invoices (org_id, location_id) WHERE location_id <> '';
CREATE INDEX invoices_class ON invoices (org_id, class_id) WHERE class_id <> '';
CREATE INDEX invoices_job ON invoices (org_id, job_id) WHERE job_id <> '';

CREATE INDEX payments_of_status ON payments (org_id, status, created_time, id);
CREATE INDEX payments_confirmation ON payments (org_id, lower(confirmation), id) WHERE lower(confirmation) <> '';
CREATE INDEX payments_transaction ON payments (org_id, lower(txn_number), id) WHERE lower(txn_number) <> '';
CREATE INDEX bill_pays_process ON bill_pays (org_id, process_date, id);

CREATE INDEX vendor_credits_date ON vendor_credits (org_id, credit_date, id);
CREATE INDEX vendor_credits_shown ON vendor_credits (org_id, lower(ref_number), id);
CREATE INDEX credit_memos_date ON credit_memos (org_id, credit_date, id);
CREATE INDEX credit_memos_shown ON credit_memos (org_id, lower(ref_number), id);
CREATE INDEX received_pays_number ON received_pays (org_id, lower(ref_number), id);

CREATE INDEX chart_of_accounts_shown ON chart_of_accounts (org_id, lower(name), id);
CREATE INDEX chart_of_accounts_number ON chart_of_accounts (org_id, lower(account_number), id);
CREATE INDEX chart_of_accounts_parent ON chart_of_accounts (org_id, parent_id) WHERE parent_id <> '';
CREATE INDEX departments_shown ON departments (org_id, lower(name), id);
CREATE INDEX departments_short ON departments (org_id, lower(short_name), id) WHERE lower(short_name) <> '';
CREATE INDEX departments_parent ON departments (org_id, parent_id) WHERE parent_id <> '';
CREATE INDEX locations_shown ON locations (org_id, lower(name), id);
CREATE INDEX locations_short ON locations (org_id, lower(short_name), id) WHERE lower(short_name) <> '';
CREATE INDEX locations_parent ON locations (org_id, parent_id) WHERE parent_id <> '';
CREATE INDEX jobs_shown ON jobs (org_id, lower(name), id);
CREATE INDEX jobs_parent ON jobs (org_id, parent_id) WHERE parent_id <> '';
CREATE INDEX classes_shown ON classes (org_id, lower(name), id);
CREATE INDEX classes_parent ON classes (org_id, parent_id) WHERE parent_id <> '';
CREATE INDEX employees_shown ON employees (org_id, lower(name), id);
CREATE INDEX items_shown ON items (org_id, lower(name), id);
CREATE INDEX items_parent ON items (org_id, parent_id) WHERE parent_id <> '';

DROP INDEX documents_shown;
CREATE INDEX documents_shown ON documents (org_id, (CAST('00h' || substr(id, 4) AS ctext)));
