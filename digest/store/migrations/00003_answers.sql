-- What language models answered, by a hash of what they were asked.

-- +goose Up

CREATE TABLE answer (
    key  TEXT PRIMARY KEY,
    doc  TEXT NOT NULL,
    kept BIGINT NOT NULL -- when
);
CREATE INDEX answer_kept ON answer (kept);
