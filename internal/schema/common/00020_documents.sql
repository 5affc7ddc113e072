-- +goose Up
-- Documents as records of their own, as generation 2 lists them: whatever prefix a document's id has, there it is 00h.
CREATE INDEX documents_shown ON documents (org_id, ('00h' || substr(id, 4)));
CREATE INDEX documents_created ON documents (org_id, created, ('00h' || substr(id, 4)));
CREATE VIEW document_records AS
	SELECT d.org_id, CAST('00h' || substr(d.id, 4) AS ctext) AS id, CAST(1 AS BIGINT) AS is_active, d.created AS created_time, d.created AS updated_time,
		CAST('' AS ctext) AS integration_id, CAST('' AS ctext) AS external_id, CAST(0 AS BIGINT) AS last_sync_time, CAST(1 AS BIGINT) AS allow_export,
		d.file_name, d.media_type, d.size, d.sha256, d.description, d.source, d.uploaded_by
	FROM documents d;
