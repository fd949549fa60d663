-- Notices that have ended, to be swept after a while. No letter of an edition is in it.

-- +goose Up
CREATE INDEX delivery_notice_ended ON delivery (ended) WHERE due = 0 AND notice <> '';
