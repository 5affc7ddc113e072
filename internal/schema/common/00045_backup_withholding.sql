-- +goose Up
-- Backup withholding (posting 10): of what is paid to such a vendor a share is kept back for the tax office.
ALTER TABLE vendors ADD COLUMN backup_withholding BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bill_credits ADD COLUMN withheld BIGINT NOT NULL DEFAULT 0; -- a share kept back, no discount
