-- Published plan versions do not change; a published one may only be retired.
CREATE FUNCTION plan_versions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'DRAFT' AND (
        (OLD.status, NEW.status) NOT IN (('PUBLISHED', 'PUBLISHED'), ('PUBLISHED', 'RETIRED'))
        OR to_jsonb(OLD) - 'status' <> to_jsonb(NEW) - 'status'
    ) THEN
        RAISE EXCEPTION 'plan version % is published: draft a new version instead', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER plan_versions_immutable BEFORE UPDATE ON plan_versions
    FOR EACH ROW EXECUTE FUNCTION plan_versions_refuse_change();

CREATE FUNCTION plan_terms_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    terms jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    version_status text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'plan terms are replaced, never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_TABLE_NAME = 'plan_resources' THEN
        SELECT status INTO version_status FROM plan_versions WHERE id = (terms ->> 'plan_version_id')::uuid;
    ELSE
        SELECT v.status INTO version_status
        FROM plan_resources r JOIN plan_versions v ON v.id = r.plan_version_id
        WHERE r.id = (terms ->> 'plan_resource_id')::uuid;
    END IF;
    IF version_status <> 'DRAFT' THEN
        RAISE EXCEPTION 'the terms of a published plan version do not change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER plan_resources_immutable BEFORE INSERT OR UPDATE OR DELETE ON plan_resources
    FOR EACH ROW EXECUTE FUNCTION plan_terms_refuse_change();
CREATE TRIGGER plan_price_tiers_immutable BEFORE INSERT OR UPDATE OR DELETE ON plan_price_tiers
    FOR EACH ROW EXECUTE FUNCTION plan_terms_refuse_change();
