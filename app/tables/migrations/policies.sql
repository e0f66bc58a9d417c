-- The policies of walls.sql and of what came after it, for a fraction of the work: whether the platform asks is decided once a statement
-- and comes first, so that for the platform a row costs a look at a boolean, where it cost two comparisons. They let through what they did.
-- Gives the statements: each is a transaction of its own, for one that held several tables would deadlock with those who use them.
SELECT format(
    'ALTER POLICY tenant ON %s USING (
        (SELECT current_setting(''app.tenant_id'', true) = ''*'')
        OR %I = (SELECT nullif(nullif(current_setting(''app.tenant_id'', true), ''''), ''*'')::uuid))',
    p.polrelid::regclass, CASE p.polrelid WHEN 'tenants'::regclass THEN 'id' ELSE 'tenant_id' END
)
FROM pg_policy p WHERE p.polname = 'tenant' ORDER BY p.polrelid
