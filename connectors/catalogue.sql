-- Reads of PostgreSQL's catalogue, each below its name; parameters are names only.

-- name: rights
select rolname as "user",
       rolsuper as superuser,
       rolsuper or (rolcreaterole and rolreplication) as create_role,
       has_database_privilege(current_database(), 'CREATE') as create_on_database
from pg_roles
where rolname = current_user

-- name: role
select r.rolreplication as replication,
       r.rolsuper as superuser,
       r.rolconnlimit as connection_limit,
       coalesce((select array_agg(s order by s) from pg_db_role_setting d, unnest(d.setconfig) s where d.setrole = r.oid), '{}') as config,
       me.rolsuper or exists (select from pg_auth_members m where m.roleid = r.oid and m.member = me.oid and m.admin_option) as administered
from pg_roles r, pg_roles me
where r.rolname = %(role)s and me.rolname = current_user

-- name: schema
select pg_has_role(n.nspowner, 'USAGE'),
       exists (select from aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee
               where r.rolname = %(role)s and a.privilege_type = 'USAGE')
from pg_namespace n
where n.nspname = %(cdc)s

-- name: tables
select c.oid, n.nspname, c.relname, c.relkind::text, c.relreplident::text,
       coalesce((select array_agg(a.attname::text order by k.position)
                 from pg_index i, unnest(i.indkey::int2[]) with ordinality k(attnum, position)
                 join pg_attribute a on a.attnum = k.attnum
                 -- a deferrable primary key is no replica identity
                 where i.indrelid = c.oid and i.indisprimary and i.indimmediate and a.attrelid = c.oid), '{}'),
       pg_has_role(c.relowner, 'USAGE'),
       exists (select from aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
               where r.rolname = %(role)s and a.privilege_type = 'SELECT')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in (%(schema)s, %(cdc)s) and c.relkind in ('r', 'p') and not c.relispartition

-- name: columns
select c.oid, a.attname,
       case t.typtype when 'e' then 'text'
                      when 'd' then format_type(t.typbasetype, null)
                      else format_type(a.atttypid, null) end,
       a.attnum, not a.attnotnull,
       exists (select from aclexplode(a.attacl) p join pg_roles r on r.oid = p.grantee
               where r.rolname = %(role)s and p.privilege_type = 'SELECT')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid
join pg_type t on t.oid = a.atttypid
where n.nspname in (%(schema)s, %(cdc)s) and c.relkind in ('r', 'p') and not c.relispartition
  and a.attnum > 0 and not a.attisdropped
order by c.oid, a.attnum

-- name: privileges
select c.relname::text || coalesce('.' || a.attname, ''), array_agg(p.privilege_type)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
    select null::text as attname, c.relacl as acl
    union all
    select attname, attacl from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
) a
cross join lateral aclexplode(a.acl) p
join pg_roles r on r.oid = p.grantee
where n.nspname = %(cdc)s and r.rolname = %(role)s
group by 1

-- name: publication
select puballtables, pubinsert and pubupdate and pubdelete and pubtruncate, pg_has_role(pubowner, 'USAGE')
from pg_publication
where pubname = %(publication)s

-- name: publication_tables
select n.nspname || '.' || c.relname, r.prqual is not null
from pg_publication p
join pg_publication_rel r on r.prpubid = p.oid
join pg_class c on c.oid = r.prrelid
join pg_namespace n on n.oid = c.relnamespace
where p.pubname = %(publication)s
union all
select t.schemaname || '.' || t.tablename, false
from pg_publication p
join pg_publication_namespace pn on pn.pnpubid = p.oid
join pg_namespace n on n.oid = pn.pnnspid
join pg_publication_tables t on t.pubname = p.pubname and t.schemaname = n.nspname
where p.pubname = %(publication)s

-- name: slot
select slot_name::text as name,
       plugin::text as plugin,
       active_pid,
       wal_status,
       to_jsonb(s) ->> 'invalidation_reason' as invalidation_reason,
       (confirmed_flush_lsn - '0/0'::pg_lsn)::bigint as confirmed_flush_lsn,
       (pg_current_wal_lsn() - restart_lsn)::bigint as retained,
       (pg_current_wal_lsn() - confirmed_flush_lsn)::bigint as unconfirmed,
       safe_wal_size as safe
from pg_replication_slots s
where slot_name = %(slot)s
