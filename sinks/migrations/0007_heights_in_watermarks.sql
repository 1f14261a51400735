-- a table that holds less of the partition than its watermark claims was restored to an older state; beside the watermark
-- itself, so that no restore can bring back rows and claims of them without it
ALTER TABLE watermarks ADD COLUMN IF NOT EXISTS heights Map(LowCardinality(String), UInt64) COMMENT 'highest _version by table';

DROP TABLE IF EXISTS heights;
