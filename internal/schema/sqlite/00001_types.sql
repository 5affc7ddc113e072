-- +goose Up
-- SQLite takes any type name; ctext contains TEXT and so has text affinity.
SELECT 1;
