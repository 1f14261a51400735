-- Sessions, caches and tokens: written all the time, never captured.

CREATE TABLE user_sessions_session (
    session_key varchar(40) PRIMARY KEY,
    session_data text NOT NULL,
    expire_date timestamptz NOT NULL,
    user_id bigint NULL,
    user_agent varchar(200) NOT NULL,
    ip inet NULL,
    created_at timestamptz NOT NULL,
    last_activity timestamptz NOT NULL
);

CREATE TABLE django_session (
    session_key varchar(40) PRIMARY KEY,
    session_data text NOT NULL,
    expire_date timestamptz NOT NULL
);

CREATE TABLE hub_cache_table (
    cache_key varchar(255) PRIMARY KEY,
    "value" text NOT NULL,
    expires timestamptz NOT NULL
);

CREATE TABLE authtoken_token (
    "key" varchar(40) PRIMARY KEY,
    created timestamptz NOT NULL,
    user_id bigint NOT NULL UNIQUE
);

-- after loading: indexes and foreign keys

CREATE INDEX user_sessions_session_session_key_d9ce4cca_like ON user_sessions_session (session_key varchar_pattern_ops);
CREATE INDEX user_sessions_session_user_id_c6dc9ffa ON user_sessions_session (user_id);
ALTER TABLE user_sessions_session ADD CONSTRAINT user_sessions_session_user_id_c6dc9ffa_fk_account_user_id
    FOREIGN KEY (user_id) REFERENCES account_user (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX user_sessions_session_expire_date_48810852 ON user_sessions_session (expire_date);
CREATE INDEX django_session_session_key_c0390e0f_like ON django_session (session_key varchar_pattern_ops);
CREATE INDEX django_session_expire_date_a5c62663 ON django_session (expire_date);
CREATE INDEX hub_cache_table_cache_key_4678f88b_like ON hub_cache_table (cache_key varchar_pattern_ops);
CREATE INDEX hub_cache_table_expires_5ca49090 ON hub_cache_table (expires);
CREATE INDEX authtoken_token_key_10f0b77e_like ON authtoken_token ("key" varchar_pattern_ops);
ALTER TABLE authtoken_token ADD CONSTRAINT authtoken_token_user_id_35299eff_fk_account_user_id
    FOREIGN KEY (user_id) REFERENCES account_user (id) DEFERRABLE INITIALLY DEFERRED;
