-- +goose Up
-- What generation 2 knows of vendors and bills. extras holds, as one JSON object, the members of its records that have no
-- behaviour here and differ from their default.
ALTER TABLE vendors ADD COLUMN payment_term_id ctext NOT NULL DEFAULT '';
ALTER TABLE vendors ADD COLUMN contact_first_name ctext NOT NULL DEFAULT '';
ALTER TABLE vendors ADD COLUMN contact_last_name ctext NOT NULL DEFAULT '';
ALTER TABLE vendors ADD COLUMN payment_email ctext NOT NULL DEFAULT '';
ALTER TABLE vendors ADD COLUMN payment_phone ctext NOT NULL DEFAULT '';
ALTER TABLE vendors ADD COLUMN tax_id_type BIGINT NOT NULL DEFAULT 0;        -- 1 EIN, 2 SSN
ALTER TABLE vendors ADD COLUMN send_notifications BIGINT NOT NULL DEFAULT 1;
ALTER TABLE vendors ADD COLUMN combine_payments BIGINT NOT NULL DEFAULT 1;   -- bills of one date go into one payment
ALTER TABLE vendors ADD COLUMN pay_days_before BIGINT NOT NULL DEFAULT 0;
ALTER TABLE vendors ADD COLUMN extras ctext NOT NULL DEFAULT '';

ALTER TABLE vendor_bank_accounts ADD COLUMN account_length BIGINT NOT NULL DEFAULT 0; -- of the number; 0: not known
ALTER TABLE vendor_bank_accounts ADD COLUMN extras ctext NOT NULL DEFAULT '';

ALTER TABLE bills ADD COLUMN payment_term_id ctext NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN chart_of_account_id ctext NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN department_id ctext NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN location_id ctext NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN actg_class_id ctext NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN pay_from_bank_account_id ctext NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN pay_from_chart_of_account_id ctext NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN bill_template_id ctext NOT NULL DEFAULT '';     -- the recurring bill that made it
ALTER TABLE bills ADD COLUMN extras ctext NOT NULL DEFAULT '';

ALTER TABLE bill_lines ADD COLUMN actg_class_id ctext NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN employee_id ctext NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN extras ctext NOT NULL DEFAULT '';

-- Generation 2 looks a bill up by its number, and pages through the bills of one vendor or status in the order of entry.
CREATE INDEX bills_number ON bills (org_id, lower(invoice_number));
CREATE INDEX bills_of_vendor ON bills (org_id, vendor_id, created_time, id);
CREATE INDEX bills_of_status ON bills (org_id, payment_status, created_time, id);
CREATE INDEX bills_open ON bills (org_id, vendor_id) WHERE payment_status <> 0 AND is_active = 1;
CREATE INDEX bills_template ON bills (org_id, bill_template_id) WHERE bill_template_id <> '';
